// The page: one grid, the panes in it, and what the person can do.

class Desk {
  constructor(model) {
    this.model = model
    this.numbers = new Numbers()
    this.cards = []
    this.now = { playing: false, speed: 1, blind: false, time: "", at: 0, edge: 86399, day: "", status: "loading" }
    this.toolbarData = { underlyings: [], timeframes: [], timeframe: "", overlays: [], panes: [] }
    this.visitor = { name: "", initials: "", logout: "/logout", xsrf: "" }
    this.flips = []
    this.room = "desk"
  }

  send(act, rest = {}) {
    this.model.send_msg({ do: act, ...rest })
  }

  looking() {
    const on = this.toolbarData.underlyings.find((one) => one.on)
    return `${on?.id} ${this.toolbarData.timeframe}`
  }

  // Polite, and one sentence at a time.
  announce(text) {
    this.voice.textContent = text
  }

  // Nowhere before the day begins or after what is known of it.
  seek(second) {
    const { edge } = this.now
    const start = this.machine.timeline.data?.start ?? 0
    const there = Math.min(Math.max(second, start), edge)
    if (there !== second) {
      const known = `Moved to ${clockText(there)}: the day is known from ${clockText(start)} to ${clockText(edge)}`
      this.announce(known)
      this.machine.note(known)
    }
    this.numbers.hush()
    this.send("seek", { time: clockText(there) })
  }

  step(bars) {
    this.numbers.hush()
    this.send("step", { bars })
  }

  arrow(direction, shift) {
    if (this.explain.floating) return this.explain.walk(direction)
    if (!shift) return this.step(direction)
    this.numbers.hush()
    return this.send("step", { minutes: direction })
  }

  togglePlay() {
    this.send(this.now.playing ? "pause" : "play")
  }

  shiftSpeed(step) {
    const at = SPEEDS.indexOf(this.now.speed)
    const next = SPEEDS[Math.min(Math.max(at + step, 0), SPEEDS.length - 1)]
    if (next !== this.now.speed) this.send("speed", { speed: next })
  }

  pickUnderlying(index) {
    const one = this.toolbarData.underlyings[index]
    if (one && !one.on) this.send("underlying", { underlying: one.id })
  }

  nextTimeframe() {
    const { timeframes, timeframe } = this.toolbarData
    if (!timeframes.length) return
    const next = timeframes[(timeframes.indexOf(timeframe) + 1) % timeframes.length]
    this.send("timeframe", { timeframe: next })
  }

  lastFlip() {
    const before = this.flips.filter(([second]) => second < this.now.at)
    if (before.length) this.seek(before.at(-1)[0])
    else this.announce("No flip before this moment")
  }

  openDay(day) {
    this.numbers.hush(3000)
    this.send("day", { date: day.date, source: day.source })
  }

  openOverlays() {
    this.menus.overlays(this.toolbar.overlays)
  }

  askTime() {
    if (this.machine.root.querySelector(".sk").offsetParent) this.machine.editTime()
    else this.menus.machine(this.machine.root.querySelector(".speed1"))
  }

  toggleTheme() {
    this.setTheme(document.documentElement.dataset.theme === "light" ? "dark" : "light")
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme
    try { localStorage.setItem("tezi-theme", theme) } catch { /* a browser that keeps nothing */ }
    this.send("theme", { theme })
  }

  goTo(key) {
    if (key === ACCOUNT_KEY && this.visitor.account) return this.leaveFor(this.visitor.account)
    const room = ROOMS.find((one) => one.key === key)
    if (!room) return false
    this.enter(room.id)
    this.body.scrollTo({ top: 0 })
    return true
  }

  leaveFor(page) {
    location.assign(page)
    return true
  }

  // The rooms of the page: one clock, another body. The address remembers which.
  enter(id) {
    if (id === this.room) return
    this.room = id
    this.menus.close()
    this.explain.close()
    this.options.hover.close()
    setClass(this.body, "away", id !== "desk") // not hidden: a chart without a size loses its parts
    setHidden(this.options.root, id !== "options")
    setHidden(this.catalogue.root, id !== "catalogue")
    setHidden(this.status.root, id !== "status")
    if (id === "catalogue") this.catalogue.need()
    this.header.enter(id)
    this.tabs.enter(id)
    this.numbers.hush()
    history.replaceState(null, "", location.pathname + location.search + (id === "desk" ? "" : `#${id}`))
    this.send("room", { room: id })
  }

  closeTop() {
    if (!this.menus.close()) this.explain.close()
  }
}

const ROOMS = [{ id: "desk", title: "Desk", key: "d" }, { id: "options", title: "Options", key: "o" }, { id: "catalogue", title: "Catalogue", key: "c" }, { id: "status", title: "Status", key: "s" }]
const ACCOUNT_KEY = "a" // after g: a page of its own, beside the rooms

function makeTabs(desk) {
  const go = (node) => desk.enter("desk") ?? desk.body.scrollTo({ top: node ? node.offsetTop - 8 : 0, behavior: still.matches ? "auto" : "smooth" })
  const tabs = [
    ["Desk", "desk", () => go(null)],
    ["Sections", "rows", () => go(desk.sections.root)],
    ["Options", "chain", () => desk.enter("options")],
    ["Replay", "replay", (event) => desk.menus.machine(event.currentTarget)],
    ["More", "person", (event) => desk.menus.user(event.currentTarget)],
  ]
  const root = el("nav.tabs", { "aria-label": "Parts of the desk" }, ...tabs.map(([text, mark, act], i) => el("button", { "aria-current": i ? null : "true", onclick: act }, el("span", { html: icon(mark, 18) }), text)))
  const enter = (id) => {
    setAttr(root.children[0], "aria-current", id === "desk" ? "true" : null)
    setAttr(root.children[2], "aria-current", id === "options" ? "true" : null)
  }
  return { root, enter }
}

function buildDesk(desk, chart) {
  desk.app = el("div.app", { "data-mode": "REPLAY" })
  desk.voice = el("div.quietly", { role: "status", "aria-live": "polite" })
  desk.dock = el("div.dock")
  desk.menus = new Menus(desk)
  desk.header = makeHeader(desk)
  desk.banners = makeBanners(desk)
  desk.indices = makeIndices(desk)
  desk.toolbar = makeToolbar(desk)
  desk.explain = makeExplain(desk)
  desk.sections = makeSections(desk)
  desk.chain = makeChain(desk)
  desk.machine = makeMachine(desk)
  desk.options = makeOptions(desk)
  desk.catalogue = makeCatalogue(desk)
  desk.status = makeStatus(desk)
  desk.tabs = makeTabs(desk)
  const slot = el("div.slot", {}, chart, el("div.mockword", { "aria-hidden": "true" }, "MOCK"))
  const pane = el("section.pane.chartpane", { "aria-label": "Chart" }, desk.toolbar.root, slot)
  desk.body = el("main.body", {}, el("div.L", {}, desk.indices.root, pane, desk.chain.root), el("div.R", {}, desk.sections.root, desk.dock))
  desk.app.append(desk.header.root, desk.banners.root, desk.body, desk.options.root, desk.catalogue.root, desk.status.root, el("div.foot", {}, desk.machine.root, desk.tabs.root), el("div.edge"), desk.voice)
  desk.palette = makePalette(desk)
  desk.days = makeDays(desk)
  desk.shortcuts = makeShortcuts(desk)
  desk.app.addEventListener("pointerdown", (event) => closeMenuOutside(desk, event), true)
}

function closeMenuOutside(desk, event) {
  const { menu, button } = desk.menus
  if (menu && !event.composedPath().some((node) => node === menu || node === button)) desk.menus.close()
}

// Which parameter feeds which pane.
function panesOf(desk) {
  return {
    visitor: (data) => { desk.visitor = data; desk.header.who(data) },
    toolbar: (data) => { desk.toolbar.update(data); desk.options.pick(data) },
    machine: (data) => desk.machine.update(data),
    timeline: (data) => { desk.flips = data.flips; desk.machine.timeline.update(data) },
    header: (data) => desk.header.update(data),
    indices: (data) => desk.indices.update(data),
    sections: (data) => desk.sections.update(data),
    chain: (data) => desk.chain.update(data),
    options: (data) => desk.options.update(data),
    options_day: (data) => desk.options.updateDay(data),
    days: (data) => desk.days.update(data),
    banner: (data) => desk.banners.update(data),
    status: (data) => desk.status.update(data),
    explain: (data) => desk.explain.details(data),
    catalogue: (data) => desk.catalogue.update(data),
  }
}

function applyTheme(desk, model) {
  let kept = null
  try { kept = localStorage.getItem("tezi-theme") } catch { /* a browser that keeps nothing */ }
  const theme = kept ?? model.theme
  document.documentElement.dataset.theme = theme
  if (theme !== model.theme) desk.send("theme", { theme })
}

function addTokens() {
  if (document.getElementById("tezi-tokens")) return
  document.head.append(el("style", { id: "tezi-tokens" }, TOKENS))
}

// A change of many parameters comes as many events; one drawing answers them all.
function follow(desk, model, panes) {
  const due = new Set()
  const draw = () => {
    for (const name of Object.keys(panes)) {
      if (due.delete(name) && model[name]) panes[name](JSON.parse(model[name]))
    }
  }
  for (const name of Object.keys(panes)) {
    model.on(name, () => {
      if (!due.size) queueMicrotask(draw)
      due.add(name)
    })
    due.add(name)
  }
  draw()
}

export function render({ model }) {
  addTokens()
  const desk = new Desk(model)
  applyTheme(desk, model)
  buildDesk(desk, model.get_child("chart"))
  follow(desk, model, panesOf(desk))
  const deaf = listenToKeys(desk)
  model.on("remove", () => { deaf(); desk.machine.timeline.watch.disconnect(); desk.options.close() })
  desk.app.prepend(el("style", {}, STYLES))
  const asked = ROOMS.find((one) => location.hash === `#${one.id}`)
  if (asked) desk.enter(asked.id)
  return desk.app
}
