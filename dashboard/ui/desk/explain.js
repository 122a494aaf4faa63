// One section in full: beside the list, or docked below it where there is room.

const wide = window.matchMedia("(min-width: 1280px)")

function makeExplain(desk) {
  const part = {
    glyph: el("span.gl"), title: el("h2"), word: el("span.w"), strength: el("b"), mark: el("span"), age: el("span"),
    reason: el("div.ex-r"), body: el("div.ex-b"),
  }
  const root = el("aside.explain", { role: "dialog", "aria-label": "Reading", tabindex: "-1" },
    el("div.ex-h", {}, part.glyph, part.title, part.word, part.strength, el("span.ag", {}, part.mark, part.age),
      el("button.ib.x", { "aria-label": "Close", onclick: () => desk.explain.close(), html: icon("cross") })),
    part.reason, part.body,
    el("div.ex-f", { html: '<span><span class="kbd">←</span><span class="kbd">→</span> section</span><span><span class="kbd">Esc</span> close</span>' }))
  return new Explain(desk, root, part)
}

class Explain {
  constructor(desk, root, part) {
    Object.assign(this, { desk, root, part, id: null, shown: false, data: null })
    wide.addEventListener("change", () => this.refresh())
  }

  get docked() {
    return wide.matches && this.desk.app.classList.contains("roomy")
  }

  get floating() {
    return this.shown && !this.docked
  }

  open(id) {
    this.shown = true
    this.choose(id)
    if (this.floating) this.root.focus({ preventScroll: true })
  }

  choose(id) {
    this.id = id
    this.desk.send("explain", { id })
    this.refresh()
  }

  close() {
    if (!this.floating) return
    this.shown = false
    this.refresh()
    this.desk.send("explain", { id: null })
    this.desk.app.querySelector(`#card-${this.id}`)?.focus()
  }

  walk(step) {
    const ids = this.desk.cards.map((card) => card.id)
    const at = ids.indexOf(this.id)
    this.choose(ids[(at + step + ids.length) % ids.length])
  }

  // Details come from the server; what the card knows is shown at once.
  details(data) {
    this.data = data
    this.refresh()
  }

  refresh() {
    const { desk, root } = this
    if (this.docked && !this.id && desk.cards.length && desk.cards[0].state !== "loading") return this.choose(desk.cards[0].id)
    const card = desk.cards.find((one) => one.id === this.id)
    const open = Boolean(card) && (this.docked || this.shown)
    const home = this.docked ? desk.dock : desk.app
    if (open && root.parentNode !== home) home.append(root)
    if (!open) root.remove()
    for (const one of desk.cards) setAttr(desk.app.querySelector(`#card-${one.id}`), "aria-expanded", open && one.id === this.id ? "true" : null)
    if (open) this.draw(card)
  }

  draw(card) {
    const { part, root, desk } = this
    root.className = ["explain", card.state, this.docked ? "" : "float"].join(" ")
    setHtml(part.glyph, shape(card.state, 16))
    setText(part.title, card.title)
    setText(part.word, card.word)
    setText(part.strength, card.blocks == null ? "" : card.strength)
    const when = this.data?.id === this.id ? this.data.when : ""
    setHtml(part.mark, when ? MARKS.final : (MARKS[card.certainty] ?? ""))
    setText(part.age, when || card.age)
    setText(part.reason, card.full)
    const groups = this.data?.id === this.id ? this.data.groups : []
    keyed(part.body, groups, (group) => group.title, () => el("div", {}, el("h3"), el("div.pairs")), (node, group) => {
      setText(node.children[0], group.title)
      keyed(node.children[1], group.pairs, (pair) => pair[0], () => el("div", {}, el("span"), el("b.num")), (row, pair) => {
        setText(row.children[0], pair[0])
        setAttr(row, "title", pair[2] ?? pair[0])
        desk.numbers.set(row.children[1], pair[1])
      })
    })
  }
}
