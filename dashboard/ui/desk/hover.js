// What a number says of itself, beside the pointer or the focused number.

// `node.tells(event)` gives lines: its name, how it is worked out, from what, how old.
class Hover {
  constructor(app, root) {
    this.app = app
    this.node = null
    this.tip = el("div.tellbox", { role: "tooltip", hidden: true })
    app.append(this.tip)
    root.addEventListener("pointermove", (event) => this.follow(event))
    root.addEventListener("pointerdown", (event) => this.follow(event))
    root.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.close()) // a finger that is lifted leaves
    root.addEventListener("focusin", (event) => event.target.tells && event.target.matches(":focus-visible") && this.show(event.target, null))
    root.addEventListener("focusout", () => this.close())
    root.addEventListener("scroll", () => this.close(), true)
  }

  follow(event) {
    const node = event.composedPath().find((one) => one.tells)
    if (node) this.show(node, event)
    else this.close()
  }

  show(node, event) {
    if (this.node && this.node !== node) this.node.leaves?.()
    this.node = node
    this.event = event
    const lines = node.tells(event)
    if (!lines?.length) return this.close()
    const key = lines.join("\n")
    if (this.tip.key !== key) {
      this.tip.key = key
      this.tip.replaceChildren(...lines.map((line, i) => el(i ? "span" : "b", {}, line)))
    }
    setHidden(this.tip, false)
    this.place(node, event)
  }

  place(node, event) {
    const page = this.app.getBoundingClientRect()
    const box = node.getBoundingClientRect()
    const at = event ? { x: event.clientX, y: event.clientY, up: 12, down: 18 } : { x: box.left, y: box.bottom, up: box.height + 6, down: 6 }
    const { offsetWidth: w, offsetHeight: h } = this.tip
    const below = at.y + at.down + h <= page.bottom - 4
    this.tip.style.left = `${Math.max(4, Math.min(at.x - page.left + (event ? 12 : 0), page.width - w - 4))}px`
    this.tip.style.top = `${below ? at.y - page.top + at.down : Math.max(4, at.y - page.top - h - at.up)}px`
  }

  // The numbers have changed under a pointer that rests.
  refresh() {
    if (this.node?.isConnected && this.node.offsetParent) this.show(this.node, this.event)
    else this.close()
  }

  close() {
    this.node?.leaves?.()
    this.node = null
    setHidden(this.tip, true)
  }
}
