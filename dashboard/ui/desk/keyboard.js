// One table of keys. Off while a field has the focus; Esc closes the topmost layer.

const GO_MS = 900

function keyTable(desk) {
  return {
    " ": () => desk.togglePlay(),
    ArrowLeft: (shift) => desk.arrow(-1, shift),
    ArrowRight: (shift) => desk.arrow(1, shift),
    "[": () => desk.shiftSpeed(-1),
    "]": () => desk.shiftSpeed(1),
    s: () => desk.askTime(),
    j: () => desk.flips.length && desk.lastFlip(),
    b: () => desk.send("blind", { on: !desk.now.blind }),
    1: () => desk.pickUnderlying(0),
    2: () => desk.pickUnderlying(1),
    3: () => desk.pickUnderlying(2),
    t: (shift) => (shift ? desk.toggleTheme() : desk.room === "desk" && desk.nextTimeframe()),
    T: () => desk.toggleTheme(),
    o: () => desk.room === "desk" && desk.openOverlays(),
    f: () => desk.room === "desk" && desk.send("fit"),
    "/": () => desk.palette.open(),
    "?": () => desk.shortcuts.open(),
    Escape: () => desk.closeTop(),
  }
}

function listenToKeys(desk) {
  const table = keyTable(desk)
  let went = -Infinity
  const onKey = (event) => {
    if (!desk.app.isConnected) return document.removeEventListener("keydown", onKey)
    const target = event.composedPath()[0]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const layer = desk.app.querySelector("dialog[open]")
    if (layer) return closeLayer(event, layer)
    if (isField(target) && event.key !== "Escape") return
    if (event.key === " " && target.matches?.("button, a, [type=checkbox]")) return
    if (event.key === "g") return void (went = event.timeStamp)
    if (event.timeStamp - went < GO_MS && desk.goTo(event.key)) return event.preventDefault()
    const act = table[event.key]
    if (!act) return
    event.preventDefault()
    act(event.shiftKey)
  }
  document.addEventListener("keydown", onKey)
  desk.app.addEventListener("click", leaveClicked)
  return () => document.removeEventListener("keydown", onKey)
}

// A layer whose focus was lost to the page hears no key; nor may the desk behind it.
function closeLayer(event, layer) {
  if (event.key !== "Escape") return
  event.preventDefault()
  layer.shut()
}

// A button pressed with the pointer gives the focus back, so that space plays again.
function leaveClicked(event) {
  const button = event.target.closest?.("button")
  if (event.detail > 0 && button && button === button.getRootNode().activeElement) button.blur()
}

function isField(target) {
  return target?.isContentEditable || (target?.matches?.("input:not([type=checkbox]), textarea, select") ?? false)
}
