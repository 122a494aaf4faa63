// One section in full: beside the list, or docked below it where there is room.

const wide = window.matchMedia("(min-width: 1280px)")
const TABS = ["Reading", "Numbers", "Formula"]
const COPIED_MS = 1500

function makeExplain(desk) {
  const part = {
    glyph: el("span.gl"), title: el("h2"), word: el("span.w"), strength: el("b"), mark: el("span"), age: el("span"),
    reason: el("div.ex-r"), body: el("div.ex-b"), name: el("span.rt.mu"), fixed: el("span.chips"), past: el("span.rt.mu"),
  }
  part.tabs = TABS.map((tab) => el("button", { role: "tab", onclick: () => desk.explain.turn(tab) }, tab))
  const root = el("aside.explain", { role: "dialog", "aria-label": "Reading", tabindex: "-1" },
    el("div.ex-h", {}, part.glyph, part.title, part.word, part.strength, el("span.ag", {}, part.mark, part.age),
      el("button.ib.x", { "aria-label": "Close", onclick: () => desk.explain.close(), html: icon("cross") })),
    part.reason, el("div.ex-t", { role: "tablist" }, ...part.tabs, part.fixed, part.name), part.body,
    el("div.ex-f", {}, el("span", { html: '<span class="kbd">←</span><span class="kbd">→</span> section' }), el("span", { html: '<span class="kbd">j</span> last flip' }), el("span", { html: '<span class="kbd">Esc</span> close' }), part.past))
  return new Explain(desk, root, part)
}

class Explain {
  constructor(desk, root, part) {
    Object.assign(this, { desk, root, part, id: null, shown: false, data: null, tab: TABS[0] })
    this.sheets = { Reading: makeReadingSheet(desk), Numbers: makeNumbersSheet(desk), Formula: el("div.ex-c.cat-t") }
    part.body.append(...Object.values(this.sheets))
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
    this.part.body.scrollTop = 0
    this.refresh()
    this.desk.app.querySelector(`#card-${id}`)?.scrollIntoView({ block: "nearest" })
  }

  turn(tab) {
    this.tab = tab
    this.part.body.scrollTop = 0
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
    const data = this.data?.id === this.id ? this.data : { when: "", groups: [] }
    root.className = ["explain", card.state, this.docked ? "" : "float"].join(" ")
    setHtml(part.glyph, shape(card.state, 16))
    setText(part.title, card.title)
    setText(part.word, card.word)
    setText(part.strength, card.key ?? (card.blocks == null ? "" : card.strength))
    chips(part.fixed, card.fixed ? [card.fixed] : [])
    setHtml(part.mark, data.when ? MARKS.final : (MARKS[card.certainty] ?? ""))
    setText(part.age, data.when || card.age)
    setText(part.reason, card.full)
    setText(part.name, `id: ${card.id}`)
    setText(part.past, data.age ? `closed ${data.age}` : "")
    part.tabs.forEach((button, i) => setAttr(button, "aria-selected", String(TABS[i] === this.tab)))
    for (const [tab, sheet] of Object.entries(this.sheets)) setHidden(sheet, tab !== this.tab)
    if (this.tab === "Reading") drawReading(this.sheets.Reading, card, data)
    if (this.tab === "Numbers") drawNumbers(desk, this.sheets.Numbers, data.groups)
    if (this.tab === "Formula") this.drawFormula(this.sheets.Formula)
  }

  drawFormula(sheet) {
    this.desk.catalogue.need()
    const entry = this.desk.catalogue.of(this.id)
    if (entry) setHtml(sheet, `<p class="lead">${prose(entry.headline)}</p>${formulaHtml(entry)}${factsHtml(entry)}`)
    else setHtml(sheet, "")
  }
}

function makeReadingSheet(desk) {
  const part = {
    ruler: makeRuler(), flags: el("div.ex-fl"), votes: el("div"), inputs: el("div"), states: el("div"),
    lines: el("pre"), copy: el("button.copy", { title: "Copy the lines" }, el("span", { html: icon("copy", 14) }), el("span", {}, "Copy")),
  }
  const code = el("div.code", {}, part.lines, part.copy)
  const group = (title, node) => el("section", {}, el("h3", {}, title), node)
  const root = el("div.ex-c", {}, group("Where it stands", part.ruler), group("Flags", part.flags), group("Votes", part.votes),
    group("Last states today", part.states), group("Inputs", part.inputs), group("The same reading in a notebook", code))
  part.copy.addEventListener("click", () => copyLines(desk, part))
  root.refs = part
  return root
}

function drawReading(root, card, data) {
  const part = root.refs
  const group = (node, on) => setHidden(node.closest("section"), !on)
  group(part.ruler, data.ruler)
  updateRuler(part.ruler, data.ruler)
  group(part.flags, data.flags?.length)
  setHtml(part.flags, (data.flags ?? []).map((flag) => `<div><span class="chip ${flag.kind ?? ""}">${safe(flag.text)}</span>${safe(flag.title)}</div>`).join(""))
  for (const name of ["votes", "inputs", "states"]) {
    group(part[name], data[name]?.rows?.length)
    setHtml(part[name], data[name] ? tableHtml(data[name], name) : "")
  }
  group(part.lines, data.notebook)
  if (!data.notebook) return
  setText(part.lines, data.notebook.lines)
  setHidden(part.copy, !data.notebook.copy)
}

// A page that is not served over TLS has no clipboard of its own.
async function copyLines(desk, part) {
  const text = part.lines.textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const field = el("textarea", { style: "position:fixed;opacity:0" })
    field.value = text
    document.body.append(field)
    field.select()
    document.execCommand("copy")
    field.remove()
  }
  const word = part.copy.lastChild
  setText(word, "Copied")
  desk.announce("The lines are copied")
  setTimeout(() => setText(word, "Copy"), COPIED_MS)
}

function makeNumbersSheet() {
  return el("div.ex-c")
}

function drawNumbers(desk, root, groups) {
  keyed(root, groups, (group) => group.title, () => el("section", {}, el("h3"), el("div.pairs")), (node, group) => {
    setText(node.children[0], group.title)
    keyed(node.children[1], group.pairs, (pair) => pair[0], () => el("div", {}, el("span"), el("b.num")), (row, pair) => {
      setText(row.children[0], pair[0])
      setAttr(row, "title", pair[2] ?? pair[0])
      desk.numbers.set(row.children[1], pair[1])
    })
  })
}
