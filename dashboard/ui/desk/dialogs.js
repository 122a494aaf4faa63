// Layers over the page: day picker, shortcuts, menus.

function makeDialog(desk, label, ...kids) {
  const dialog = el("dialog", { "aria-label": label }, ...kids)
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.shut())
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation()
    if (event.key !== "Escape") return
    event.preventDefault() // the browser's own closing takes a frame, and the next key would be lost
    dialog.shut()
  })
  desk.app.append(dialog)
  dialog.shut = () => shut(dialog)
  return dialog
}

// A closed field would keep the focus until the next frame, and swallow the next key.
function shut(dialog) {
  dialog.close()
  const active = dialog.getRootNode().activeElement
  if (dialog.contains(active)) active.blur()
}

function dialogHead(title, close) {
  return el("div.dh", {}, el("h2", {}, title), el("button.ib.x", { "aria-label": "Close", onclick: close, html: icon("cross") }))
}

function makeDays(desk) {
  const field = el("input", { placeholder: "Find a day: 2026-08-18, Aug, Tue, full ticks", "aria-label": "Find a day", autocomplete: "off" })
  const list = el("div.dlist")
  const none = el("div.nothing")
  const dialog = makeDialog(desk, "Open a day", el("div.q", { html: icon("calendar") }, field), el("div.dlist", {}, none, list))
  list.className = ""
  const model = { days: [], empty: "" }
  const draw = () => {
    const words = field.value.trim().toLowerCase()
    const found = model.days.filter((day) => day.find.includes(words))
    setHidden(none, found.length > 0)
    setHtml(none, model.days.length ? "No stored day matches." : model.empty)
    keyed(list, found, (day) => day.id, (day) => makeDay(desk, dialog, day), updateDay)
  }
  field.addEventListener("input", draw)
  dialog.addEventListener("keydown", (event) => walkList(event, list))
  return {
    update: (data) => { Object.assign(model, data); draw() },
    open: () => { field.value = ""; draw(); dialog.showModal(); field.focus() },
    get days() { return model.days },
  }
}

function makeDay(desk, dialog, day) {
  return el("button.pick", { onclick: () => { dialog.shut(); desk.openDay(day) } }, el("b"), el("span.f"), el("span.sub"), el("span.rt.t2"))
}

function updateDay(node, day) {
  const [date, marks, sub, size] = node.children
  setText(date, day.text)
  marks.style.cssText = "display:inline-flex;gap:4px"
  chips(marks, day.chips)
  setText(sub, day.sub)
  setAttr(node, "title", day.title)
  setText(size, day.size)
  setAttr(node, "aria-current", day.current ? "true" : null)
}

// Arrow keys go through the buttons of a list; Enter on the field takes the first.
function walkList(event, list) {
  const items = Array.from(list.querySelectorAll(".pick"))
  const at = items.findIndex((item) => item === item.getRootNode().activeElement)
  if (event.key === "ArrowDown") items[Math.min(at + 1, items.length - 1)]?.focus()
  else if (event.key === "ArrowUp") items[Math.max(at - 1, 0)]?.focus()
  else if (event.key === "Enter" && at < 0) items[0]?.click()
  else return
  event.preventDefault()
}

const LAST_FLIP = "Last flip" // not offered on a day without flips
const SHORTCUTS = [
  ["Play, pause", "space"], ["Underlying", "1", "2", "3"], ["Step a bar", "←", "→"], ["Timeframe", "t"],
  ["Step a minute", "⇧", "← →"], ["Overlays", "o"], ["Slower, faster", "[", "]"], ["Fit chart", "f"],
  ["Seek to a time", "s"], ["Theme", "⇧", "t"], [LAST_FLIP, "j"], ["Command palette", "/"],
  ["Blind mode", "b"], ["All shortcuts", "?"], ["Desk", "g", "d"], ["Option desk", "g", "o"],
  ["Catalogue", "g", "c"], ["Status", "g", "s"], ["Account", "g", "a"], ["Close the top layer", "Esc"],
]

function makeShortcuts(desk) {
  const row = ([does, ...keys]) => el("div", {}, does, el("span", {}, ...keys.map((key) => el("span.kbd", {}, key))))
  const table = el("div.keys")
  const dialog = makeDialog(desk, "Keyboard", dialogHead("Keyboard", () => dialog.shut()), table)
  const possible = ([does]) => does !== LAST_FLIP || desk.flips.length > 0
  return { open: () => { table.replaceChildren(...SHORTCUTS.filter(possible).map(row)); dialog.showModal() } }
}

class Menus {
  constructor(desk) {
    this.desk = desk
    this.menu = null
  }

  // Below or above its button, inside the page.
  show(button, ...kids) {
    const again = this.menu && this.button === button
    this.close()
    if (again) return
    this.button = button
    const menu = this.menu = el("div.menu", { role: "menu", style: "left:0" }, ...kids)
    this.desk.app.append(menu)
    const page = this.desk.app.getBoundingClientRect()
    const box = button.getBoundingClientRect()
    const { offsetWidth: w, offsetHeight: h } = this.menu
    this.menu.style.left = `${Math.max(8, Math.min(box.left - page.left, page.width - w - 8))}px`
    const below = box.bottom + 6 + h <= page.height
    this.menu.style.top = below ? `${box.bottom - page.top + 6}px` : `${Math.max(8, box.top - page.top - h - 6)}px`
    this.menu.querySelector("button, input")?.focus({ preventScroll: true })
    this.menu.addEventListener("keydown", (event) => walkMenu(event, menu)) // Enter may have closed it
  }

  close() {
    if (!this.menu) return false
    const inside = this.menu.contains(this.menu.getRootNode().activeElement)
    this.menu.remove()
    this.menu = null
    if (inside) this.button.focus({ preventScroll: true })
    return true
  }

  item(text, act, key) {
    return el("button", { role: "menuitem", onclick: () => { this.close(); act() } }, text, key ? el("span.kbd", {}, key) : null)
  }

  user(button) {
    const { desk } = this
    const who = el("div.who", {}, el("b", {}, desk.visitor.name), el("span.mu", {}, desk.visitor.detail ?? ""))
    const light = document.documentElement.dataset.theme === "light"
    this.show(button, who,
      this.item(light ? "Dark theme" : "Light theme", () => desk.toggleTheme(), "⇧t"),
      this.item("Catalogue", () => desk.enter("catalogue"), "g c"),
      this.item("Status", () => desk.enter("status"), "g s"),
      this.item("Keyboard", () => desk.shortcuts.open(), "?"),
      ...(desk.visitor.links ?? []).map(menuLink),
      signOut(desk))
  }

  overlays(button) {
    const { desk } = this
    const choice = (one) => {
      const box = el("input", { type: "checkbox", onchange: () => desk.send("overlay", { id: one.id, on: box.checked }) })
      box.checked = one.on
      return el("label", one.why ? { title: one.why } : {}, box, legend(one), one.why ? el("span.why", {}, one.why) : null)
    }
    const { overlays, panes } = desk.toolbarData
    const title = (text) => el("div.over", {}, text)
    this.show(button, el("div.two", {}, title("Below the candles"), ...panes.map(choice), title("Over the candles"), ...overlays.map(choice)))
  }

  // What the narrow time machine has no room for.
  machine(button) {
    const { desk } = this
    const now = desk.now
    const speeds = el("div.seg", {}, ...SPEEDS.map((s) => el("button", { "aria-pressed": String(s === now.speed), style: "min-height:36px;min-width:40px;text-align:center", onclick: () => { this.close(); desk.send("speed", { speed: s }) } }, speedText(s))))
    const field = el("input.sk", { value: now.time, "aria-label": "Seek to a time", maxlength: "8", style: "height:36px" })
    const note = el("span.note", { id: "menu-note", hidden: true })
    const go = () => {
      const second = readClock(field.value)
      refuse(field, note, second == null ? HOW_TO_WRITE : "")
      if (second == null) return desk.announce(HOW_TO_WRITE)
      this.close()
      return desk.seek(second)
    }
    field.addEventListener("input", () => refuse(field, note, ""))
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return
      event.preventDefault() // or the button that takes the focus would be pressed by it
      go()
    })
    this.show(button,
      this.item(now.blind ? "Show the day" : "Blind: hide the day", () => desk.send("blind", { on: !now.blind })),
      this.item(`Open a day (${now.day})`, () => desk.days.open()),
      ...(now.can_live ? [this.item("Go live", () => desk.send("live"))] : []),
      el("div.row", {}, field, el("button.sel", { style: "height:36px", onclick: go }, "Seek"), note),
      ...(now.at_edge ? [] : [el("div.row", {}, speeds)]))
  }
}

// A page of its own, not a room of the desk.
function menuLink({ text, to, key }) {
  return el("a", { role: "menuitem", href: to }, text, key ? el("span.kbd", {}, key) : null)
}

function walkMenu(event, menu) {
  const items = Array.from(menu.querySelectorAll("button, input, a"))
  const at = items.indexOf(menu.getRootNode().activeElement)
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step) return
  event.preventDefault()
  event.stopPropagation()
  items[(at + step + items.length) % items.length]?.focus()
}

// A form of ours is a POST, and it carries the token that only our own pages can read.
function xsrfOf(visitor) {
  const cookie = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1]
  return visitor.xsrf || (cookie ? decodeURIComponent(cookie) : "")
}

function postForm(desk, to, fields, button) {
  const token = el("input", { type: "hidden", name: "_xsrf" })
  const hidden = Object.entries(fields).map(([name, value]) => el("input", { type: "hidden", name, value }))
  const form = el("form", { method: "post", action: to }, token, ...hidden, button)
  const fill = () => { token.value = xsrfOf(desk.visitor) } // the cookie may be renewed while the page is open
  form.addEventListener("submit", fill)
  fill()
  return form
}

function signOut(desk) {
  return postForm(desk, desk.visitor.logout, {}, el("button", { type: "submit", role: "menuitem" }, "Sign out"))
}
