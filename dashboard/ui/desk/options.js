// The option desk: the second room of the page, under the same clock.

function makeOptions(desk) {
  const part = {
    under: el("div.seg.under", { role: "group", "aria-label": "Underlying" }),
    expiries: el("div.seg.expiries", { role: "group", "aria-label": "Expiry" }),
    facts: el("div.ofacts"), reason: el("div.none-yet.why", { role: "status" }), mock: el("span.chip.mock", { hidden: true }, "MOCK"),
    chain: makeOptionChain(desk), profile: makeProfilePlot(), heat: makeHeatPlot(), ratios: makeRatioPlot(),
    smile: makeSmilePlot(), premium: makePremiumPlot(), gamma: makeGammaPlot(), buildup: makeBuildup(),
    day: null, now: null,
  }
  part.plots = [part.profile, part.heat, part.ratios, part.smile, part.premium, part.gamma]
  part.strip = el("section.pane.ostrip", { "aria-label": "Expiry and key numbers" }, el("div.picks", {}, part.under, part.expiries, part.mock), part.facts)
  part.upper = el("div.orow.upper", {}, part.chain.root, part.profile.root, part.heat.root)
  part.lower = el("div.orow.lower", {}, part.ratios.root, part.smile.root, part.premium.root, part.gamma.root, part.buildup.root)
  const root = el("main.orm", { "aria-label": "Option desk", hidden: true }, part.strip, part.reason, part.upper, part.lower)
  const hover = new Hover(desk.app, root)
  return {
    root, hover,
    update: (data) => { updateOptions(desk, part, data); hover.refresh() },
    updateDay: (data) => { part.day = data; drawDay(desk, part); drawNow(part); markNow(desk, part) },
    pick: (bar) => keyed(part.under, bar.underlyings, (one) => one.id, (one) => el("button", { onclick: () => desk.send("underlying", { underlying: one.id }) }, one.id), (node, one) => setAttr(node, "aria-pressed", String(one.on))),
    close: () => part.plots.forEach((plot) => plot.watch.disconnect()),
  }
}

function updateOptions(desk, part, data) {
  const there = !data.reason
  for (const node of [part.upper, part.lower, part.facts, part.expiries]) setHidden(node, !there)
  setHidden(part.reason, there)
  setText(part.reason, data.reason)
  if (!there) { part.now = null; return }
  part.now = data
  setHidden(part.mock, !data.mock)
  for (const plot of [...part.plots, part.buildup]) setHidden(plot.mock, !data.mock)
  keyed(part.expiries, data.expiries, (_, i) => i, (_, i) => el("button", { onclick: () => desk.send("expiry", { at: i }) }, el("span"), el("span.mu")), (node, expiry) => {
    setText(node.children[0], expiry.text)
    setText(node.children[1], expiry.sub ? ` ${expiry.sub}` : "")
    setAttr(node, "aria-pressed", String(expiry.on))
  })
  keyed(part.facts, data.facts, (fact) => fact.label, makeFact, (node, fact) => {
    node.fact = fact
    setText(node.children[0], fact.label)
    desk.numbers.set(node.children[1], fact.value)
    setText(node.children[2], fact.sub)
    setClass(node, "old", Boolean(fact.old))
  })
  part.chain.update(data.chain, data.chips, data.mock)
  part.buildup.update(data.buildup)
  drawNow(part)
  markNow(desk, part)
}

function markNow(desk, part) {
  for (const plot of part.plots) if (plot.time) plot.playhead(desk.now.at)
}

function makeFact() {
  const node = el("div.mt", { tabindex: "0" }, el("span.mu"), el("b.num"), el("span.mu.num"))
  node.tells = () => [`${node.fact.tip[0]}: ${node.fact.value}`, ...node.fact.tip.slice(1)]
  return node
}

function drawNow(part) {
  const { now, day } = part
  if (!now) return
  const common = { forward: now.forward, spot: now.spot, atm: now.atm }
  part.profile.update({ ...now.profile, ...common, day })
  part.smile.update({ ...now.smile, ...common, before: day?.smile ?? null })
  part.gamma.update({ ...now.gamma, ...common })
  setClass(part.gamma.root, "settled", Boolean(now.gamma.settled))
  setText(part.gamma.assumed, `${now.gamma.assumed}. ${now.gamma.skipped}.`)
}

function drawDay(desk, part) {
  const { day } = part
  const reason = day.reason || "No minute has closed yet"
  const there = day.t?.length ? day : null
  part.ratios.update(there, reason)
  part.premium.update(there, reason)
  part.heat.update(there && { ...there, now: there.t.at(-1), atm: part.now?.atm ?? there.atm.at(-1) }, reason)
}

// Writers and holders by strike, from an option's own premium and open interest.
function makeBuildup() {
  const list = el("div.bu", { role: "table", "aria-label": "Build-up by strike" })
  const mock = el("span.chip.mock", { hidden: true }, "MOCK")
  const head = el("div.ph", {}, el("h2", {}, "Build-up"), mock, el("span.keys2", {}, el("span.leg", {}, el("i.sw", { style: "color:var(--c2)" }), "add"), el("span.leg", {}, el("i.sw", { style: "color:var(--c1)" }), "leave")))
  const root = el("section.pane.pp.buildup", { "aria-label": "Build-up by strike" }, head, list)
  const update = (data) => {
    const rows = data.k.map((k, i) => ({ k, atm: data.atm[i], c: data.c[i], p: data.p[i], base: data.base, age: data.age })).reverse()
    keyed(list, rows, (row) => row.k, makeBuildupRow, (node, row) => {
      node.row = row
      setClass(node, "atm", row.atm)
      setText(node.children[1], row.k)
      for (const [cell, side] of [[node.children[0], row.c], [node.children[2], row.p]]) {
        setText(cell.children[0], side.word.split(" ")[0])
        setText(cell.children[1], side.oi)
        const name = `bc ${side.kind}`.trim()
        if (cell.className !== name) cell.className = name
      }
    })
  }
  return { root, update, mock }
}

function makeBuildupRow() {
  const cell = () => el("span.bc", { role: "cell" }, el("span"), el("b"))
  const node = el("div.br", { role: "row" }, cell(), el("span.k", { role: "rowheader" }), cell())
  node.children[0].tells = () => tellBuildup(node.row, node.row.c, "call")
  node.children[2].tells = () => tellBuildup(node.row, node.row.p, "put")
  return node
}

const BUILDUP_MEANS = {
  holders_add: "premium up, OI up: long build-up", writers_add: "premium down, OI up: short build-up",
  writers_leave: "premium up, OI down: short covering", holders_leave: "premium down, OI down: long unwinding",
}

function tellBuildup(row, side, kind) {
  return [
    `${row.k} ${kind} · ${side.word === "—" ? "Not known" : side.word}`,
    BUILDUP_MEANS[side.kind] ?? (side.word === "—" ? "a change is not known: what it counts from is not here" : "a change is below its threshold"),
    `premium ${side.price} since ${row.base}, at least 0.05% counts`,
    `open interest ${side.oi} since ${row.base}, at least 0.10% counts`,
    row.age, "The option's own reading; time and volatility move a premium too"]
}
