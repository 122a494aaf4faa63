// List the routes of openapi.json: parameters, an example of the answer, and refusals.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// A paragraph in which what stands between back quotes is code.
function inCode(text) {
  const made = element("p");
  text.split("`").forEach((part, at) => made.append(at % 2 ? element("code", part) : part));
  return made;
}

function resolved(schema, all) {
  const name = schema && schema.$ref ? schema.$ref.split("/").pop() : null;
  return name ? all[name] || {} : schema || {};
}

function typeOf(schema, all) {
  const own = resolved(schema, all);
  if (own.enum) return own.enum.join(" | ");
  if (own.anyOf) return own.anyOf.map((one) => typeOf(one, all)).filter((t) => t !== "null").join(" | ");
  if (own.type === "array") return `list of ${typeOf(own.items, all)}`;
  return own.format || own.title && own.type === "object" && own.title || own.type || "any";
}

function exampleOf(content, all) {
  const [media, told] = Object.entries(content || {})[0] || [];
  if (!media) return null;
  const own = resolved(told.schema, all);
  const example = told.example !== undefined ? told.example : (own.examples || own.example || [])[0];
  if (example === undefined) return null;
  return typeof example === "string" ? example : JSON.stringify(example, null, 2);
}

function list(title, entries) {
  const part = document.createDocumentFragment();
  if (!entries.length) return part;
  part.append(element("h3", title));
  const terms = element("dl");
  for (const [term, kind, words] of entries) {
    const head = element("dt");
    head.append(element("code", term), element("i", kind ? `  ${kind}` : ""));
    terms.append(head);
    if (words) terms.append(element("dd", words));
  }
  part.append(terms);
  return part;
}

function pre(title, text) {
  const part = document.createDocumentFragment();
  if (text === null) return part;
  part.append(element("h3", title), element("pre", text));
  return part;
}

function routeOf(path, method, told, all) {
  const made = element("details");
  made.id = told.operationId;
  made.dataset.words = `${method} ${path} ${told.summary || ""}`.toLowerCase();
  const head = element("summary");
  head.append(element("b", method.toUpperCase(), method.toUpperCase()), element("code", path),
    element("span", told.summary || ""));
  const inside = element("div", undefined, "inside");
  if (told.description) inside.append(element("p", told.description));
  inside.append(list("Parameters", (told.parameters || []).map((one) => [
    one.name, `${typeOf(one.schema, all)}${one.required ? ", required" : ""}`, one.description])));
  if (told.requestBody) {
    inside.append(pre("Body", exampleOf(told.requestBody.content, all)));
  }
  const answers = Object.entries(told.responses || {});
  const good = answers.find(([status]) => status.startsWith("2"));
  if (good) inside.append(pre(`Answer ${good[0]}`, exampleOf(good[1].content, all)));
  inside.append(list("Statuses", answers.map(([status, one]) => [status, one.description, ""])));
  made.append(head, inside);
  return made;
}

function show(document_) {
  const all = (document_.components || {}).schemas || {};
  const about = document.getElementById("about");
  for (const paragraph of (document_.info.description || "").split("\n\n")) {
    about.append(inCode(paragraph.replaceAll("\n", " ")));
  }
  const groups = new Map((document_.tags || []).map((tag) => [tag.name, { told: tag.description, routes: [] }]));
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const name = (methods[method].tags || ["other"])[0];
      if (!groups.has(name)) groups.set(name, { told: "", routes: [] });
      groups.get(name).routes.push(routeOf(path, method, methods[method], all));
    }
  }
  const place = document.getElementById("routes");
  place.replaceChildren();
  for (const [name, group] of groups) {
    const section = element("section");
    section.append(element("h2", name), element("p", group.told, "of"), ...group.routes);
    place.append(section);
  }
  const asked = document.getElementById(location.hash.slice(1));
  if (asked && asked.tagName === "DETAILS") { asked.open = true; asked.scrollIntoView(); }
}

document.getElementById("search").addEventListener("input", (event) => {
  const words = event.target.value.trim().toLowerCase();
  for (const section of document.querySelectorAll("section")) {
    let shown = 0;
    for (const route of section.querySelectorAll("details")) {
      route.hidden = !route.dataset.words.includes(words);
      shown += route.hidden ? 0 : 1;
    }
    section.hidden = shown === 0;
  }
});

fetch("openapi.json").then((answer) => answer.json()).then(show).catch((error) => {
  document.getElementById("routes").textContent = `openapi.json cannot be read: ${error.message}`;
});
