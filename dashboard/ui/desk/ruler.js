// Where a number stands: bands between thresholds, ticks, a pointer. Places are percents.

const LETTER_PX = 5.6
const LABEL_ROWS = 3

function makeRuler(small = false) {
  const part = { bands: el("div.rb"), ticks: el("div.rt2"), pointer: el("span.rp", {}, el("b.num")), ends: el("div.re", {}, el("span"), el("span")) }
  const root = el(small ? "div.ruler.small" : "div.ruler", {}, part.pointer, part.bands, part.ticks, part.ends)
  root.refs = part
  return root
}

function updateRuler(root, data) {
  const part = root.refs
  setHidden(root, !data)
  if (!data) return
  keyed(part.bands, data.bands, (_, i) => i, () => el("i", {}, el("span")), (node, band) => {
    place(node, band.x, band.w)
    node.className = band.kind
    const on = data.pointer && data.pointer.x >= band.x && data.pointer.x < band.x + band.w
    setClass(node, "on", on)
    setText(node.firstChild, band.name)
  })
  const rows = labelRows(data.ticks, root.clientWidth || 520)
  keyed(part.ticks, data.ticks, (tick, i) => `${i}${tick.text}`, () => el("span"), (node, tick, i) => {
    place(node, tick.x)
    setText(node, rows[i] < 0 ? "" : tick.text)
    setAttr(node, "data-row", Math.max(rows[i], 0))
    setAttr(node, "title", tick.title)
  })
  setClass(root, "named", data.bands.some((band) => band.name))
  setAttr(root, "data-rows", Math.max(0, ...rows))
  setHidden(part.pointer, !data.pointer)
  if (data.pointer) {
    place(part.pointer, data.pointer.x)
    setClass(part.pointer, "left", data.pointer.x > 70)
    setText(part.pointer.firstChild, data.pointer.text)
  }
  Array.from(part.ends.children).forEach((node, i) => setText(node, data.ends[i]))
}

function place(node, x, w) {
  if (node.style.left !== `${x}%`) node.style.left = `${x}%`
  if (w != null) node.style.width = `${w}%`
}

// Labels side by side in as few rows as hold them; one that fits nowhere is left to its tick.
function labelRows(ticks, width) {
  const ends = Array(LABEL_ROWS).fill(-Infinity)
  return ticks.map((tick) => {
    const half = (tick.text.length * LETTER_PX + 6) / 2
    const middle = (tick.x / 100) * width
    const row = ends.findIndex((end) => middle - half >= end)
    if (row >= 0) ends[row] = middle + half
    return row
  })
}
