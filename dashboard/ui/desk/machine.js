// The time machine: day, transport, time, timeline, speed, blind, live.

const SPEEDS = [1, 4, 16, 60, 0] // 0 is as fast as it goes
const NOTE_MS = 6000
const HOW_TO_WRITE = "Write a time as 13:42 or 13:42:18"
const speedText = (speed) => (speed ? `${speed}×` : "max")

function makeMachine(desk) {
  const part = {
    dayIcon: el("span"), dayText: el("span"), chips: el("span.f"),
    back: el("button.b", { "aria-label": "Step back one bar", title: "Step back one bar (←)", onclick: () => desk.step(-1), html: icon("back") }),
    play: el("button.pl", { onclick: () => desk.togglePlay() }),
    ahead: el("button.b", { "aria-label": "Step ahead one bar", title: "Step ahead one bar (→)", onclick: () => desk.step(1), html: icon("ahead") }),
    time: el("button.sk", { title: "Seek to a time (s)", onclick: () => desk.machine.editTime() }),
    field: el("input.sk", { hidden: true, "aria-label": "Seek to a time, HH:MM or HH:MM:SS", inputmode: "numeric", maxlength: "8", autocomplete: "off" }),
    speeds: el("div.seg", { role: "group", "aria-label": "Speed" }),
    blind: el("button.tg", { role: "switch", title: "Hide the date and what comes next (b)", onclick: () => desk.send("blind", { on: part.blind.getAttribute("aria-checked") !== "true" }) }, el("i"), "Blind"),
    live: el("button.sel", { onclick: () => desk.send("live"), html: `${icon("live", 13)}Go live` }),
    edge: el("span.atedge"),
    speed1: el("button.sel.speed1", { "aria-haspopup": "menu", title: "Speed", onclick: (event) => desk.menus.machine(event.currentTarget) }),
  }
  part.note = el("span.note", { id: "seek-note", hidden: true }) // the voice says it, too
  const seek = el("div.seek", {}, part.time, part.field, part.note)
  const day = el("div.day", {}, el("button.d", { title: "Open a day", onclick: () => desk.days.open() }, part.dayIcon, part.dayText, el("span", { html: icon("down", 14) })), part.chips)
  const timeline = new Timeline(desk)
  const root = el("footer.tm", { "aria-label": "Time machine" }, day, el("div.tr", {}, part.back, part.play, part.ahead), seek, timeline.root,
    el("div.extra", {}, part.speeds, part.blind, part.live, part.edge), part.speed1)
  part.field.addEventListener("keydown", (event) => timeKey(desk, part, event))
  part.field.addEventListener("blur", () => endTime(part))
  return { root, timeline, update: (data) => updateMachine(desk, part, timeline, data), editTime: () => editTime(part), note: (text) => showNote(part, text) }
}

function updateMachine(desk, part, timeline, data) {
  desk.now = data
  desk.numbers.quiet = data.status === "loading" || (data.playing && (data.speed === 0 || data.speed > 16))
  setClass(desk.app, "seeking", data.status === "loading" && desk.cards.some((card) => card.state !== "loading"))
  setHtml(part.dayIcon, icon(data.blind ? "eye" : "calendar", 15))
  setText(part.dayText, data.day)
  chips(part.chips, data.chips)
  setHtml(part.play, icon(data.playing ? "pause" : "play", 18))
  setAttr(part.play, "aria-label", data.playing ? "Pause" : "Play")
  setAttr(part.play, "title", `${data.playing ? "Pause" : "Play"} (space)`)
  setText(part.time, data.time)
  timeline.moveTo(data.at)
  keyed(part.speeds, SPEEDS, (s) => s, (s) => el("button", { onclick: () => desk.send("speed", { speed: s }) }, speedText(s)), (node, s) => setAttr(node, "aria-pressed", String(s === data.speed)))
  setText(part.speed1, speedText(data.speed))
  setAttr(part.blind, "aria-checked", String(data.blind))
  setHidden(part.speeds, data.at_edge)
  setHidden(part.blind, data.at_edge)
  setHidden(part.live, !data.can_live)
  setHidden(part.edge, !data.at_edge)
  setText(part.edge, data.edge_text)
}

function editTime(part) {
  part.field.value = part.time.textContent
  part.time.hidden = true
  part.field.hidden = false
  refuse(part.field, part.note, "")
  if (!part.field.offsetParent) return endTime(part)
  part.field.focus()
  part.field.select()
}

function endTime(part) {
  if (!part.field.hidden) refuse(part.field, part.note, "")
  part.field.hidden = true
  part.time.hidden = false
}

function timeKey(desk, part, event) {
  event.stopPropagation()
  if (event.key === "Escape") return leaveTime(part)
  if (event.key !== "Enter") return refuse(part.field, part.note, "")
  event.preventDefault() // or the button that takes the focus would be pressed by it
  const second = readClock(part.field.value)
  if (second == null) {
    refuse(part.field, part.note, HOW_TO_WRITE)
    return desk.announce(HOW_TO_WRITE)
  }
  leaveTime(part)
  return desk.seek(second)
}

// A field that is refused says so in words beside it; "" takes that back.
function refuse(field, note, text) {
  setClass(field, "bad", text)
  setAttr(field, "aria-invalid", text ? "true" : null)
  setAttr(field, "aria-describedby", text ? note.id : null)
  clearTimeout(note.going)
  setClass(note, "bad", text)
  setText(note, text)
  setHidden(note, !text)
}

// A sentence by the time, for as long as it takes to read it.
function showNote(part, text) {
  refuse(part.field, part.note, "")
  setText(part.note, text)
  setHidden(part.note, false)
  part.note.going = setTimeout(() => setHidden(part.note, true), NOTE_MS)
}

function leaveTime(part) {
  endTime(part)
  part.time.focus({ preventScroll: true })
}
