// One script hears every change and answers with at most one drawing a frame.

class Chart {
  constructor(models) {
    this.models = models
    this.camera = new Camera(models)
    this.panes = new Panes(models, this.camera)
    this.words = new Words(models, this.panes)
    this.pointed = null
    this.due = false
  }

  hear(cause) {
    if (cause.event_name === "mousemove") this.pointed = cause.x
    else if (cause.event_name === "mouseleave") this.pointed = null
    else if (cause.event_name === "doubletap") this.camera.following = true
    else if (cause === this.models.price.x_range) this.camera.noticeHand()
    if (this.due) return
    this.due = true
    requestAnimationFrame(() => { this.due = false; this.draw() })
  }

  draw() {
    const { price, bars, live, last } = this.models
    const [facts] = price.tags
    if (!facts?.key || !(price.inner_width > 0) || !bars.data.x) return
    this.panes.arrange(facts)
    for (const layer of this.words.layers) letPageScroll(layer)
    this.camera.frame(facts)
    this.panes.frame()
    setTimes(this.models, facts)
    this.words.write(facts, this.pointed)
    setPrices(this.models, this.words.tagged)
    if (!Object.is(last.location, live.data.price[0])) last.location = live.data.price[0]
  }
}

// Bokeh keeps every touch for itself and can be tabbed to: up and down belong to the page,
// and a chart that knows no keys needs no focus.
function letPageScroll(layer) {
  const canvas = layer.getRootNode()?.querySelector?.(".bk-Canvas")
  const events = canvas?.shadowRoot?.querySelector(".bk-events")
  if (!events || events.style.touchAction === "pan-y") return
  events.style.touchAction = "pan-y"
  events.style.outline = "none"
  events.tabIndex = -1
}

let chart = null

export default (models, cause) => {
  chart ??= new Chart(models)
  chart.hear(cause)
}
