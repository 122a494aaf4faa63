// The chart's own bar: underlying, timeframe, overlays, fit.

function makeToolbar(desk) {
  const under = el("div.seg.under", { role: "group", "aria-label": "Underlying" })
  const frames = el("div.seg", { role: "group", "aria-label": "Timeframe" })
  const overlays = el("button.ov", { "aria-haspopup": "menu", "aria-label": "Overlays", title: "Overlays (o)", onclick: () => desk.menus.overlays(overlays) })
  const fit = el("button.fit", { onclick: () => desk.send("fit"), html: 'Fit <span class="kbd">f</span>' })
  const root = el("div.tb", {}, under, frames, overlays, fit)
  const update = (data) => {
    desk.toolbarData = data
    keyed(under, data.underlyings, (one) => one.id, (one) => el("button", { onclick: () => desk.send("underlying", { underlying: one.id }) }, one.id), (node, one) => setAttr(node, "aria-pressed", String(one.on)))
    keyed(frames, data.timeframes, (one) => one, (one) => el("button", { onclick: () => desk.send("timeframe", { timeframe: one }) }, one), (node, one) => setAttr(node, "aria-pressed", String(one === data.timeframe)))
    drawLegend(overlays, data.overlays)
  }
  return { root, update, overlays }
}

const LEGEND_ROOM = 3

function drawLegend(node, overlays) {
  const drawn = overlays.filter((overlay) => overlay.on && !overlay.why)
  const shown = drawn.slice(0, LEGEND_ROOM)
  setAttr(node, "title", `Overlays (o): ${drawn.length} of ${overlays.length} drawn`)
  const rest = overlays.length - shown.length
  keyed(node, [...shown, { id: "more" }], (one) => one.id, (one) => one.id === "more" ? el("span.more") : legend(one), (item, one) => {
    if (one.id === "more") setText(item, rest ? `+ ${rest} overlay${rest > 1 ? "s" : ""}` : "Overlays")
  })
}

function legend(overlay) {
  const mark = el(`i.sw${overlay.style ? `.${overlay.style}` : ""}`)
  if (overlay.style !== "split") mark.style.color = `var(--${overlay.colour})`
  return el("span.leg", {}, mark, overlay.label)
}
