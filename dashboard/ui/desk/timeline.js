// The day as one strip: phases, price silhouette, gaps, flips, playhead; drag, click, wheel.

const TL_TOP = 13
const TL_HEIGHT = 20
const TL_LABEL_GAP = 52
const WHEEL_MS = 140

class Timeline {
  constructor(desk) {
    this.desk = desk
    this.data = null
    this.at = 0
    this.drag = null
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    this.tip = el("span.tip", { hidden: true })
    this.root = el("div.tl", { role: "slider", tabindex: "0", "aria-label": "Time of the day" }, this.svg, this.tip)
    this.root.addEventListener("pointerdown", (event) => this.grab(event))
    this.root.addEventListener("pointermove", (event) => this.move(event))
    this.root.addEventListener("pointerup", (event) => this.release(event))
    this.root.addEventListener("pointercancel", () => this.cancel())
    this.root.addEventListener("pointerleave", () => this.drag == null && setHidden(this.tip, true))
    this.root.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    this.watch = new ResizeObserver(() => this.draw())
    this.watch.observe(this.root)
  }

  update(data) {
    this.data = data
    this.draw()
  }

  // `at` in seconds of the day.
  moveTo(at) {
    this.at = at
    if (this.drag == null) this.place(at)
  }

  get width() {
    return this.root.clientWidth
  }

  x(second) {
    const { start, end } = this.data
    return Math.round(((second - start) / (end - start)) * this.width * 10) / 10
  }

  second(event) {
    const { start, end } = this.data
    const share = (event.clientX - this.root.getBoundingClientRect().left) / this.width
    const clamped = Math.min(Math.max(share, 0), 1)
    return Math.min(Math.round(start + clamped * (end - start)), Math.max(this.desk.now.edge, start))
  }

  grab(event) {
    if (!this.data || event.button) return
    this.root.setPointerCapture(event.pointerId)
    this.drag = this.second(event)
    this.show(this.drag)
  }

  move(event) {
    if (!this.data) return
    const second = this.second(event)
    if (this.drag != null) {
      this.drag = second
      this.show(second)
    } else this.hint(second)
  }

  release(event) {
    if (this.drag == null) return
    const second = this.second(event)
    this.drag = null
    setHidden(this.tip, true)
    this.place(second)
    this.desk.seek(second)
  }

  cancel() {
    this.drag = null
    setHidden(this.tip, true)
    this.place(this.at)
  }

  show(second) {
    this.place(second)
    this.hint(second)
  }

  hint(second) {
    setHidden(this.tip, false)
    setText(this.tip, clockText(second))
    this.tip.style.left = `${Math.min(Math.max(this.x(second), 26), this.width - 26)}px`
  }

  wheel(event) {
    if (!this.data) return
    event.preventDefault()
    const step = (event.deltaY || event.deltaX) > 0 ? 60 : -60
    const { start } = this.data
    this.wheeled = Math.min(Math.max((this.wheeled ?? this.at) + step, start), this.desk.now.edge)
    this.show(this.wheeled)
    clearTimeout(this.wheeling)
    this.wheeling = setTimeout(() => {
      this.desk.seek(this.wheeled)
      this.wheeled = null
      setHidden(this.tip, true)
    }, WHEEL_MS)
  }

  place(second) {
    if (!this.head || !this.width || this.wheeled != null && second === this.at && second !== this.wheeled) return
    const x = Math.min(Math.max(this.x(second), 0), this.width)
    this.head.setAttribute("transform", `translate(${x} 0)`)
    this.past.setAttribute("width", Math.max(x, 0))
    this.done.setAttribute("width", Math.max(x, 0))
    this.ahead.setAttribute("x", x)
    setAttr(this.root, "aria-valuenow", Math.round(second))
    setAttr(this.root, "aria-valuetext", clockText(second))
  }

  draw() {
    if (!this.data || !this.width) return
    const { start, end } = this.data
    setAttr(this.root, "aria-valuemin", start)
    setAttr(this.root, "aria-valuemax", end)
    setAttr(this.svg, "width", this.width)
    setAttr(this.svg, "height", 46)
    this.taken = []
    const gaps = this.drawGaps()
    this.svg.innerHTML = [this.drawDefs(), this.drawBands(), this.drawPrice(), gaps, this.drawHours(), this.drawFlips(), this.drawHead()].join("")
    const find = (name) => this.svg.querySelector(name)
    Object.assign(this, { head: find(".head"), past: find(".past"), ahead: find(".ahead"), done: find(".done") })
    this.place(this.drag ?? this.at)
  }

  drawDefs() {
    return `<defs><pattern id="hatch" width="5" height="5" patternTransform="rotate(45)" patternUnits="userSpaceOnUse"><rect width="2" height="5" fill="var(--warn)"/></pattern>
      <clipPath id="clip-past"><rect class="past" height="46" width="0"/></clipPath><clipPath id="clip-ahead"><rect class="ahead" height="46" width="10000"/></clipPath></defs>`
  }

  // Captions share one line; a gap's comes before a phase's.
  claim(from, to) {
    if (this.taken.some(([a, b]) => from < b + 4 && to > a - 4)) return false
    this.taken.push([from, to])
    return true
  }

  drawBands() {
    const fill = { main: "var(--s2)", auction: "var(--acbg)" }
    return this.data.bands.map(({ label, title, kind, from, to }) => {
      const x = this.x(from)
      const width = Math.max(this.x(to) - x - 1, 1)
      const caption = label && this.claim(x, x + label.length * 7) ? `<text class="cap" x="${x + 1.5}" y="9">${label}</text>` : ""
      return `<rect x="${x + 0.5}" width="${width}" y="${TL_TOP}" height="${TL_HEIGHT}" rx="2" fill="${fill[kind] ?? "var(--s3)"}"><title>${title}</title></rect>${caption}`
    }).join("")
  }

  drawPrice() {
    const line = this.data.price.map(([second, level]) => `${this.x(second)},${Math.round((TL_TOP + 2 + (TL_HEIGHT - 5) * (1 - level / 100)) * 10) / 10}`).join(" ")
    const curve = (clip, colour) => `<polyline points="${line}" fill="none" stroke="var(${colour})" stroke-width="1.2" clip-path="url(#${clip})"/>`
    return curve("clip-ahead", "--line2") + curve("clip-past", "--tx2")
  }

  drawGaps() {
    return this.data.gaps.map(({ from, to, text, title }) => {
      const x = this.x(from)
      const width = Math.max(this.x(to) - x, 3)
      const middle = x + width / 2
      const label = this.claim(middle - 24, middle + 24) ? `<text x="${middle}" y="9" text-anchor="middle" style="font-size:9px;fill:var(--warn)">gap ${text}</text>` : ""
      return `<rect x="${x}" width="${width}" y="${TL_TOP}" height="${TL_HEIGHT}" fill="url(#hatch)"><title>${title}</title></rect>${label}`
    }).join("")
  }

  drawHours() {
    const { start, end } = this.data
    const every = [3600, 7200, 10800].find((s) => this.x(start + s) - this.x(start) >= TL_LABEL_GAP) ?? 14400
    const hours = []
    for (let s = Math.ceil(start / every) * every; s <= end; s += every) {
      const x = this.x(s)
      if (x > this.width - 12) continue
      hours.push(`<text class="ax" x="${Math.max(x, 0)}" y="44" text-anchor="${x < 14 ? "start" : "middle"}">${clockText(s).slice(0, 5)}</text>`)
    }
    return hours.join("")
  }

  drawFlips() {
    return this.data.flips.map(([second, sign]) => `<path transform="translate(${this.x(second) - 3.7} 25) scale(.62)" d="${sign > 0 ? "M6 1 11 9H1z" : "M6 9 1 1h10z"}" fill="var(${sign > 0 ? "--bull" : "--bear"})"><title>${clockText(second)}</title></path>`).join("")
  }

  drawHead() {
    return `<rect class="done" y="34" height="2" fill="var(--ac)" opacity=".55"/><g class="head"><line y1="6" y2="36" stroke="var(--ac)" stroke-width="2"/><path d="M-5 2h10v5l-5 5-5-5z" fill="var(--ac)"/></g>`
  }
}

function clockText(second) {
  const two = (n) => String(n).padStart(2, "0")
  const s = Math.max(0, Math.round(second))
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}

// "13:42", "13:42:18" or "1342" as seconds of the day, or null.
function readClock(text) {
  const found = /^\s*(\d{1,2}):?(\d{2})(?::?(\d{2}))?\s*$/.exec(text)
  if (!found) return null
  const [h, m, s] = [found[1], found[2], found[3] ?? "0"].map(Number)
  return h < 24 && m < 60 && s < 60 ? h * 3600 + m * 60 + s : null
}
