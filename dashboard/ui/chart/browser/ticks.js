// Times under the bars: whole hours or their parts, with room between them.

const STEPS = [5, 10, 15, 30, 60, 120, 180] // minutes
const APART = 58 // px between two times
const FROM_DATE = 58 // px that a date needs to its right, and half a time

function setTimes(models, facts) {
  const { price, layout, bars, live } = models
  const { start, end } = price.x_range
  const pixels = price.inner_width / (end - start)
  const size = facts.minutes
  const step = STEPS.find((minutes) => (minutes % size === 0 || minutes > size) && (minutes / size) * pixels >= APART) ?? 240
  const dates = facts.sessions.map((session) => session.x)
  const ticks = []
  const labels = new Map()
  const add = (x, ms) => {
    const minute = minuteOf(ms)
    if (minute % step >= size || x < start || x > end) return
    if (dates.some((date) => x > date - 14 / pixels && x < date + FROM_DATE / pixels)) return
    const last = ticks.at(-1)
    if (last !== undefined && (x - last) * pixels < APART * 0.7) return
    ticks.push(x)
    labels.set(x, clock(ms - (minute % step) * 60000))
  }
  const { x, ms } = bars.data
  for (let i = Math.max(0, Math.floor(start)); i < x.length && x[i] <= end; i++) add(x[i], ms[i])
  if (Number.isFinite(live.data.x[0])) add(live.data.x[0], live.data.ms[0])
  for (const plot of layout.children) setTicks(plot.below[0], ticks, labels)
}

function setTicks(axis, ticks, labels) {
  if (String([...labels]) === String([...axis.major_label_overrides])) return
  axis.major_label_overrides = labels
  axis.ticker.ticks = ticks
}

const GRID = 44 // px from price to price, at the least
const UNDER = 13 // px: a tag hides a number that is nearer

// Round prices, without the numbers that a tag would cut; without a bar there are none, for
// the range is still that of the bars before.
function setPrices(models, tags) {
  const { price, bars, live } = models
  if (!bars.data.x.length && !Number.isFinite(live.data.x[0])) return setTicks(price.right[0], [], new Map())
  const { start, end } = price.y_range
  const unit = (end - start) / price.inner_height
  const size = 10 ** Math.floor(Math.log10(GRID * unit))
  const step = [1, 2, 5, 10].map((times) => times * size).find((wide) => wide >= GRID * unit)
  const ticks = []
  const labels = new Map()
  for (let value = Math.ceil(start / step) * step; value <= end; value += step) {
    const at = (end - value) / unit
    const isFree = at > 6 && tags.every((tag) => Math.abs(tag - at) >= UNDER)
    ticks.push(value)
    labels.set(value, isFree ? grouped.format(value) : " ")
  }
  setTicks(price.right[0], ticks, labels)
}
