// The chain of the option desk: both sides mirrored at the strike, with delta and theta.

const OC_NAMES = ["chg", "oi", "bar", "vol", "delta", "theta", "iv", "ltp"]
const OC_HEAD = ["Chg OI", "OI", "", "Vol", "Δ", "θ", "IV", "LTP"]
const OC_FORMULAS = {
  chg: ["Change in open interest, lakh", (i) => `OI now − OI at ${i.base}`],
  oi: ["Open interest, lakh of units", () => "as the exchange sends it, in batches"],
  vol: ["Volume of the day, lakh of units", () => "the session's running total"],
  delta: ["Delta, INR for 1 INR of the forward", () => "±DF · N(±d1), Black-76"],
  theta: ["Theta, INR a calendar day", () => "(r V − DF F n(d1) σ / (2 √T)) / 365"],
  iv: ["Implied volatility, % a year", () => "the σ at which Black-76 gives the price"],
  ltp: ["Last traded price, INR", () => "as the exchange sends it"],
}

function makeOptionChain(desk) {
  const titles = [...OC_HEAD, "Strike", ...[...OC_HEAD].reverse()]
  const part = {
    note: el("span.mu.sub"), chips: el("span.marks"), mock: el("span.chip.mock", { hidden: true }, "MOCK"),
    head: el("div.cr.h", { role: "row" }, ...titles.map((text, i) => el(i === 8 ? "span.k" : "span", { role: "columnheader" }, text))),
    rows: el("div", { role: "rowgroup" }), sum: el("div.cr.sum", { role: "row" }), inputs: {},
  }
  part.all = el("button.all", { onclick: () => desk.send("strikes", { all: !part.all.on }) })
  part.sum.append(...titles.map((_, i) => el(i === 8 ? "span.k" : "span", { role: "cell" })))
  part.scroll = el("div.oscroll", { role: "table", "aria-label": "Option chain with greeks", tabindex: "0" }, part.head, part.rows, part.sum)
  showStrike(part.scroll)
  const root = el("section.pane.ochain", { "aria-label": "Chain" }, el("div.ch-h", {}, el("h2", {}, "Chain"), part.mock, part.note, part.chips, part.all), part.scroll)
  return { root, update: (data, marks, mock) => updateOptionChain(desk, part, data, marks, mock) }
}

function updateOptionChain(desk, part, data, marks, mock) {
  part.inputs = data.inputs
  setHidden(part.mock, !mock)
  setText(part.note, data.note)
  chips(part.chips, marks)
  part.all.on = data.all
  setText(part.all, data.all ? "Near the money" : `All ${data.count}`)
  setHidden(part.all, data.count <= data.rows.length && !data.all)
  const opened = data.all && !part.scroll.classList.contains("tall")
  setClass(part.scroll, "tall", data.all)
  setClass(part.scroll, "settled", Boolean(data.inputs.settled))
  keyed(part.rows, data.rows, (row) => row.k, () => makeOptionRow(part), (node, row) => updateOptionRow(desk, node, row))
  const { c, p } = data.total
  const cells = [c.chg, c.oi, "", c.vol, "", "", "", "", "all", "", "", "", "", p.vol, "", p.oi, p.chg]
  cells.forEach((text, i) => setText(part.sum.children[i], text))
  if (opened) centre(part)
}

function makeOptionRow(part) {
  const node = el("div.cr", { role: "row" })
  const side = (c) => Object.fromEntries(OC_NAMES.map((name) => {
    if (name === "bar") return [name, el(`span.ob.${c}`, { role: "presentation" }, el("u"))]
    const shaded = ["vol", "delta", "theta", "iv", "ltp"].includes(name) ? `.${c}i` : ""
    const cell = el(`span${shaded}${["vol", "theta", "iv"].includes(name) ? ".dim" : ""}`, { role: "cell", "data-cell": name }, el(name === "ltp" ? "b.num" : "span.num"))
    cell.tells = () => tellCell(part.inputs, node.row, c, name)
    return [name, cell]
  }))
  node.calls = side("c")
  node.puts = side("p")
  node.strike = el("span.k", { role: "rowheader" })
  node.strike.tells = () => tellStrike(part.inputs, node.row)
  node.append(...OC_NAMES.map((name) => node.calls[name]), node.strike, ...[...OC_NAMES].reverse().map((name) => node.puts[name]))
  return node
}

function updateOptionRow(desk, node, row) {
  node.row = row
  const name = ["cr", row.atm ? "atm" : "", row.itm ? `itm${row.itm}` : ""].filter(Boolean).join(" ")
  if (node.className !== name) node.className = name
  setText(node.strike, row.k)
  setClass(node.strike, "misfit", row.misfit)
  for (const [cells, side] of [[node.calls, row.c], [node.puts, row.p]]) {
    setText(cells.chg.firstChild, side.chg)
    setAttr(cells.chg, "style", side.heat ? `background:color-mix(in srgb,var(${side.heat > 0 ? "--c2" : "--c1"}) ${Math.abs(side.heat)}%,transparent)` : null)
    setText(cells.oi.firstChild, side.oi)
    setAttr(cells.bar.firstChild, "style", `width:${side.bar}%`)
    setHidden(cells.bar.firstChild, side.bar == null)
    for (const one of ["vol", "delta", "theta", "iv"]) setText(cells[one].firstChild, side[one])
    desk.numbers.set(cells.ltp.firstChild, side.ltp)
    for (const [mark, shown] of [["flag", "crossed"], ["wide", "wide"], ["old", "stale"]]) setClass(cells.ltp, mark, side.mark === shown)
  }
}

function tellCell(inputs, row, c, name) {
  const side = row[c]
  const [title, formula] = OC_FORMULAS[name]
  const lines = [`${row.k} ${c === "c" ? "call" : "put"} · ${title}: ${side[name]}`, formula(inputs)]
  if (name === "oi" || name === "chg") return [...lines, side.chg === "—" && name === "chg" ? "Not known: the OI it counts from is not here" : `open interest ${inputs.oi} old`]
  const quote = `bid ${side.bid} · offer ${side.ask} · last ${side.ltp} · ${side.age} old`
  if (name === "vol") return [...lines, `${side.age} old`]
  if (name === "ltp") return [...lines, quote, ...quoteNote(side)]
  lines.push(`F ${inputs.f} · K ${row.k} · T ${inputs.t} · r 6.5%`, `from ${side.price}: ${quote}`)
  if (side.why) lines.push(`None: ${side.why.toLowerCase()}`)
  if (inputs.settled && name !== "iv") lines.push(inputs.settled)
  return [...lines, ...quoteNote(side)]
}

function quoteNote(side) {
  const words = { crossed: "Crossed quote: the middle is not used", wide: "Wide quote, over 5 ticks and 2% of the middle: the last price is used", stale: "Stale: no price fresh within 60 s" }
  return side.note ? [words[side.mark] ?? `Quote: ${side.note}`] : []
}

function tellStrike(inputs, row) {
  const lines = [`Strike ${row.k}${row.atm ? ", at the money" : ""}`, `call ${row.c.price} · put ${row.p.price} · F ${inputs.f}`]
  return row.misfit ? [...lines, "Off parity: |C − P − DF (F − K)| is above 0.2% of F"] : lines
}
