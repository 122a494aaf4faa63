// The command palette: every action by its name, and "seek 13:42", "open 2026-08-18".

function makePalette(desk) {
  const field = el("input", { placeholder: "Seek 13:42, open a day, NIFTY, 5m, theme…", role: "combobox", "aria-label": "Command", "aria-expanded": "true", autocomplete: "off" })
  const list = el("div.dlist", { role: "listbox", style: "padding:6px 8px" })
  const dialog = makeDialog(desk, "Command palette", el("div.q", { html: icon("search") }, field, el("span.kbd", {}, "Esc")), list)
  const state = { at: 0, found: [] }
  const draw = () => {
    state.found = findCommands(desk, field.value)
    state.at = Math.min(state.at, Math.max(state.found.length - 1, 0))
    list.replaceChildren(...state.found.map((command, i) => el("button.pick", { role: "option", tabindex: "-1", "aria-selected": String(i === state.at), onclick: () => run(command) },
      el("span", {}, command.text), el("span.sub", {}, command.sub ?? ""), el("span.rt", {}, ...(command.keys ?? []).map((key) => el("span.kbd", {}, key))))))
    if (!state.found.length) list.replaceChildren(el("div.nothing", { role: "status" }, whyNothing(field.value)))
    list.children[state.at]?.scrollIntoView({ block: "nearest" })
  }
  const run = (command) => { dialog.shut(); command.act() }
  field.addEventListener("input", () => { state.at = 0; draw() })
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) { state.at = (state.at + step + state.found.length) % Math.max(state.found.length, 1); draw(); event.preventDefault() }
    if (event.key === "Enter" && state.found[state.at]) { event.preventDefault(); run(state.found[state.at]) }
  })
  return { open: () => { field.value = ""; state.at = 0; draw(); dialog.showModal(); field.focus() } }
}

function whyNothing(text) {
  const meantTime = /^\s*(seek\s+)?\d[\d:.]*\s*$|^\s*seek\s/i.test(text)
  return meantTime ? HOW_TO_WRITE : "Nothing by that name. Try seek 13:42, or the name of a day."
}

const PALETTE_ROWS = 9

function findCommands(desk, text) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean)
  const second = readClock(words.at(-1) ?? "")
  const seek = second == null ? [] : [{ text: `Seek to ${clockText(second)}`, sub: "this day", act: () => desk.seek(second) }]
  const all = [...commands(desk), ...dayCommands(desk)]
  const found = all.filter((one) => words.every((word) => `${one.text} ${one.sub ?? ""} ${one.also ?? ""}`.toLowerCase().includes(word)))
  return [...seek, ...found].slice(0, PALETTE_ROWS)
}

function commands(desk) {
  const { now, toolbarData: bar } = desk
  const list = [
    { text: now.playing ? "Pause" : "Play", keys: ["space"], act: () => desk.togglePlay() },
    { text: "Seek to a time", keys: ["s"], act: () => desk.askTime() },
    ...(desk.flips.length ? [{ text: "Seek to last flip", keys: ["j"], act: () => desk.lastFlip() }] : []),
    { text: "Open a day", act: () => desk.days.open() },
    ...bar.underlyings.map((one, i) => ({ text: one.id, sub: "underlying", keys: [String(i + 1)], act: () => desk.send("underlying", { underlying: one.id }) })),
    ...bar.timeframes.map((one) => ({ text: one, sub: "timeframe", act: () => desk.send("timeframe", { timeframe: one }) })),
    { text: now.blind ? "Show the day" : "Blind mode", keys: ["b"], act: () => desk.send("blind", { on: !now.blind }) },
    ...ROOMS.map((room) => ({ text: room.id === "options" ? "Option desk" : room.title, sub: "page", keys: ["g", room.key], act: () => desk.enter(room.id) })),
    ...(desk.visitor.links ?? []).map((link) => ({ text: link.text, sub: "page", keys: link.key?.split(" "), act: () => desk.leaveFor(link.to) })),
    { text: "Fit chart", keys: ["f"], act: () => desk.send("fit") },
    { text: "Overlays", keys: ["o"], act: () => desk.openOverlays() },
    { text: "Change theme", also: "dark light", keys: ["⇧", "t"], act: () => desk.toggleTheme() },
    ...SPEEDS.map((s) => ({ text: `Speed ${speedText(s)}`, also: `${s}x`, act: () => desk.send("speed", { speed: s }) })),
    { text: "All shortcuts", keys: ["?"], act: () => desk.shortcuts.open() },
    ...desk.cards.map((card) => ({ text: card.title, sub: card.word, also: "section", act: () => { desk.enter("desk"); desk.explain.open(card.id) } })),
  ]
  if (now.can_live) list.push({ text: "Go live", act: () => desk.send("live") })
  return list
}

function dayCommands(desk) {
  return desk.days.days.map((day) => ({ text: `Open ${day.date}`, sub: `${day.text}, ${day.chips.map((chip) => chip.text.toLowerCase()).join(", ")}`, act: () => desk.openDay(day) }))
}
