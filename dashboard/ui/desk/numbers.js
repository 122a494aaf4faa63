// Numbers that change: reserved width, one short flash, none while seeking or racing.

const FLASH_MS = 240
const FLASH_PAUSE_MS = 500
const BOLD_MS = 1000
const still = window.matchMedia("(prefers-reduced-motion: reduce)")

class Numbers {
  constructor() {
    this.quiet = true
    this.quietUntil = 0
  }

  // No flash until the answer to a seek has settled.
  hush(ms = 900) {
    this.quietUntil = performance.now() + ms
  }

  set(node, text) {
    const before = node.shown
    if (!setText(node, text)) return
    reserve(node, text)
    if (before === undefined || this.quiet || performance.now() < this.quietUntil) return
    const step = value(text) - value(before)
    if (step) flash(node, step > 0)
  }
}

function value(text) {
  return Number(String(text).replace("−", "-").replace(/[^0-9.-]/g, ""))
}

// The widest text so far, in digits' widths: separators are about half as wide.
function reserve(node, text) {
  const narrow = (text.match(/[.,: ]/g) ?? []).length
  const width = Math.round((text.length - narrow * 0.5) * 10) / 10
  if (width <= (node.reserved ?? 0)) return
  node.reserved = width
  node.style.minWidth = `${width}ch`
}

function flash(node, up) {
  const now = performance.now()
  const recent = now - (node.flashed ?? -FLASH_PAUSE_MS) < FLASH_PAUSE_MS
  node.flashed = now
  if (recent) return
  if (still.matches) {
    node.classList.add("changed")
    setTimeout(() => node.classList.remove("changed"), BOLD_MS)
    return
  }
  const tint = getComputedStyle(node).getPropertyValue(up ? "--bullbg" : "--bearbg")
  node.animate([{ backgroundColor: tint }, { backgroundColor: "transparent" }], {
    duration: FLASH_MS,
    easing: "ease-out",
  })
}
