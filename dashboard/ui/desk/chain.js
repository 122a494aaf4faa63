// The option chain round the money, mirrored at the strike.

const CHAIN_HEAD = ["Chg OI", "OI (L)", "", "Vol (L)", "IV", "LTP", "Strike", "LTP", "IV", "Vol (L)", "", "OI (L)", "Chg OI"]
const CHAIN_TITLES = ["Change in OI since the previous close, lakh", "Open interest, lakh", "", "Volume of the day, lakh", "Implied volatility, percent", "Last traded price"]

function makeChain(desk) {
  const part = {
    chip: el("span.chip.accent"), facts: el("span.facts"), oi: el("span.rt.chip"), mock: el("span.chip.mock", {}, "MOCK"),
    head: el("div.cr.h", { role: "row" }, ...CHAIN_HEAD.map((text, i) => el(i === 6 ? "span.k" : "span", { role: "columnheader", title: CHAIN_TITLES[Math.min(i, 12 - i)] }, text))),
    rows: el("div", { role: "rowgroup" }), sum: el("div.cr.sum", { role: "row" }), none: el("div.none-yet"),
  }
  part.all = el("button.all", { onclick: () => desk.send("strikes", { all: !part.all.on }) })
  part.sum.append(...CHAIN_HEAD.map((_, i) => el(i === 6 ? "span.k" : "span", { role: "cell" })))
  part.scroll = el("div.scroll", { role: "table", "aria-label": "Option chain", tabindex: "0" }, part.head, part.rows, part.sum)
  showStrike(part.scroll)
  const root = el("section.pane.chain", { "aria-label": "Option chain" },
    el("div.ch-h", {}, el("h2", {}, "Option chain"), part.mock, part.chip, part.facts, part.oi, part.all), part.none, part.scroll)
  return { root, update: (data) => updateChain(desk, part, data) }
}

function updateChain(desk, part, data) {
  const there = data.rows.length > 0
  for (const node of [part.scroll, part.chip, part.all]) setHidden(node, !there)
  setHidden(part.none, there)
  setText(part.none, data.reason)
  setHidden(part.mock, !data.mock)
  setText(part.chip, data.chip)
  setAttr(part.chip, "title", data.chip_title)
  keyed(part.facts, data.facts, (fact) => fact[0], () => el("span.kv", {}, el("i"), el("b.num")), (node, fact) => {
    setText(node.children[0], fact[0])
    desk.numbers.set(node.children[1], fact[1])
    setAttr(node, "title", fact[2])
  })
  setText(part.oi, data.oi?.text ?? "")
  setHidden(part.oi, !data.oi)
  setClass(part.oi, "warning", data.oi?.late)
  setAttr(part.oi, "title", data.oi?.title)
  if (!there) return
  part.all.on = data.all
  setText(part.all, data.all ? "Near the money" : `All ${data.count} strikes`)
  setHidden(part.all, data.count <= data.rows.length && !data.all)
  const opened = data.all && !part.scroll.classList.contains("tall")
  setClass(part.scroll, "tall", data.all)
  keyed(part.rows, data.rows, (row) => row.k, makeStrike, (node, row) => updateStrike(desk, node, row))
  updateTotals(part.sum, data.total)
  if (opened) centre(part)
}

function centre(part) {
  const atm = part.rows.querySelector(".atm")
  if (atm) part.scroll.scrollTop = atm.offsetTop - part.scroll.clientHeight / 2
}

// On a narrow screen the table begins in its middle, where the strike is.
function showStrike(scroll) {
  const watch = new ResizeObserver(() => {
    const spare = scroll.scrollWidth - scroll.clientWidth
    if (!scroll.clientWidth) return
    scroll.scrollLeft = Math.max(spare, 0) / 2
    watch.disconnect()
  })
  watch.observe(scroll)
}

function makeStrike() {
  const side = (c, order) => order.map((name) => {
    if (name === "bar") return el(`span.ob.${c}`, { role: "presentation" }, el("u"))
    const inner = name === "ltp" ? el("b.num") : el("span.num")
    const shaded = ["vol", "iv", "ltp"].includes(name) ? `.${c}i` : ""
    return el(`span${shaded}`, { role: "cell" }, inner)
  })
  const order = ["chg", "oi", "bar", "vol", "iv", "ltp"]
  const node = el("div.cr", { role: "row" }, ...side("c", order), el("span.k", { role: "rowheader" }), ...side("p", [...order].reverse()))
  node.calls = Array.from(node.children).slice(0, 6)
  node.puts = Array.from(node.children).slice(7).reverse()
  return node
}

function updateStrike(desk, node, row) {
  const name = ["cr", row.atm ? "atm" : "", row.itm ? `itm${row.itm}` : "", row.far ? "far" : ""].filter(Boolean).join(" ")
  if (node.className !== name) node.className = name
  setText(node.children[6], row.k)
  updateSide(desk, node.calls, row.c)
  updateSide(desk, node.puts, row.p)
}

function updateSide(desk, [chg, oi, bar, vol, iv, ltp], side) {
  setText(chg.firstChild, side.chg)
  setAttr(chg, "style", side.heat ? `background:color-mix(in srgb,var(${side.heat > 0 ? "--c2" : "--c1"}) ${Math.abs(side.heat)}%,transparent)` : null)
  setAttr(chg, "title", side.chg_title)
  setText(oi.firstChild, side.oi)
  setAttr(oi, "title", side.oi_title)
  setAttr(bar.firstChild, "style", `width:${side.bar}%`)
  setHidden(bar.firstChild, side.bar == null)
  setText(vol.firstChild, side.vol)
  setClass(vol, "dim", true)
  setText(iv.firstChild, side.iv)
  setClass(iv, "dim", true)
  setAttr(iv, "title", side.note)
  desk.numbers.set(ltp.firstChild, side.ltp)
  setAttr(ltp, "title", side.note)
  setClass(ltp, "flag", side.mark === "crossed")
  setClass(ltp, "old", side.mark === "stale")
}

function updateTotals(node, total) {
  const cells = [total.c.chg, total.c.oi, "", total.c.vol, "", "", "Total", "", "", total.p.vol, "", total.p.oi, total.p.chg]
  cells.forEach((text, i) => setText(node.children[i], text))
}
