// Three index cards: price, change, day's range, sparkline, PCR.

const RANGE_W = 52
const SPARK_W = 50
const SPARK_H = 20

function makeIndices(desk) {
  const root = el("div.indices", { role: "group", "aria-label": "Indices" })
  const update = (cards) => keyed(root, cards, (card) => card.id, (card) => makeIndex(desk, card), (node, card) => updateIndex(desk, node, card))
  return { root, update }
}

function makeIndex(desk, card) {
  const part = {
    long: el("b.long"), short: el("b.short"), key: el("span.kbd"), chips: el("span.marks"), late: el("span.late", { html: icon("clock", 12) }), stance: el("span.st"),
    price: el("b.num"), change: el("span.chg"),
    low: el("span"), range: el("span"), high: el("span"), spark: el("span.spark"), pcr: el("span.v"),
  }
  const node = el("button.ix", { onclick: () => desk.send("underlying", { underlying: card.id }) },
    el("span.t", {}, part.long, part.short, part.key, part.chips, part.late, part.stance),
    el("span.p", {}, part.price, part.change),
    el("span.dr", {}, part.low, part.range, part.high, part.spark, el("span.pcr", {}, "PCR"), part.pcr))
  node.refs = part
  return node
}

function updateIndex(desk, node, card) {
  const part = node.refs
  setAttr(node, "aria-pressed", String(card.on))
  setClass(node, "stale", Boolean(card.stale))
  setAttr(node, "title", card.absent ? card.title_price : null)
  setText(part.long, card.title)
  setText(part.short, card.id)
  setText(part.key, card.key)
  const marks = card.stale ? [{ text: card.stale, kind: "warning" }] : []
  if (card.mock) marks.push({ text: "MOCK", kind: "mock" })
  chips(part.chips, marks)
  desk.numbers.set(part.price, card.price)
  setAttr(part.price, "title", card.title_price)
  setText(part.change, card.change)
  setAttr(part.change, "title", card.title_change)
  setAttr(part.low, "title", card.title_range)
  setAttr(part.high, "title", card.title_range)
  const sign = card.sign > 0 ? "chg up" : card.sign < 0 ? "chg dn" : "chg fl"
  if (part.change.className !== sign) part.change.className = sign
  setText(part.low, card.low)
  setText(part.high, card.high)
  setHtml(part.range, drawRange(card.range))
  setHtml(part.spark, drawSpark(card))
  if (part.spark.dataset.sign !== sign) {
    part.spark.dataset.sign = sign
    part.spark.className = sign.replace("chg", "spark")
  }
  setText(part.pcr, card.pcr)
  setAttr(part.pcr, "title", card.pcr_title)
  updateStance(part.stance, card)
}

// The confluence where there is one; otherwise how many sections say what.
function updateStance(node, card) {
  setClass(node, "one", Boolean(card.stance))
  setAttr(node, "title", card.absent ? card.title_price : card.stance?.title ?? card.tally_title)
  if (card.absent) return setHtml(node, `<span class="tally t2">${shape("absent", 11)}<span class="w">${card.absent}</span></span>`)
  if (card.stance) {
    const colour = STATE_COLOUR[card.stance.state] ?? "t2"
    setHtml(node, `<span class="tally ${colour}" style="gap:5px">${shape(card.stance.state, 11)}<span class="w">${card.stance.word}</span> ${card.stance.number}</span>`)
  } else {
    setHtml(node, (card.tally ?? []).map(([state, n]) => `<span class="tally ${STATE_COLOUR[state]}">${shape(state, 9)}${n}</span>`).join(""))
  }
}

function drawRange(range) {
  const bar = `<rect y="5" width="${RANGE_W}" height="3" rx="1.5" fill="var(--s3)"/>`
  if (!range) return `<svg width="${RANGE_W}" height="12">${bar}</svg>`
  const [open, last] = range.map((share) => Math.round(share * RANGE_W * 10) / 10)
  const left = Math.min(open, last)
  return `<svg width="${RANGE_W}" height="12" aria-hidden="true">${bar}<rect x="${left}" y="5" width="${Math.abs(last - open)}" height="3" fill="var(--neut)"/><line x1="${open}" x2="${open}" y1="3" y2="10" stroke="var(--tx3)" stroke-width="1.2"/><rect x="${Math.min(Math.max(last - 1.5, 0), RANGE_W - 3)}" y="1" width="3" height="11" rx="1" fill="var(--tx)"/></svg>`
}

// `spark` holds 0 (low) to 100 (high); `spark_end` the share of the session gone by.
function drawSpark(card) {
  const points = card.spark
  if (points.length < 2) return ""
  const width = 2 + (SPARK_W - 5) * card.spark_end
  const y = (v) => Math.round((2 + (SPARK_H - 4) * (1 - v / 100)) * 10) / 10
  const x = (i) => Math.round((1 + (width * i) / (points.length - 1)) * 10) / 10
  const line = points.map((v, i) => `${x(i)},${y(v)}`).join(" ")
  const base = card.spark_base == null ? "" : `<line x1="0" x2="${SPARK_W}" y1="${y(card.spark_base)}" y2="${y(card.spark_base)}" stroke="var(--line2)" stroke-dasharray="2 2"/>`
  return `<svg width="${SPARK_W}" height="${SPARK_H}" aria-hidden="true">${base}<polyline points="${line}" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="${x(points.length - 1)}" cy="${y(points.at(-1))}" r="2" fill="currentColor"/></svg>`
}
