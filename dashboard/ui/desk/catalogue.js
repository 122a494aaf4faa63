// Every section by its own words: formula, source, parameters, inputs, columns.

function makeCatalogue(desk) {
  const part = { list: el("nav.cat-n", { "aria-label": "Sections of the catalogue" }), page: el("div.cat-p"), foot: el("p.cat-f") }
  const root = el("main.cat", { hidden: true, "aria-label": "Catalogue" }, part.list, el("div.cat-s", { tabindex: "0" }, el("h1", {}, "Catalogue"), part.page, part.foot))
  const catalogue = { root, entries: [], asked: false }
  // It never changes, so it is sent once, when somebody wants to read.
  catalogue.need = () => {
    if (catalogue.asked) return
    catalogue.asked = true
    desk.send("catalogue")
  }
  catalogue.of = (id) => catalogue.entries.find((one) => one.id === id)
  catalogue.show = (id) => {
    desk.enter("catalogue")
    root.querySelector(`#entry-${id}`)?.scrollIntoView()
  }
  catalogue.update = (data) => {
    catalogue.entries = data.entries
    setText(part.foot, data.footer)
    keyed(part.list, data.entries, (one) => one.id, (one) => el("button", { onclick: () => catalogue.show(one.id) }, one.title), () => {})
    keyed(part.page, data.entries, (one) => one.id, (one) => el("article.pane", { id: `entry-${one.id}` }), (node, one) => setHtml(node, entryHtml(one)))
    desk.explain.refresh()
  }
  return catalogue
}

function entryHtml(one) {
  const edge = one.edge ? `<span class="chip outline">${safe(one.edge)}</span>` : ""
  return `<h2>${safe(one.title)} ${edge}<code>${safe(one.id)}</code></h2><p class="lead">${prose(one.headline)}</p>${formulaHtml(one)}${factsHtml(one)}`
}

function formulaHtml(one) {
  return `<h3>Formula</h3>${blocksHtml(one.formula)}<h3>Source</h3><p>${prose(one.source)}</p>`
}

function factsHtml(one) {
  const facts = tableHtml({ head: ["input", "use"], rows: one.facts.map((cells) => ({ cells })) })
  const parameters = tableHtml({ head: ["parameter", "value", "meaning"], rows: one.parameters.map((cells) => ({ cells })) }, "param")
  const refuses = one.refuses ? `<p>Refuses: ${prose(one.refuses)}</p>` : ""
  return `<h3>Parameters and thresholds</h3>${parameters}<h3>Inputs and timeframes</h3>${facts}<h3>Columns</h3><p class="mu">${safe(one.table)}</p>${blocksHtml(one.columns)}${refuses}`
}

function blocksHtml(blocks) {
  return blocks.map(([text, fixed]) => (fixed ? `<pre>${safe(text)}</pre>` : `<p>${prose(text)}</p>`)).join("")
}

// Names in backquotes are code.
function prose(text) {
  return safe(text).split("`").map((part, i) => (i % 2 ? `<code>${part}</code>` : part)).join("")
}

function safe(text) {
  return String(text ?? "").replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter])
}

const WORDY = new Set(["input", "of", "state", "section", "group", "vote of", "use", "parameter", "meaning", "closed"])

function tableHtml(table, name = "") {
  const side = (i) => (WORDY.has(table.head[i]) ? "" : ' class="n"')
  const head = table.head.map((word, i) => `<th${side(i)}>${safe(word)}</th>`).join("")
  const rows = table.rows.map((row) => {
    const cells = row.cells.map((text, i) => {
      if (row.state && i === 1) return `<td class="sta ${STATE_COLOUR[row.state] ?? ""}">${shape(row.state, 10)}${safe(text)}</td>`
      const tint = row.side && i === row.cells.length - 1 ? ` class="n ${STATE_COLOUR[row.side]}"` : side(i)
      return `<td${tint}>${safe(text)}</td>`
    })
    return `<tr${row.title ? ` title="${safe(row.title)}"` : ""}>${cells.join("")}</tr>`
  })
  return `<table class="${name}"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`
}
