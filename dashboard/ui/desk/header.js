// The top bar: mode, clock, phase, health, search, theme, person.

const MODE_ICONS = { LIVE: "live", REPLAY: "replay", MOCK: "mock" }

function makeHeader(desk) {
  const part = {
    nav: el("nav.nav", { "aria-label": "Pages" }),
    mode: el("span.mode"),
    time: el("b.num"),
    date: el("span"),
    phase: el("span"),
    expiry: el("span.expiry"),
    detail: el("span"),
    stages: el("span.health"),
    age: el("span.num"),
    user: el("button.av", { "aria-label": "Your menu", "aria-haspopup": "menu" }),
  }
  part.worst = el("span.h.worst", {}, el("span"), el("span.wd"))
  part.ageBox = el("span.h.age", { title: "Age of the last message" }, el("span.mu.lb", {}, "age"), part.age)
  const steps = el("button.health", { onclick: () => desk.enter("status") })
  const root = el("header.hd", {},
    el("div.logo", { html: LOGO + "<span>Tezi</span>" }),
    part.nav, el("span.vr"), part.mode,
    el("div.clock", {}, part.time, part.date), el("span.vr"),
    el("div.phase", {}, el("b", {}, part.phase, part.expiry), part.detail),
    steps,
    el("button.find", { "aria-label": "Command palette", onclick: () => desk.palette.open(), html: `${icon("search", 13)}<span>Find</span><span class="kbd">/</span>` }),
    el("button.ib.theme", { "aria-label": "Theme", title: "Theme (⇧t)", onclick: () => desk.toggleTheme(), html: icon("sun") }),
    part.user,
  )
  part.user.classList.add("user")
  part.user.addEventListener("click", () => desk.menus.user(part.user))
  part.nav.append(...ROOMS.map((room) => el("button", { "data-room": room.id, title: `${room.title} (g ${room.key})`, onclick: () => desk.enter(room.id) }, room.title)))
  const enter = (id) => { for (const node of part.nav.children) setAttr(node, "aria-current", node.dataset.room === id ? "page" : null) }
  enter("desk")
  return { root, enter, update: (data) => updateHeader(desk, part, steps, data), who: (visitor) => setText(part.user, visitor.initials) }
}

function updateHeader(desk, part, steps, data) {
  setAttr(desk.app, "data-mode", data.mode)
  part.mode.className = `mode ${data.mode.toLowerCase()}`
  setHtml(part.mode, icon(MODE_ICONS[data.mode], 14) + data.mode)
  setText(part.time, data.clock)
  setText(part.date, `IST  ${data.date}`)
  setText(part.phase, data.phase)
  setText(part.expiry, data.expiry ? ` · ${data.expiry}` : "")
  setText(part.detail, data.detail)
  setAttr(part.detail, "title", data.detail)
  updateHealth(part, steps, data)
}

const WORST = ["down", "late", "flowing", "off"]
const NAMED = 7 // stages that have room for their names; of more, only the worst one is named

function updateHealth(part, steps, data) {
  const stages = [...data.stages, { name: "age" }]
  keyed(steps, stages, (stage) => stage.name, (stage) => stage.name === "age" ? part.ageBox
    : el("span.h", {}, el("span"), el("span.lb")), (node, stage) => {
    if (stage.name === "age") return
    setHtml(node.children[0], HEALTH[stage.state] ?? HEALTH.off)
    setText(node.children[1], stage.name)
    setAttr(node, "data-state", stage.state)
  })
  if (!part.worst.isConnected) steps.insertBefore(part.worst, part.ageBox)
  const worst = WORST.find((state) => data.stages.some((stage) => stage.state === state)) ?? "off"
  const behind = data.stages.filter((stage) => stage.state === "down" || stage.state === "late")
  const first = behind.find((stage) => stage.state === worst)
  setHtml(part.worst.children[0], HEALTH[worst])
  setText(part.worst.children[1], first ? `${first.name} ${first.state}${behind.length > 1 ? ` +${behind.length - 1}` : ""}` : "")
  setClass(steps, "many", data.stages.length > NAMED)
  setAttr(steps, "data-worst", worst)
  setAttr(steps, "title", behind.map(toldBehind).join("\n") || "Nothing is behind. Status (g s)")
  const words = behind.map((stage) => `${stage.name} ${stage.state}`).join(", ")
  setAttr(steps, "aria-label", `Health: ${words || "nothing is behind"}. Open the status room`)
  setText(part.age, data.age)
}

function toldBehind(stage) {
  const end = /[.!?]$/.test(stage.detail) ? "" : "."
  return [`${stage.name}: ${stage.state}. ${stage.detail}${end}`, stage.todo].filter(Boolean).join(" ")
}
