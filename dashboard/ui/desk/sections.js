// Section cards, in the order they are given, and the head that counts their states.

const TALLIES = ["bullish", "bearish", "neutral", "insufficient"]
const ROOMY = 9 // this many cards or fewer leave room for a reading below them

function makeSections(desk) {
  const part = { what: el("span.what"), tally: el("span.rt.tallies"), grid: el("div.grid") }
  part.tally.style.cssText = "display:inline-flex;gap:10px"
  const key = (mark, word) => el("span.key", { html: MARKS[mark] + word })
  const root = el("section.sections", { "aria-label": "Sections" },
    el("div.sh", {}, el("h2", {}, "Sections"), part.what, part.tally, key("final", "final"), key("forming", "provisional")), part.grid)
  const update = (data) => {
    setText(part.what, data.title)
    setHtml(part.tally, TALLIES.map((state) => `<span class="tally ${STATE_COLOUR[state]}" title="${data.counts[state]} ${state}">${shape(state, 9)}${data.counts[state]}</span>`).join(""))
    setClass(desk.app, "roomy", data.cards.length <= ROOMY)
    setClass(desk.app, "roomless", data.cards.length > ROOMY)
    announceFlips(desk, part.grid, data.cards)
    keyed(part.grid, data.cards, (card) => card.id, (card) => makeCard(desk, card), (node, card) => updateCard(desk, node, card))
    desk.cards = data.cards
    desk.explain.refresh()
  }
  return { root, update }
}

function announceFlips(desk, grid, cards) {
  if (desk.numbers.quiet) return
  const same = grid.dataset.of === desk.looking()
  const flips = cards.filter((card) => {
    const before = grid.kept?.get(card.id)?.state
    return same && before && before !== card.state && before !== "loading" && card.state !== "loading"
  })
  grid.dataset.of = desk.looking()
  if (flips.length) desk.announce(flips.map((card) => `${card.title} ${card.word}`).join(", "))
}

function makeCard(desk, card) {
  const part = {
    glyph: el("span.gl"), title: el("span.ti"), chips: el("span.chips"), word: el("span.sw"),
    blocks: el("span.segs", {}, ...Array.from({ length: 5 }, () => el("i"))), strength: el("span.sn.num"), key: el("b.key.num"),
    numbers: el("span.r2"), reason: el("span.rs"), mark: el("span"), age: el("span.num"),
  }
  part.certainty = el("span.ag", {}, part.mark, part.age)
  const node = el("button.card", { id: `card-${card.id}`, "aria-haspopup": "dialog", onclick: () => desk.explain.open(card.id) },
    el("span.r1", {}, part.glyph, part.title, part.chips, part.word, part.blocks, part.strength, part.key),
    part.numbers, el("span.r3", {}, part.reason, part.certainty))
  node.refs = part
  return node
}

function updateCard(desk, node, card) {
  const part = node.refs
  const marks = ["stale", "mocked", "wide"].filter((name) => card[name])
  const name = ["card", card.state, ...marks].join(" ")
  if (node.className !== name) {
    if (node.state && node.state !== card.state && !still.matches) {
      part.glyph.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 160 })
    }
    node.className = name
  }
  node.state = card.state
  setAttr(node, "aria-label", card.label)
  setAttr(node, "disabled", card.state === "loading")
  setHtml(part.glyph, shape(card.state))
  setText(part.title, card.title)
  setAttr(part.title, "title", card.title)
  chips(part.chips, card.fixed ? [card.fixed, ...card.chips] : card.chips)
  setText(part.word, card.word)
  setHidden(part.blocks, card.blocks == null)
  setHidden(part.strength, card.blocks == null)
  Array.from(part.blocks.children).forEach((block, i) => setClass(block, "f", i < card.blocks))
  desk.numbers.set(part.strength, card.strength)
  setHidden(part.key, !card.key)
  if (card.key) desk.numbers.set(part.key, card.key)
  updateNumbers(desk, part.numbers, card)
  updateReason(part, card)
}

function updateNumbers(desk, row, card) {
  if (card.state === "loading") return keyed(row, [64, 72, 44], (w) => `bone${w}`, (w) => el("span.bone", { style: `width:${w}px` }), () => {})
  const items = card.numbers.map((number) => ({ ...number, is: "number" }))
  if (card.bars) items.push({ is: "parts", label: "parts" })
  if (card.ruler) items.push({ is: "ruler", label: "ruler" })
  if (card.say) items.push({ is: "say", label: "say", text: card.say })
  if (card.warmup) items.push({ is: "bar", label: "bar" }, { is: "warm", label: "warm", text: card.warmup.text })
  keyed(row, items, (item) => `${item.is}${item.label}`, (item) => makeNumber(item), (node, item) => {
    if (item.is === "number") {
      setClass(node, "prov", item.provisional)
      setText(node.children[0], item.label)
      desk.numbers.set(node.children[1], item.text)
      setAttr(node, "title", item.title)
    } else if (item.is === "parts") updateParts(desk, node, card.bars)
    else if (item.is === "ruler") updateRuler(node, card.ruler)
    else if (item.is === "bar") node.firstChild.style.width = `${card.warmup.percent}%`
    else setText(node, item.text)
    if (item.is === "say") setAttr(node, "title", card.full)
  })
}

function makeNumber(item) {
  if (item.is === "parts") return el("span.parts")
  if (item.is === "ruler") return makeRuler(true)
  if (item.is === "say") return el("span.say")
  if (item.is === "bar") return el("span.wu", {}, el("u"))
  if (item.is === "warm") return el("span.t2.num")
  return el("span.kv", {}, el("i"), el("b.num"))
}

// What each group adds to the total, to its side of a middle line.
function updateParts(desk, root, bars) {
  keyed(root, bars, (bar) => bar.label, () => el("span.part", {}, el("span"), el("b.num"), el("span.dv", {}, el("u"))), (node, bar) => {
    const [label, value, line] = node.children
    setText(label, bar.label)
    desk.numbers.set(value, bar.text)
    setAttr(node, "title", bar.title)
    line.firstChild.className = bar.side
    line.firstChild.style.width = `${bar.reach / 2}%`
  })
}

function updateReason(part, card) {
  setText(part.reason, card.say ? "" : card.reason) // said where the numbers would be
  setAttr(part.reason, "title", card.full)
  setHtml(part.mark, card.certainty ? MARKS[card.certainty] : "")
  setText(part.age, card.age)
  setAttr(part.certainty, "title", card.age_title)
  setHidden(part.certainty, !card.age)
}
