// Nodes: made once, changed only where the text changed.

function el(tag, attributes = {}, ...kids) {
  const [name, ...classes] = tag.split(".")
  const node = document.createElement(name || "div")
  if (classes.length) node.className = classes.join(" ")
  if (node.tagName === "BUTTON") node.type = "button"
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value)
    else if (key === "html") node.innerHTML = value
    else setAttr(node, key, value)
  }
  node.append(...kids.filter((kid) => kid != null))
  return node
}

function setAttr(node, key, value) {
  const text = value === true ? "" : value
  if (value == null || value === false) {
    if (node.hasAttribute(key)) node.removeAttribute(key)
  } else if (node.getAttribute(key) !== String(text)) node.setAttribute(key, text)
}

function setText(node, text) {
  const value = text ?? ""
  if (node.shown === value) return false
  node.shown = value
  node.textContent = value
  return true
}

function setHtml(node, html) {
  if (node.drawn === html) return
  node.drawn = html
  node.innerHTML = html
}

function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden
}

function setClass(node, name, on) {
  node.classList.toggle(name, Boolean(on))
}

// Keep one node a key, in the order of `items`; `update` gets the node and its item.
function keyed(parent, items, key, make, update) {
  const kept = (parent.kept ??= new Map())
  const wanted = new Set()
  let place = parent.firstChild
  for (const [index, item] of items.entries()) {
    const id = String(key(item, index))
    wanted.add(id)
    let node = kept.get(id)
    if (!node) kept.set(id, (node = make(item, index)))
    if (node !== place) parent.insertBefore(node, place)
    place = node.nextSibling
    update(node, item, index)
  }
  for (const [id, node] of kept) {
    if (wanted.has(id)) continue
    node.remove()
    kept.delete(id)
  }
}

function icon(name, size = 16) {
  return `<svg width="${size}" height="${size}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[name]}</svg>`
}

const ICONS = {
  replay: '<path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.5v2.6h2.6"/><path d="M8 5.5V8l1.8 1.2"/>',
  live: '<circle class="dot" cx="8" cy="8" r="3.2" fill="currentColor" stroke="none"/><circle cx="8" cy="8" r="6"/>',
  mock: '<path d="M8 2.2 14.2 13H1.8zM8 6.4v3.2M8 11.3v.2"/>',
  search: '<circle cx="7" cy="7" r="4"/><path d="m10 10 3.5 3.5"/>',
  sun: '<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"/>',
  calendar: '<rect x="2.5" y="3.5" width="11" height="10" rx="1.5"/><path d="M2.5 6.5h11M5.5 2v2.5M10.5 2v2.5"/>',
  down: '<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>',
  back: '<path d="M11.5 3.5 6 8l5.5 4.5zM4.5 3.5v9"/>',
  ahead: '<path d="M4.5 3.5 10 8l-5.5 4.5zM11.5 3.5v9"/>',
  play: '<path d="M5.5 3.2v9.6L13 8z" fill="currentColor"/>',
  pause: '<path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2.4"/>',
  clock: '<circle cx="8" cy="8" r="5.6"/><path d="M8 5v3.2l2.2 1.3"/>',
  eye: '<path d="M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8z"/><circle cx="8" cy="8" r="1.8"/>',
  cross: '<path d="m4 4 8 8M12 4l-8 8"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8" rx="1.3"/><path d="M10.5 5.5v-3h-8v8h3"/>',
  lock: '<rect x="3.5" y="7" width="9" height="6.5" rx="1.4"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
  late: '<path d="M8 2.4 14.4 13H1.6z" fill="currentColor"/>',
  desk: '<rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="9" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="2.5" y="9" width="4.5" height="4.5" rx="1"/><rect x="9" y="9" width="4.5" height="4.5" rx="1"/>',
  chain: '<path d="M8 2.5v11M5.5 4h-3M5.5 8H3.5M5.5 12h-2M10.5 4h2M10.5 8h3M10.5 12h1.5"/>',
  rows: '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
  person: '<circle cx="8" cy="5" r="2.7"/><path d="M2.8 13.8c.6-3 2.6-4.3 5.2-4.3s4.6 1.3 5.2 4.3"/>',
}

const LOGO =
  '<svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true"><path d="M2.5 19.5 9 13l3.6 3.4L21 6.5" fill="none" stroke="var(--tx)" stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round"/><path d="M14.6 5.2h7.2v7.2z" fill="var(--ac)"/><path d="M2.5 8.5h6.2M2.5 4.5h9.2" stroke="var(--ac)" stroke-width="2" stroke-linecap="round"/></svg>'

const SHAPES = {
  bullish: '<path d="M6 1.2 11.4 10.8H.6z" fill="currentColor"/>',
  bearish: '<path d="M6 10.8.6 1.2h10.8z" fill="currentColor"/>',
  neutral: '<path d="M6 .8 11.2 6 6 11.2.8 6z" fill="none" stroke="currentColor" stroke-width="1.6"/>',
  insufficient: '<circle cx="6" cy="6" r="4.7" fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2.2 2"/>',
  failed: '<path d="m2.5 2.5 7 7M9.5 2.5l-7 7" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>',
  loading: "",
}
SHAPES.absent = SHAPES.insufficient

function shape(state, size = 12) {
  return `<svg width="${size}" height="${size}" viewBox="0 0 12 12" aria-hidden="true">${SHAPES[state] ?? ""}</svg>`
}

const STATE_COLOUR = { bullish: "up", bearish: "dn", neutral: "fl", insufficient: "t2" }

const MARKS = {
  final: '<svg width="8" height="8" aria-hidden="true"><rect width="8" height="8" rx="1.5" fill="currentColor"/></svg>',
  forming: '<svg width="9" height="9" aria-hidden="true"><circle cx="4.5" cy="4.5" r="3.7" fill="none" stroke="currentColor" stroke-width="1.3" stroke-dasharray="2 1.4"/></svg>',
}

const HEALTH = {
  flowing: '<svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><circle cx="4" cy="4" r="3.4" fill="var(--bull)"/></svg>',
  late: '<svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><path d="M4.5 .6 8.6 8H.4z" fill="var(--warn)"/></svg>',
  down: '<svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><path d="m1.5 1.5 6 6m0-6-6 6" stroke="var(--bear)" stroke-width="1.8"/></svg>',
  off: '<svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><circle cx="4.5" cy="4.5" r="3" fill="none" stroke="var(--tx3)" stroke-width="1.2"/></svg>',
}

function chips(parent, items) {
  keyed(parent, items, (chip) => chip.text, () => el("span.chip"), (node, chip) => {
    setText(node, chip.text)
    const name = chip.kind ? `chip ${chip.kind}` : "chip"
    if (node.className !== name) node.className = name
    setAttr(node, "title", chip.title)
  })
}
