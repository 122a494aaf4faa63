// The pictures of the option desk. Each explains what stands under the pointer.

const RIGHT_ROOM = 44

function timeBox(data, width, plot, top, bottom) {
  const box = { left: 2, right: width - RIGHT_ROOM, top, bottom }
  plot.time = { x: linear(data.opens, data.closes, box.left, box.right), right: box.right, back: linear(box.left, box.right, data.opens, data.closes) }
  return box
}

function splitHeights(height) {
  const lower = Math.min(74, Math.max(52, height * 0.29))
  return { top: [22, height - lower - 16], bottom: [height - lower + 4, height - 16] }
}

function atMinute(data, px, plot) {
  const i = nearest(data.t, plot.time.back(px))
  return i < 0 ? null : { i, x: plot.time.x(data.t[i]), time: minuteText(data.t[i]) }
}

function makeRatioPlot() {
  return makePlot({
    name: "ratios", title: "PCR and max pain", keys: [["OI", "ac"], ["vol", "tx3", true], ["pain", "c2"]],
    draw: (data, width, height, plot) => {
      const parts = splitHeights(height)
      const upper = timeBox(data, width, plot, ...parts.top)
      const lower = { ...upper, top: parts.bottom[0], bottom: parts.bottom[1] }
      const near = extent(data.pcr, data.pcrv)
      const marks = near ? [[1.2, "bull"], [0.8, "bear"]].filter(([v]) => v >= near[0] - 0.25 && v <= near[1] + 0.25) : []
      return dayPanel(data, upper, [{ values: data.pcrv, colour: "tx3", dashed: true }, { values: data.pcr, colour: "ac" }], { marks, ticks: 4, least: 0.1 }).html
        + dayPanel(data, lower, [{ values: data.spot, colour: "tx3", width: 1.2 }, { values: data.pain, colour: "c2", stepped: true }], { ticks: 2, digits: 0 }).html
        + hourTicks(data, plot.time.x, height - 3)
    },
    tell: (data, px, _, plot) => {
      const at = atMinute(data, px, plot)
      return at && { x: at.x, lines: [
        `${at.time} · PCR of OI ${grouped(data.pcr[at.i], 3)}, of volume ${grouped(data.pcrv[at.i], 3)}`,
        "PCR = Σ put / Σ call over all strikes; neutral 0.8 to 1.2",
        `Max pain ${grouped(data.pain[at.i])} · spot ${grouped(data.spot[at.i], 2)}`,
        "Max pain = the strike at which writers would pay least", `at the close of the minute ${at.time}`] }
    },
  })
}

function makePremiumPlot() {
  return makePlot({
    name: "premium", title: "Straddle and ATM IV", keys: [["premium", "c1"], ["IV %", "c3"]],
    draw: (data, width, height, plot) => {
      const parts = splitHeights(height)
      const upper = timeBox(data, width, plot, ...parts.top)
      const lower = { ...upper, top: parts.bottom[0], bottom: parts.bottom[1] }
      return dayPanel(data, upper, [{ values: data.straddle, colour: "c1" }], { ticks: 4, digits: 0, least: 4 }).html
        + dayPanel(data, lower, [{ values: data.iv, colour: "c3" }], { ticks: 2, digits: 1, least: 0.6 }).html
        + hourTicks(data, plot.time.x, height - 3)
    },
    tell: (data, px, _, plot) => {
      const at = atMinute(data, px, plot)
      return at && { x: at.x, lines: [
        `${at.time} · straddle ${grouped(data.straddle[at.i], 2)}, ATM IV ${grouped(data.iv[at.i], 2)}%`,
        `call + put at ${grouped(data.atm[at.i])}, the strike at the money of that minute`,
        "IV = mean of call and put, Black-76 on the parity forward", data.source] }
    },
  })
}

function makeSmilePlot() {
  return makePlot({
    name: "smile", title: "IV smile", sub: "put K<F ● call K≥F ○", keys: [["now", "ac"], ["1 h ago", "tx3", true]],
    draw: (data, width, height, plot) => {
      const shown = data.before && { k: data.k, iv: data.k.map((k) => data.before.iv[data.before.k.indexOf(k)] ?? null) }
      const found = extent(data.iv, shown?.iv ?? [])
      if (!found) return svgText(4, height / 2, "No volatility at any strike near the money")
      const limit = Math.min(found[1], found[0] * 2 + 2) // far strikes at one tick would flatten the rest
      const [low, high] = widened([found[0], limit], 0.08, 1)
      const there = data.k.filter((_, i) => [data.iv[i], shown?.iv[i]].some((v) => v != null && v <= limit))
      const [first, last] = [there[0], there.length > 1 ? there.at(-1) : there[0] + 1]
      const x = linear(first, last, 12, width - 42)
      const y = linear(low, high, height - 18, 22)
      plot.x = x
      plot.back = linear(12, width - 42, first, last)
      let html = ""
      for (const tick of niceTicks(low, high, 4)) html += `<line class="gx" x1="2" x2="${width - 34}" y1="${r1(y(tick))}" y2="${r1(y(tick))}"/>${svgText(width - 30, y(tick) + 3.5, grouped(tick, 1))}`
      for (const k of strikeTicks(there, width - 54)) html += svgText(Math.min(Math.max(x(k), 18), width - 20), height - 3, grouped(k), "middle", k === data.atm ? 'class="ax on"' : 'class="ax"')
      if (data.forward != null && data.forward >= first && data.forward <= last) {
        const late = x(data.forward) > width - 110
        html += `<line x1="${r1(x(data.forward))}" x2="${r1(x(data.forward))}" y1="20" y2="${height - 18}" stroke="var(--tx2)" stroke-dasharray="2 2"/>${svgText(x(data.forward) + (late ? -4 : 4), 28, `F ${grouped(data.forward, 1)}`, late ? "end" : "start", 'class="ax t2"')}`
      }
      const clip = (v) => (v > high ? null : v)
      if (shown) html += `<path d="${linePath(shown.k, shown.iv.map(clip), x, y)}" fill="none" stroke="var(--tx3)" stroke-width="1.4" stroke-dasharray="4 3"/>`
      html += `<path d="${linePath(data.k, data.iv.map(clip), x, y)}" fill="none" stroke="var(--ac)" stroke-width="1.6"/>`
      data.iv.forEach((iv, i) => {
        if (clip(iv) != null) html += `<circle cx="${r1(x(data.k[i]))}" cy="${r1(y(iv))}" r="3" fill="var(--${data.put[i] ? "ac" : "s1"})" stroke="var(--ac)" stroke-width="1.4"/>`
      })
      return html
    },
    tell: (data, px, _, plot) => {
      if (!plot.back) return null
      const i = nearest(data.k, plot.back(px))
      const before = data.before && data.before.iv[data.before.k.indexOf(data.k[i])]
      return { x: plot.x(data.k[i]), lines: [
        `${grouped(data.k[i])} ${data.put[i] ? "put" : "call"} · IV ${data.iv[i] == null ? "—" : `${grouped(data.iv[i], 2)}%`}`,
        data.why[i] ? `None: ${data.why[i].toLowerCase()}` : "the out-of-the-money side: put below F, call from F on",
        ...(data.before ? [`${minuteText(data.before.at)}: ${before == null ? "—" : `${grouped(before, 2)}%`}, from last prices`] : ["The smile of an hour ago is not there yet"]),
        `F ${grouped(data.forward, 2)} · quotes ${data.age} old`] }
    },
  })
}

// As many strikes as fit, the middle one among them.
function strikeTicks(strikes, width) {
  const every = Math.max(1, Math.ceil((strikes.length * 44) / width))
  const middle = Math.floor(strikes.length / 2)
  return strikes.filter((_, i) => (i - middle) % every === 0)
}

function makeGammaPlot() {
  const plot = makePlot({
    name: "gamma", title: "Gamma exposure", sub: "₹ Cr per 1%",
    draw: (data, width, height, plot) => {
      const found = extent(data.cr)
      if (!found) return svgText(4, height / 2, "No strike has a volatility")
      const [low, high] = widened([Math.min(found[0], 0), Math.max(found[1], 0)], 0.12, 1)
      const step = (width - 8) / data.k.length
      const x = (i) => 4 + step * i
      const y = linear(low, high, height - 20, 6)
      plot.back = (px) => Math.max(0, Math.min(data.k.length - 1, Math.floor((px - 4) / step)))
      plot.mid = (i) => x(i) + step / 2
      let html = `<line class="gx" x1="2" x2="${width - 2}" y1="${r1(y(0))}" y2="${r1(y(0))}"/>`
      const named = found.filter((v) => Math.abs(v) >= (high - low) / 8).map((v) => data.cr.indexOf(v))
      data.cr.forEach((v, i) => {
        if (v == null) return
        const top = Math.min(y(v), y(0))
        html += `<rect x="${r1(x(i) + 1.5)}" y="${r1(top)}" width="${r1(step - 3)}" height="${r1(Math.max(Math.abs(y(v) - y(0)), 1))}" fill="var(--${v >= 0 ? "c2" : "c1"})" opacity=".82"/>`
        if (named.includes(i)) html += svgText(Math.min(Math.max(plot.mid(i), 18), width - 18), v >= 0 ? top - 3 : y(v) + 9, shortCrore(v), "middle", 'class="ax t2"')
      })
      for (const k of strikeTicks(data.k, width - 8)) {
        const at = plot.mid(data.k.indexOf(k))
        html += svgText(Math.min(Math.max(at, 18), width - 18), height - 3, grouped(k), "middle", k === data.atm ? 'class="ax on"' : 'class="ax"')
      }
      return html
    },
    tell: (data, px, _, plot) => {
      const i = plot.back?.(px)
      return i == null ? null : { x: plot.mid(i), lines: [
        `${grouped(data.k[i])} · ${data.cr[i] == null ? "—" : `${signedText(data.cr[i], 1)} Cr per 1% move`}`,
        "Γ call · OI call − Γ put · OI put, times F² · 0.01",
        `${data.assumed}. No feed says who holds what.`,
        data.cr[i] == null ? "None: neither side has a volatility" : "positive dampens moves, negative amplifies them", data.skipped, ...(data.settled ? [data.settled] : [])] }
    },
  })
  plot.assumed = el("div.assumed")
  plot.root.append(plot.assumed)
  return plot
}

function shortCrore(value) {
  const size = Math.abs(value)
  return signedText(size >= 1000 ? value / 1000 : value, size >= 10000 || (size < 1000 && size >= 100) ? 0 : 1) + (size >= 1000 ? "k" : "")
}

function makeProfilePlot() {
  return makePlot({
    name: "profile", title: "OI beside price", sub: "by strike", keys: [["call", "bear"], ["put", "bull"]],
    draw: (data, width, height, plot) => {
      const step = data.k.length > 1 ? data.k[1] - data.k[0] : 50
      const y = linear(data.k[0] - step * 0.6, data.k.at(-1) + step * 0.6, height - 18, 4)
      const label = Math.round(width * 0.5)
      const bars = { left: label + 8, right: width - 6 }
      const most = extent(data.co, data.po, data.co.map((v, i) => (v == null ? null : v - (data.cc[i] ?? 0))), data.po.map((v, i) => (v == null ? null : v - (data.pc[i] ?? 0))))?.[1] || 1
      const w = linear(0, most, 0, bars.right - bars.left)
      const thick = Math.max(3, Math.min(8, (Math.abs(y(data.k[0]) - y(data.k[0] + step)) - 6) / 2))
      plot.y = y
      plot.backY = linear(height - 18, 4, data.k[0] - step * 0.6, data.k.at(-1) + step * 0.6)
      let html = ""
      data.k.forEach((k, i) => {
        html += `<line class="gx" x1="2" x2="${label - 42}" y1="${r1(y(k))}" y2="${r1(y(k))}"/>${svgText(label, y(k) + 3.5, grouped(k), "end", k === data.atm ? 'class="ax on"' : 'class="ax"')}`
        html += oiBar(bars.left, y(k) - thick - 1, thick, w, data.co[i], data.cc[i], "bear") + oiBar(bars.left, y(k) + 1, thick, w, data.po[i], data.pc[i], "bull")
      })
      html += svgText(bars.left, height - 3, "0") + svgText(bars.right, height - 3, `${grouped(most, most < 10 ? 1 : 0)} L`, "end")
      return html + pricePath(data, y, label - 46, height)
    },
    tell: (data, _, py, plot) => {
      if (!plot.backY) return null
      const i = nearest(data.k, plot.backY(py))
      return { lines: [
        `Strike ${grouped(data.k[i])}`,
        `call OI ${grouped(data.co[i], 1)} L, ${signedText(data.cc[i])} since ${data.base}`,
        `put OI ${grouped(data.po[i], 1)} L, ${signedText(data.pc[i])} since ${data.base}`,
        "bright: added, dashed: removed", `open interest ${data.age} old`] }
    },
  })
}

// What was added is bright at the bar's end; what was removed is dashed beyond it.
function oiBar(left, top, thick, w, oi, change, colour) {
  if (oi == null) return ""
  let html = `<rect x="${left}" y="${r1(top)}" width="${r1(Math.max(w(oi), 0.5))}" height="${thick}" fill="var(--${colour})" opacity=".5"/>`
  if (change > 0) html += `<rect x="${r1(left + w(oi - Math.min(change, oi)))}" y="${r1(top)}" width="${r1(w(Math.min(change, oi)))}" height="${thick}" fill="var(--${colour})"/>`
  if (change < 0) html += `<rect x="${r1(left + w(oi))}" y="${r1(top + 0.5)}" width="${r1(w(-change))}" height="${thick - 1}" fill="none" stroke="var(--${colour})" stroke-dasharray="2 2"/>`
  return html
}

function pricePath(data, y, right, height) {
  const day = data.day
  let html = ""
  let now = right - 6
  if (day?.t.length) {
    const x = linear(day.t[0], Math.max(day.t.at(-1), day.t[0] + HOUR_S), 2, right - 6)
    now = x(day.t.at(-1)) // in the first hour the curve has not come to the right end
    html += `<path d="${linePath(day.t, day.spot, x, y)}" fill="none" stroke="var(--tx)" stroke-width="1.3" stroke-linejoin="round"/>`
    const first = Math.ceil(day.t[0] / HOUR_S) * HOUR_S
    const every = Math.max(1, Math.ceil(((day.t.at(-1) - day.t[0]) / HOUR_S) * 40 / right)) * HOUR_S
    for (let s = first; s <= day.t.at(-1); s += every) if (x(s) > 14 && x(s) < right - 10) html += svgText(x(s), height - 3, minuteText(s), "middle")
  }
  if (data.spot == null) return html
  return `${html}<line x1="2" x2="100%" y1="${r1(y(data.spot))}" y2="${r1(y(data.spot))}" stroke="var(--tx2)" stroke-dasharray="2 2" opacity=".7"/><circle class="now" cx="${r1(now)}" cy="${r1(y(data.spot))}" r="3.2" fill="var(--tx)"/>`
}

const HEAT_LEVELS = 10
const HEAT_MOST = 0.55

function makeHeatPlot() {
  return makePlot({
    name: "heat", title: "OI change", sub: "call over put", keys: [["added", "c2"], ["removed", "c1"]],
    draw: (data, width, height, plot) => {
      const { heat } = data
      const left = 46
      const box = { left, right: width - 6, top: 2, bottom: height - 34 }
      const x = linear(data.opens, Math.max(data.now, data.opens + HOUR_S / 2), box.left, box.right)
      const row = (box.bottom - box.top) / heat.k.length
      const top = (i) => box.bottom - row * (i + 1)
      const cells = new Map()
      const add = (values, i, y, tall) => values.forEach((v, n) => {
        if (!v) return
        const level = Math.max(1, Math.round((Math.abs(v) / heat.widest) ** 0.7 * HEAT_LEVELS))
        const key = `${v > 0 ? "c2" : "c1"} ${level}`
        const from = x(heat.from[n])
        cells.set(key, `${cells.get(key) ?? ""}M${r1(from)} ${r1(y)}h${r1(Math.max(x(heat.to[n]) - from + 0.2, 0.5))}v${r1(tall)}h${r1(from - x(heat.to[n]) - 0.2)}z`)
      })
      const half = (row - 3) / 2
      let html = ""
      heat.k.forEach((k, i) => {
        add(heat.c[i], i, top(i) + 1, half)
        add(heat.p[i], i, top(i) + 1 + half + 0.5, half)
        html += svgText(left - 5, top(i) + row / 2 + 3.5, grouped(k), "end", k === data.atm ? 'class="ax on"' : 'class="ax"')
      })
      for (const [key, path] of cells) {
        const [colour, level] = key.split(" ")
        html += `<path d="${path}" fill="var(--${colour})" opacity="${r2((HEAT_MOST * level) / HEAT_LEVELS)}"/>`
      }
      plot.cell = (px, py) => {
        const second = linear(box.left, box.right, data.opens, Math.max(data.now, data.opens + HOUR_S / 2))(px)
        const n = heat.from.findLastIndex((from) => from <= second)
        const i = Math.floor((box.bottom - py) / row)
        return n >= 0 && second <= data.now && i >= 0 && i < heat.k.length ? { n, i } : null
      }
      const span = { ...data, closes: data.now }
      return html + hourTicks(span, x, height - 20) + heatScale(heat, width, height)
    },
    tell: (data, px, py, plot) => {
      const { heat } = data
      const cell = plot.cell?.(px, py)
      if (!cell) return { lines: ["OI change by strike and time", `each cell: OI at its end − OI at ${heat.base}`, "call above, put below"] }
      const { i, n } = cell
      return { lines: [
        `${grouped(heat.k[i])} at ${minuteText(heat.to[n])}`,
        `call ${signedText(heat.c[i][n])} L · put ${signedText(heat.p[i][n])} L`,
        `OI at the end of the cell − OI at ${heat.base}`, "from closed minutes, five a cell"] }
    },
  })
}

const r2 = (value) => Math.round(value * 100) / 100

function heatScale(heat, width, height) {
  let html = ""
  const wide = Math.min(140, width - 130)
  const left = (width - wide) / 2
  const step = wide / (2 * HEAT_LEVELS + 1)
  for (let level = -HEAT_LEVELS; level <= HEAT_LEVELS; level++) {
    html += `<rect x="${r1(left + (level + HEAT_LEVELS) * step)}" y="${height - 13}" width="${r1(step)}" height="8" fill="var(--${level < 0 ? "c1" : "c2"})" opacity="${r2((HEAT_MOST * Math.abs(level)) / HEAT_LEVELS)}"/>`
  }
  const most = `${grouped(heat.widest, heat.widest < 10 ? 1 : 0)} L`
  return html + svgText(left - 5, height - 5, `−${most}`, "end") + svgText(left + wide + 5, height - 5, `+${most}`)
}
