// Small drawings: scales, ticks, lines, and a pane that redraws itself when it is resized.

const HOUR_S = 3600

function linear(from, to, low, high) {
  const span = to - from || 1
  return (value) => low + ((value - from) / span) * (high - low)
}

function extent(...lists) {
  let low = Infinity
  let high = -Infinity
  for (const list of lists) {
    for (const value of list) {
      if (value == null) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low > high ? null : [low, high]
}

function widened([low, high], share, least) {
  const room = Math.max((high - low) * share, (least - (high - low)) / 2, 0)
  return [low - room, high + room]
}

function niceTicks(low, high, count) {
  const raw = (high - low) / Math.max(count, 1)
  const size = 10 ** Math.floor(Math.log10(raw || 1))
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((one) => one >= raw) ?? size
  const ticks = []
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(Math.round(tick * 1e6) / 1e6)
  return ticks
}

const r1 = (value) => Math.round(value * 10) / 10
const svgText = (x, y, text, anchor = "start", more = 'class="ax"') => `<text x="${r1(x)}" y="${r1(y)}" text-anchor="${anchor}" ${more}>${text}</text>`
const grouped = (value, digits = 0) => value == null ? "—" : value.toLocaleString("en-IN", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−")
const signedText = (value, digits = 1) => value == null ? "—" : (value > 0 ? "+" : "") + grouped(value, digits)
const minuteText = (second) => clockText(second).slice(0, 5)

// A line with a gap wherever a value is unknown.
function linePath(xs, ys, x, y, stepped = false) {
  let path = ""
  let pen = false
  for (let i = 0; i < xs.length; i++) {
    if (ys[i] == null) { pen = false; continue }
    const [px, py] = [r1(x(xs[i])), r1(y(ys[i]))]
    path += pen ? (stepped ? `H${px}V${py}` : `L${px} ${py}`) : `M${px} ${py}`
    pen = true
  }
  return path
}

function hourTicks(data, x, y) {
  let out = ""
  const step = x(data.opens + HOUR_S) - x(data.opens) < 34 ? 2 : 1
  for (let second = Math.ceil(data.opens / HOUR_S) * HOUR_S; second <= data.closes; second += HOUR_S * step) {
    if (x(second) - x(data.opens) > 12 && x(data.closes) - x(second) > 12) out += svgText(x(second), y, minuteText(second), "middle")
  }
  return out
}

// One y range over the day: grid, its labels at the right, lines, a dot where each ends.
function dayPanel(data, box, series, { ticks = 3, digits = 2, marks = [], least = 0 } = {}) {
  const found = extent(...series.map((one) => one.values), marks.map(([value]) => value))
  if (!found) return { html: svgText(box.left, (box.top + box.bottom) / 2, "Not known yet") }
  const [low, high] = widened(found, 0.08, least)
  const x = linear(data.opens, data.closes, box.left, box.right)
  const y = linear(low, high, box.bottom, box.top)
  let html = ""
  for (const tick of niceTicks(low, high, ticks)) {
    html += `<line class="gx" x1="${box.left}" x2="${box.right}" y1="${r1(y(tick))}" y2="${r1(y(tick))}"/>${svgText(box.right + 4, y(tick) + 3.5, grouped(tick, digits))}`
  }
  for (const [value, colour] of marks) {
    html += `<line x1="${box.left}" x2="${box.right}" y1="${r1(y(value))}" y2="${r1(y(value))}" stroke="var(--${colour})" stroke-dasharray="3 3"/>`
  }
  for (const one of series) {
    const path = linePath(data.t, one.values, x, y, one.stepped)
    html += `<path d="${path}" fill="none" stroke="var(--${one.colour})" stroke-width="${one.width ?? 1.6}" stroke-linejoin="round"${one.dashed ? ' stroke-dasharray="4 3"' : ""}/>`
    const last = one.values.length - 1
    if (one.values[last] != null) html += `<circle cx="${r1(x(data.t[last]))}" cy="${r1(y(one.values[last]))}" r="2.5" fill="var(--${one.colour})"/>`
  }
  return { html, x }
}

function nearest(list, value) {
  let best = -1
  let away = Infinity
  list.forEach((one, i) => {
    if (Math.abs(one - value) < away) { away = Math.abs(one - value); best = i }
  })
  return best
}

// `draw(data, width, height, plot)` gives the drawing; `tell(data, x, y, plot)` what stands there.
function makePlot({ title, sub = "", keys = [], draw, tell, name }) {
  const plot = { data: null, title: el("h2", {}, title), sub: el("span.mu.sub", {}, sub), mock: el("span.chip.mock", { hidden: true }, "MOCK") }
  plot.art = el("div.art")
  plot.cross = el("i.cross", { hidden: true })
  plot.now = el("i.nowline", { hidden: true })
  plot.none = el("div.none-yet", { hidden: true })
  plot.box = el("div.pb", {}, plot.art, plot.now, plot.cross, plot.none)
  const legends = keys.map(([text, colour, dashed]) => el("span.leg", {}, el(`i.sw${dashed ? ".dashed" : ""}`, { style: `color:var(--${colour})` }), text))
  plot.keys = el("span.keys2", {}, ...legends)
  plot.head = el("div.ph", {}, plot.title, plot.mock, plot.sub, plot.keys)
  plot.root = el(`section.pane.pp.${name}`, { "aria-label": title }, plot.head, plot.box)
  plot.paint = () => {
    const { clientWidth: width, clientHeight: height } = plot.box
    if (!plot.data || width < 60 || height < 40) return
    setHtml(plot.art, `<svg width="${width}" height="${height}" role="img" aria-label="${title}">${draw(plot.data, width, height, plot)}</svg>`)
    if (plot.second != null) plot.playhead(plot.second)
  }
  plot.update = (data, reason = "") => {
    setHidden(plot.none, data != null)
    for (const part of [plot.art, plot.keys]) setHidden(part, data == null)
    setText(plot.none, reason)
    plot.data = data
    plot.paint()
    if (data == null) setHidden(plot.now, true)
  }
  plot.playhead = (second) => {
    plot.second = second
    const there = plot.time && plot.data && second <= plot.data.closes
    setHidden(plot.now, !there)
    if (there) plot.now.style.cssText = `left:${r1(plot.time.x(second))}px;right:${r1(plot.box.clientWidth - plot.time.right)}px`
  }
  plot.watch = new ResizeObserver(plot.paint)
  plot.watch.observe(plot.box)
  plot.box.tells = (event) => {
    if (!plot.data || !event) return plot.data && tell ? tell(plot.data, plot.box.clientWidth / 2, plot.box.clientHeight / 2, plot).lines : null
    const box = plot.box.getBoundingClientRect()
    const told = tell(plot.data, event.clientX - box.left, event.clientY - box.top, plot)
    setHidden(plot.cross, told?.x == null)
    if (told?.x != null) plot.cross.style.left = `${r1(told.x)}px`
    return told?.lines
  }
  plot.box.leaves = () => setHidden(plot.cross, true)
  return plot
}
