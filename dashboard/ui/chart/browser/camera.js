// Where the view stands: which bars, and between which prices.

const ROOM = 5 // empty bars at the right
const TAIL = 24 // bars of the session before
const FEWEST = 84
const MOST = 120
const FEW = 40 // a recording's first bars are not made wider than this many
const NARROWEST = 6.2 // px a bar at the start
const NEAR_CURVE = 0.35 // of the candles' height: a curve further away is not framed
const NEAR_LEVEL = 0.1
const HEAD = 26 // px for the line of prices at the top
const FOOT = 10

class Camera {
  constructor(models) {
    this.models = models
    this.following = true
    this.seen = { key: null, fit: null }
    this.placed = [NaN, NaN]
  }

  // A range that is not as it was placed was moved by a person.
  noticeHand() {
    const { start, end } = this.models.price.x_range
    if (start !== this.placed[0] || end !== this.placed[1]) this.following = false
  }

  frame(facts) {
    this.notice(facts)
    const last = this.lastRow()
    const fence = [-ROOM, Math.max(last, FEWEST) + 4 * ROOM]
    if (this.following || this.isLost(last)) {
      this.open(fence)
      this.follow(facts, last)
    }
    this.fence(fence)
    this.framePrices()
  }

  // A seek moves the view further than the old fence allows, and the fence would push it back.
  open(fence) {
    const range = this.models.price.x_range
    if (range.bounds && String(range.bounds) !== String(fence)) range.bounds = null
  }

  // A hand cannot drag the bars out of sight.
  fence(bounds) {
    const range = this.models.price.x_range
    if (String(range.bounds) !== String(bounds)) range.bounds = bounds
  }

  notice(facts) {
    const { key, fit } = this.seen
    if (facts.key !== key || facts.fit !== fit) this.following = true
    this.seen = { key: facts.key, fit: facts.fit }
  }

  lastRow() {
    const { live, bars } = this.models
    const x = live.data.x[0]
    return Number.isFinite(x) ? x : bars.data.x.length - 1
  }

  isLost(last) {
    const { start, end } = this.models.price.x_range
    return end < 0 || start > last
  }

  follow(facts, last) {
    const { price } = this.models
    const wish = Math.min(MOST, Math.max(FEWEST, last - facts.today + 1 + TAIL))
    const fits = Math.floor(price.inner_width / NARROWEST) - ROOM
    const end = last + ROOM + 0.5
    const there = Math.max(FEW, last + 1)
    this.place(end - Math.max(12, Math.min(wish, fits, there)) - ROOM, end)
  }

  place(start, end) {
    this.following = true
    this.placed = [start, end]
    const range = this.models.price.x_range
    if (range.start !== start || range.end !== end) range.setv({ start, end })
  }

  framePrices() {
    const { price, live } = this.models
    const candles = this.span([[this.models.bars, ["low", "high"]], [live, ["low", "high"]]])
    if (!(candles[1] >= candles[0])) return
    const height = Math.max(candles[1] - candles[0], candles[1] * 1e-4)
    const [low, high] = this.withOverlays(candles, height)
    const usable = Math.max(40, price.inner_height - HEAD - FOOT)
    const unit = Math.max(high - low, height * 0.2) / usable
    this.set(price.y_range, low - FOOT * unit, high + HEAD * unit)
  }

  // Curves and levels that are near are framed too; R3 far away must not flatten the candles.
  withOverlays([low, high], height) {
    const framed = [low, high]
    const take = (value, reach) => {
      if (value < low && value >= low - reach) framed[0] = Math.min(framed[0], value)
      if (value > high && value <= high + reach) framed[1] = Math.max(framed[1], value)
    }
    for (const curve of this.curves()) {
      this.visible(curve.data_source, curve.glyph.tags, (value) => take(value, NEAR_CURVE * height))
    }
    for (const value of this.models.levels.data.price) take(value, NEAR_LEVEL * height)
    return framed
  }

  curves() {
    return this.models.price.renderers.filter((one) => one.name === "curve" && one.visible)
  }

  span(parts) {
    const found = [Infinity, -Infinity]
    for (const [source, columns] of parts) {
      this.visible(source, columns, (value) => {
        if (value < found[0]) found[0] = value
        if (value > found[1]) found[1] = value
      })
    }
    return found
  }

  visible(source, columns, each) {
    const { start, end } = this.models.price.x_range
    const x = source.data.x
    for (let i = firstFrom(x, start - 0.5); i < x.length && x[i] <= end + 0.5; i++) {
      for (const column of columns) each(source.data[column][i])
    }
  }

  set(range, start, end) {
    if (range.start !== start || range.end !== end) range.setv({ start, end })
  }
}

function firstFrom(sorted, value) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
