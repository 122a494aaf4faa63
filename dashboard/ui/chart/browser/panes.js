// The figures below the candles: which are open, how high, between which values.

const TIMES = 20 // px for the axis of times
const LOWEST = 40 // px, on a phone
const HEIGHTS = [0, 68, 64, 54, 46] // px a pane, by how many there are
const SHORT = 760 // px: a window that has no room for more than this

class Panes {
  constructor(models, camera) {
    this.models = models
    this.camera = camera
    this.open = []
  }

  // The lowest figure carries the times.
  get lowest() {
    return this.open.at(-1)?.plot ?? this.models.price
  }

  arrange(facts) {
    const { price, layout } = this.models
    const small = price.outer_width < SMALL
    const wanted = facts.panes.filter((pane) => !small || pane.id === facts.lone)
    this.open = []
    for (const plot of layout.children.slice(1)) {
      const pane = wanted.find((one) => one.id === plot.name)
      if (pane) this.open.push({ plot, pane })
      give(plot, "visible", Boolean(pane))
    }
    const room = small || window.innerHeight < SHORT ? LOWEST : HEIGHTS[Math.min(this.open.length, HEIGHTS.length - 1)]
    for (const plot of layout.children) {
      give(plot.below[0], "visible", plot === this.lowest)
      give(plot, "min_border_right", small ? 74 : 86)
      if (plot !== price) give(plot, "height", room + (plot === this.lowest ? TIMES : 0))
    }
  }

  frame() {
    for (const { plot, pane } of this.open) {
      const ratio = ratioOf(plot)
      if (pane.id === "volume") {
        const { bars, live } = this.models
        const [, most] = this.camera.span([[bars, ["volume"]], [live, ["volume"]]])
        this.camera.set(plot.y_range, 0, most > 0 ? most * 1.3 : 1)
        if (ratio) this.camera.set(ratio, 0, Math.max(2, this.reach(plot, pane)[1]) * 1.3)
      } else {
        this.frameCurves(plot, pane)
      }
    }
  }

  frameCurves(plot, pane) {
    const [low, high] = this.reach(plot, pane)
    const unit = Math.max(high - low, 1e-6) / Math.max(20, plot.inner_height - 18)
    const [least, most] = pane.bounds.length ? pane.bounds : [-Infinity, Infinity]
    this.camera.set(plot.y_range, Math.max(least - 4 * unit, low - 4 * unit), Math.min(most + 14 * unit, high + 14 * unit))
  }

  // Between which values the curves in view and the guides are.
  reach(plot, pane) {
    const [low, high] = this.camera.span(curvesOf(plot).map((curve) => [curve.data_source, curve.glyph.tags]))
    return [Math.min(low, ...pane.framed), Math.max(high, ...pane.framed)]
  }
}

const ratioOf = (plot) => plot.extra_y_ranges.get?.("ratio") ?? plot.extra_y_ranges.ratio
const curvesOf = (plot) => plot.renderers.filter((one) => one.name === "curve")

// The value of a curve at a bar, or the last one known.
function valueOf(plot, column, pointed) {
  const source = curvesOf(plot).find((curve) => curve.glyph.tags[0] === column)?.data_source
  if (!source) return NaN
  const { x, [column]: values } = source.data
  let at = pointed === null ? x.length - 1 : Math.min(x.length - 1, firstFrom(x, Math.round(pointed)))
  while (pointed === null && at > 0 && !Number.isFinite(values[at])) at--
  return values[at]
}

function give(model, name, wanted) {
  if (model[name] !== wanted) model[name] = wanted
}
