// What is written over the candles: last prices, labels of levels, tags on the axis.

const TAG = 16 // px from tag to tag
const PANE_TAG = 13
const SMALL = 480 // px: a phone
const ABREAST = 3 // labels of levels that are too near for one each

function node(style, ...children) {
  const made = document.createElement("div")
  made.style.cssText = style
  made.append(...children)
  return made
}

const FONT = "font:10px/14px -apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif;font-variant-numeric:tabular-nums;white-space:nowrap;"

class Words {
  constructor(models, panes) {
    this.models = models
    this.panes = panes
    this.made = new Map()
  }

  get layers() {
    return this.made.values()
  }

  layer(plot) {
    if (!this.made.has(plot)) {
      const layer = node(`${FONT}position:absolute;inset:0`)
      plot.elements[0].html = layer
      this.made.set(plot, layer)
    }
    return this.made.get(plot)
  }

  write(facts, pointed) {
    const { price } = this.models
    this.facts = facts
    this.ink = facts.colours
    this.width = price.inner_width
    this.isSmall = price.outer_width < SMALL
    const parts = [...this.levels(), ...this.tags(), ...this.breaks(), ...this.head(pointed), ...this.mock(), ...this.empty()]
    const { open, lowest } = this.panes
    if (price === lowest) parts.push(...this.dates(price))
    this.layer(price).replaceChildren(...parts)
    for (const { plot, pane } of open) {
      const words = pane.id === "volume" ? this.volume(plot, pane, pointed) : this.pane(plot, pane, pointed)
      this.layer(plot).replaceChildren(...words, ...(plot === lowest ? this.dates(plot) : []))
    }
  }

  y(value) {
    const { start, end } = this.models.price.y_range
    return this.models.price.inner_height * (1 - (value - start) / (end - start))
  }

  x(value) {
    const { start, end } = this.models.price.x_range
    return (this.width * (value - start)) / (end - start)
  }

  row(pointed) {
    const { bars, live } = this.models
    const count = bars.data.x.length
    const formed = Number.isFinite(live.data.x[0])
    const wanted = pointed === null ? Infinity : Math.round(pointed)
    const isLive = formed && wanted >= count
    const source = isLive ? live : bars
    const at = isLive ? 0 : Math.max(0, Math.min(count - 1, wanted))
    const names = ["ms", "open", "high", "low", "close", "volume", "filled"]
    return { isLive, ...Object.fromEntries(names.map((name) => [name, source.data[name][at]])) }
  }

  head(pointed) {
    if (this.isSmall && pointed === null) return []
    const bar = this.row(pointed)
    if (!Number.isFinite(bar.close)) return []
    const { tx, tx2, tx3, s1 } = this.ink
    const ring = `<svg width="9" height="9" style="margin-right:4px"><circle cx="4.5" cy="4.5" r="3.7" fill="none" stroke="currentColor" stroke-width="1.3" stroke-dasharray="2 1.4"/></svg>`
    const line = node(`position:absolute;left:8px;top:3px;font-size:11px;line-height:16px;display:flex;flex-wrap:wrap;gap:0 12px;max-width:${this.width - 12}px;color:${tx2};padding:0 4px;border-radius:3px;background:${s1}cc`)
    line.dataset.part = "head"
    const title = document.createElement("b")
    title.style.color = tx
    title.textContent = this.facts.title
    const when = document.createElement("span")
    when.innerHTML = bar.isLive ? ring : ""
    when.append(`${clock(bar.ms)}${bar.isLive ? " forming" : ""}`)
    line.append(...(this.isSmall ? [when] : [title, when]))
    for (const [letter, value] of [["O", bar.open], ["H", bar.high], ["L", bar.low], ["C", bar.close]]) {
      const cell = document.createElement("span")
      const name = document.createElement("span")
      name.style.color = tx3
      name.textContent = `${letter} `
      cell.append(name, price(value, this.isSmall))
      line.append(cell)
    }
    const gap = pointed === null ? null : this.facts.gaps.find(({ x0, x1 }) => pointed >= x0 && pointed <= x1)
    if (bar.filled) line.append(this.remark("backfilled"))
    if (gap) line.append(this.remark(`nothing received for ${gap.text}: ${gap.why}`))
    if (this.facts.basis && !this.isSmall) line.append(this.chip(this.facts.basis))
    return [line]
  }

  remark(text) {
    const made = node(`color:${this.ink.warn};overflow:hidden;text-overflow:ellipsis`)
    made.textContent = text
    made.dataset.part = "remark"
    return made
  }

  // How long nothing was received, at the foot of the hatching.
  breaks() {
    const shown = this.facts.gaps.map(({ x0, x1, text }) => ({ at: this.x((x0 + x1) / 2), text }))
    return shown.filter(({ at }) => at > 8 && at < this.width - 8).map(({ at, text }) => {
      const label = node(`position:absolute;left:${at}px;top:${this.models.price.inner_height - 16}px;transform:translateX(-50%);padding:0 3px;border-radius:2px;background:${this.ink.s1}cc;font-weight:600;color:${this.ink.warn}`)
      label.textContent = `gap ${text}`
      label.dataset.part = "gap"
      return label
    })
  }

  chip(text) {
    const made = node(`font-size:10px;font-weight:600;line-height:14px;padding:0 4px;border-radius:3px;box-shadow:inset 0 0 0 1px ${this.ink.tx3};color:${this.ink.tx2}`)
    made.textContent = text
    made.title = "Levels of the future, less its basis to the index"
    return made
  }

  levels() {
    const rows = []
    const right = this.models.price.outer_width - this.width + 4
    for (const level of this.facts.levels) {
      const y = this.y(level.y)
      if (y < 20 || y > this.models.price.inner_height) continue
      const label = node(`display:inline-block;margin-left:4px;padding:0 2px;border-radius:2px;background:${this.ink.s1}99;font-weight:600;color:${this.ink[level.colour]};text-shadow:0 0 3px ${this.ink.s1},0 0 3px ${this.ink.s1}`)
      label.textContent = level.label
      label.dataset.part = "level"
      const row = rows.find((other) => Math.abs(other.y - y) < 13)
      if (!row) rows.push({ y, labels: [label] })
      else if (row.labels.length < ABREAST) row.labels.unshift(label)
    }
    const place = this.isSmall ? "left:-2px" : `right:${right}px`
    return rows.map(({ y, labels }) => node(`position:absolute;${place};top:${y - 14}px;line-height:13px`, ...labels))
  }

  tags() {
    const last = this.models.live.data.price[0]
    const wanted = this.facts.tags.map((tag) => ({ ...tag, weight: tag.leads ? 1 : 0 }))
    if (Number.isFinite(last)) wanted.push({ text: "", y: last, colour: "tx", leads: true, weight: 2 })
    const height = this.models.price.inner_height
    const shown = wanted
      .map((tag) => ({ ...tag, at: this.y(tag.y) }))
      .filter((tag) => tag.weight === 2 || (tag.at > -4 && tag.at < height + 4))
      .sort((a, b) => a.at - b.at)
    spread(shown, TAG, TAG / 2, height - TAG / 2)
    this.tagged = shown.map((tag) => tag.at)
    return shown.map((tag) => this.tag(tag))
  }

  tag(tag) {
    const ink = this.ink[tag.colour]
    const look = tag.leads ? `background:${ink};color:${tag.weight === 2 ? this.ink.bg : this.ink.s1};font-weight:${tag.weight === 2 ? 700 : 600}` : `background:${this.ink.s1};color:${ink};font-weight:500;box-shadow:inset 0 0 0 1px ${ink}99`
    const room = this.models.price.outer_width - this.width - 3
    const made = node(`position:absolute;left:${this.width + 1}px;width:${room}px;top:${tag.at - 7.5}px;height:15px;line-height:15px;border-radius:2px;display:flex;justify-content:space-between;padding:0 4px;box-sizing:border-box;${look}`)
    made.dataset.part = "tag"
    for (const text of [tag.text, price(tag.y, this.isSmall)]) {
      const cell = document.createElement("span")
      cell.textContent = text
      made.append(cell)
    }
    return made
  }

  dates(plot) {
    const top = plot.inner_height + 3
    const shown = this.facts.sessions.map((session) => ({ at: this.x(session.x), text: session.text }))
    return shown.filter(({ at }) => at > -2 && at < this.width - 36).map(({ at, text }) => {
      const label = node(`position:absolute;left:${at + 5}px;top:${top}px;font-weight:600;color:${this.ink.tx2}`)
      label.textContent = text
      label.dataset.part = "date"
      return label
    })
  }

  volume(plot, pane, pointed) {
    const named = this.facts.contract && !this.isSmall ? `Volume · ${this.facts.contract}` : "Volume"
    const last = node(`position:absolute;right:6px;top:${plot.inner_height - 14}px;color:${this.ink.tx3}`)
    last.textContent = lakh(this.row(pointed).volume)
    last.dataset.part = "lakh"
    const own = pane.label ? [[pane.label, "tx3"]] : []
    return [this.title([[named, "tx2"], ...this.readings(plot, pane, pointed), ...own], "volume"), ...this.usual(plot, pane), last]
  }

  // Where the scale of ratios has its one: as much as usual.
  usual(plot, pane) {
    const end = ratioOf(plot)?.end
    if (!pane.curves.length || !(end > 0)) return []
    const label = node(`position:absolute;left:${this.width + 4}px;top:${plot.inner_height * (1 - 1 / end) - 7}px;color:${this.ink.tx3}`)
    label.textContent = "1×"
    label.dataset.part = "guide"
    return [label]
  }

  // What a pane shows, its guides, and where its curves are now.
  pane(plot, pane, pointed) {
    const shown = pane.label ? [[pane.label, "tx3"]] : []
    const { start, end } = plot.y_range
    const at = (value) => plot.inner_height * (1 - (value - start) / (end - start))
    const tags = pane.curves.map((curve) => ({ ...curve, value: valueOf(plot, curve.column, null) }))
      .filter(({ value }) => Number.isFinite(value)).map((tag) => ({ ...tag, at: at(tag.value) }))
      .sort((a, b) => a.at - b.at)
    spread(tags, PANE_TAG, PANE_TAG / 2, plot.inner_height - PANE_TAG / 2)
    return [
      this.title([...this.readings(plot, pane, pointed), ...shown], "pane"),
      ...this.guides(plot, pane, at),
      ...tags.map((tag) => this.paneTag(tag)),
    ]
  }

  readings(plot, pane, pointed) {
    const lines = [...pane.curves].sort((a, b) => Boolean(a.bars) - Boolean(b.bars))
    return lines.map(({ column, label, colour, digits, bars }) => [`${label} ${decimals(valueOf(plot, column, pointed), digits)}`, bars ? "tx2" : colour])
  }

  title(parts, name) {
    const line = node(`position:absolute;left:6px;top:1px;display:flex;gap:10px;padding:0 2px;border-radius:3px;background:${this.ink.s1}cc`)
    line.dataset.part = name
    for (const [text, colour] of parts) {
      const cell = node(`color:${this.ink[colour]}`)
      cell.textContent = text
      line.append(cell)
    }
    return line
  }

  guides(plot, pane, at) {
    const taken = []
    const wanted = [...pane.framed, ...pane.guides]
    return wanted.map((value) => ({ value, top: at(value) })).filter(({ top }) => {
      const isFree = top > 5 && top < plot.inner_height - 4 && taken.every((other) => Math.abs(other - top) >= UNDER)
      if (isFree) taken.push(top)
      return isFree
    }).map(({ value, top }) => {
      const label = node(`position:absolute;left:${this.width + 4}px;top:${top - 7}px;color:${this.ink.tx3}`)
      label.textContent = grouped.format(value)
      label.dataset.part = "guide"
      return label
    })
  }

  paneTag({ value, at, colour, digits, bars }) {
    const made = node(`position:absolute;right:6px;top:${at - 7}px;font-weight:600;background:${this.ink.s1};color:${this.ink[bars ? "tx2" : colour]}`)
    made.textContent = decimals(value, digits)
    made.dataset.part = "value"
    return made
  }

  empty() {
    if (!this.facts.empty) return []
    const words = node(`position:absolute;inset:0;display:grid;place-items:center;text-align:center;white-space:normal;padding:0 16px;font-size:13px;line-height:20px;color:${this.ink.tx2}`)
    words.textContent = this.facts.empty
    words.dataset.part = "empty"
    return [words]
  }

  mock() {
    if (!this.facts.word) return []
    const size = this.isSmall ? 56 : 96
    const word = node(`position:absolute;left:0;top:0;width:${this.width}px;height:100%;display:grid;place-items:center;font-size:${size}px;line-height:${size}px;font-weight:700;letter-spacing:12px;opacity:.16;color:${this.ink.mock}`)
    word.textContent = this.facts.word
    word.dataset.part = "mock"
    return [word]
  }
}

// Move sorted places apart so that none is closer than `gap`, within low and high: places
// that touch become a block, and a block stands where its members want to be on average.
function spread(places, gap, low, high) {
  const blocks = []
  for (const place of places) {
    let block = { members: [place], wish: place.at }
    while (blocks.length && blocks.at(-1).wish + gap * blocks.at(-1).members.length > block.wish) {
      const above = blocks.pop()
      const members = [...above.members, ...block.members]
      const sum = members.reduce((total, one, i) => total + one.at - i * gap, 0)
      block = { members, wish: sum / members.length }
    }
    block.wish = Math.max(low, Math.min(block.wish, high - gap * (block.members.length - 1)))
    blocks.push(block)
  }
  for (const { members, wish } of blocks) members.forEach((one, i) => { one.at = wish + i * gap })
}
