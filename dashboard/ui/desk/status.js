// The status room: Kite's keys and sockets, every stage, what happened today, past days.

function makeStatus(desk) {
  const part = {
    head: makeStatusHead(),
    keys: statusPane("Kite"),
    problems: statusPane("Problems"),
    connections: statusTable("Connections", ["No.", "API key", "State", "Instruments", "Last message", "Messages", "Attempts", "Reason"], "No connection to Kite is open."),
    stages: statusTable("Stages", ["Stage", "State", "Last event", "Rate", "Detail", "What to do"], "The desk has not begun yet."),
    subscribed: statusPane("Instruments subscribed"),
    transitions: statusPane("Today"),
    reports: statusPane("Past days"),
  }
  const left = el("div.stat-c", {}, part.keys.root, part.connections.root, part.stages.root, part.reports.root)
  const right = el("div.stat-c", {}, part.problems.root, part.subscribed.root, part.transitions.root)
  const root = el("main.stat", { hidden: true, "aria-label": "Status", tabindex: "0" }, part.head.root, el("div.stat-g", {}, left, right))
  return { root, update: (data) => updateStatus(desk, root, part, data) }
}

function makeStatusHead() {
  const part = { sentence: el("h1"), next: el("p.t2"), mode: el("span.chip.outline"), phase: el("span.chip"), at: el("span.mu"), notices: el("p.mu"), ask: el("button.sel", {}, "Allow desktop notices") }
  const told = () => {
    setText(part.notices, PERMISSIONS[permission()])
    setHidden(part.ask, permission() !== "default")
  }
  part.ask.addEventListener("click", () => void Notification.requestPermission().then(told))
  part.told = told
  part.root = el("section.pane.stat-h", {}, el("div", {}, part.sentence, part.next), el("div.stat-m", {}, el("span.stat-t", {}, part.mode, part.phase, part.at), el("span.stat-n", {}, part.notices, part.ask)))
  return part
}

function statusPane(title) {
  const part = { count: el("span.mu"), body: el("div.stat-b") }
  part.root = el("section.pane", { "aria-label": title }, el("div.stat-p", {}, el("h2", {}, title), part.count), part.body)
  return part
}

function statusTable(title, columns, none) {
  const part = statusPane(title)
  part.rows = el("tbody")
  part.columns = columns
  part.none = el("p.nothing", {}, none)
  part.table = el("table", {}, el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)))), part.rows)
  part.body.append(part.none, part.table)
  part.body.classList.add("stat-s")
  return part
}

function updateStatus(desk, root, part, data) {
  const { head } = part
  setText(head.sentence, data.sentence)
  setText(head.next, data.next)
  setHidden(head.mode, !data.connected)
  setText(head.mode, data.mode)
  setHidden(head.phase, !data.phase)
  setText(head.phase, data.phase?.toUpperCase())
  setText(head.at, `as of ${data.at} IST`)
  head.told()
  setClass(root, "lone", !data.connected)
  for (const name of ["keys", "connections", "subscribed", "transitions", "reports"]) setHidden(part[name].root, !data.connected)
  setHidden(part.problems.root, !data.problems?.length)
  drawStages(part.stages, data.stages)
  if (!data.connected) return
  drawKeys(desk, part.keys, data)
  drawConnections(part.connections, data.connections)
  drawPairs(part.subscribed.body, data.subscribed, "Nothing is subscribed now.")
  drawProblems(part.problems, data.problems)
  drawTransitions(part.transitions, data.transitions)
  drawReports(part.reports, data)
}

const WORD_COLOUR = { flowing: "up", late: "warn", down: "dn", off: "mu" }

function setState(cell, shapeName, word) {
  if (!cell.firstChild) cell.append(el("span.gl"), el("span"))
  setHtml(cell.children[0], HEALTH[shapeName] ?? HEALTH.off)
  setText(cell.children[1], word)
  const name = `state ${WORD_COLOUR[shapeName] ?? "mu"}`
  if (cell.className !== name) cell.className = name
}

function drawKeys(desk, part, data) {
  setText(part.count, "")
  keyed(part.body, data.keys, (one) => one.key, (one) => makeKey(desk, data.action, one), (node, one) => {
    const [key, state, since, user, reason, form] = node.children
    setText(key, one.key)
    setState(state, one.shape, one.word)
    setText(since, `since ${one.since}`)
    setText(user, `user ${one.user}`)
    setAttr(user, "title", one.no_user)
    setText(reason, one.reason)
    setHidden(form, !one.sign_in)
    setClass(form.lastChild, "due", one.due)
  })
}

function makeKey(desk, to, one) {
  const button = el("button.go", { type: "submit", "aria-label": `Sign in to Kite with key ${one.key}` }, "Sign in to Kite")
  return el("div.stat-k", {}, el("b"), el("span"), el("span.mu"), el("span.mu"), el("span.why.t2"), postForm(desk, to, { key: one.key }, button))
}

function makeRow(columns) {
  return el("tr", {}, ...columns.map((name) => el("td", { "data-l": name })))
}

function drawTable(part, rows, key, update) {
  setHidden(part.none, rows.length > 0)
  setHidden(part.table, !rows.length)
  keyed(part.rows, rows, key, () => makeRow(part.columns), (node, row) => update(node.children, row))
}

function drawConnections(part, rows) {
  drawTable(part, rows, (row) => row.number, ([number, key, state, tokens, age, messages, attempts, reason], row) => {
    setText(number, row.number)
    setText(key, row.key)
    setState(state, row.shape, row.word)
    setAttr(state, "title", row.since)
    setText(tokens, row.tokens)
    setText(age, row.age)
    setAttr(age, "title", row.no_age)
    setText(messages, row.messages)
    setText(attempts, row.attempts)
    setText(reason, row.reason)
  })
}

function drawStages(part, rows) {
  drawTable(part, rows, (row) => row.name, ([name, state, age, rate, detail, todo], row) => {
    setText(name, row.name)
    setState(state, row.shape, row.word)
    setText(age, row.age)
    setAttr(age, "title", row.no_age)
    setText(rate, row.rate)
    setAttr(rate, "title", row.no_rate)
    setText(detail, row.detail)
    setText(todo, row.todo)
  })
}

function drawPairs(parent, pairs, none) {
  const rows = pairs.length ? pairs : [[none, "", ""]]
  keyed(parent, rows, ([name]) => name, () => el("div.stat-d", {}, el("span"), el("b")), (node, [name, value, why]) => {
    setText(node.children[0], name)
    setText(node.children[1], value)
    setAttr(node.children[1], "title", why || null)
  })
}

function drawProblems(part, problems) {
  keyed(part.body, problems, (text) => text, (text) => el("p.stat-w", { html: icon("late", 14) }, el("span", {}, text)), () => {})
}

function drawTransitions(part, data) {
  setText(part.count, data.left ? `the latest ${data.rows.length}; ${data.left} earlier ones are in the log` : "")
  const rows = data.rows.length ? data.rows : [["", "Nothing has happened today."]]
  const seen = new Map() // a fault may be told twice in one second
  const key = ([at, what]) => {
    const name = `${at} ${what}`
    seen.set(name, (seen.get(name) ?? 0) + 1)
    return `${name} ${seen.get(name)}`
  }
  keyed(part.body, rows, key, ([at, what]) => el("div.stat-l", {}, el("span.mu", {}, at), el("span", {}, what)), () => {})
}

function drawReports(part, data) {
  const rows = data.reports.length ? data.reports : [{ day: "", title: data.no_reports, written: "", figures: [], remarks: [] }]
  keyed(part.body, rows, (one) => `${one.day} ${one.title}`, () => el("article.stat-r", {}, el("h3", {}, el("span"), el("span.mu")), el("div.stat-f"), el("ul")), (node, one) => {
    const [title, figures, remarks] = node.children
    setText(title.children[0], one.title)
    setText(title.children[1], one.written)
    drawPairs(figures, one.figures.length ? one.figures : [], "")
    setHidden(figures, !one.figures.length)
    keyed(remarks, one.remarks, (text) => text, (text) => el("li", {}, text), () => {})
    setHidden(remarks, !one.remarks.length)
  })
}
