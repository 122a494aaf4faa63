// Banners, and the browser's own notices for those that call a person.

const PERMISSIONS = {
  granted: "Desktop notices are allowed: a sign-in that is due or a fault is told outside the page too.",
  denied: "Desktop notices are denied: the browser's settings of this page allow them again.",
  default: "Desktop notices have not been asked for.",
  missing: "This browser has no desktop notices.",
}

function permission() {
  return globalThis.Notification?.permission ?? "missing"
}

// One notice a banner: while it stands, and when it comes back, the same one is replaced.
function callOutside(banner) {
  if (permission() !== "granted") return
  try {
    const notice = new Notification(banner.title, { body: banner.text, tag: banner.id })
    notice.onclick = () => { window.focus(); notice.close() }
  } catch { /* a phone's browser shows none from a page */ }
}

function makeBanners(desk) {
  const root = el("div.banners")
  const make = () => el("div.banner", {}, el("span.ic"), el("span.wd", {}, el("b"), el("span")), el("span.more"), el("button"))
  const update = (banners) => {
    for (const banner of banners) {
      if (root.kept?.has(banner.id)) continue
      desk.announce(`${banner.title} ${banner.text}`)
      if (banner.calls) callOutside(banner)
    }
    keyed(root, banners, (banner) => banner.id, make, (node, banner) => {
      const [mark, words, more, button] = node.children
      setClass(node, "grave", banner.kind === "error")
      setHtml(mark, icon(banner.icon ?? (banner.kind === "error" ? "cross" : "late"), 14))
      setText(words.children[0], banner.title)
      setText(words.children[1], ` ${banner.text}`)
      setText(more, banner.more ?? "")
      setHidden(more, !banner.more)
      setHidden(button, !banner.action)
      setText(button, banner.action?.label ?? "")
      button.onclick = () => act(desk, banner.action)
    })
  }
  return { root, update }
}

function act(desk, action) {
  if (action.post) return postNow(desk, action.post)
  if (action.room) return desk.enter(action.room)
  if (action.href) return location.assign(action.href)
  return desk.send(action.do, action.with)
}

function postNow(desk, { to, fields }) {
  const form = postForm(desk, to, fields)
  form.hidden = true
  desk.app.append(form)
  form.submit()
}
