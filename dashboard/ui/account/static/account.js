// What the account room has beyond plain forms: Copy, and Esc for an open question.

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-copy]")) offerCopy(button)
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shutQuestions()
  })
  document.addEventListener("click", (event) => {
    if (!event.target.closest("details.sure")) shutQuestions()
  })
})

function offerCopy(button) {
  const field = document.getElementById(button.dataset.copy)
  button.hidden = false
  field.addEventListener("focus", () => field.select())
  if (document.activeElement === field) field.select()
  button.addEventListener("click", async () => {
    const copied = await copy(field.value)
    if (!copied) field.select() // the person's own keys copy it then
    button.textContent = copied ? "Copied" : "Selected"
  })
}

// Browsers lend the clipboard to pages of this machine or of TLS only.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

function shutQuestions() {
  for (const open of document.querySelectorAll("details.sure[open]")) {
    const inside = open.contains(document.activeElement)
    open.open = false
    if (inside) open.querySelector("summary").focus()
  }
}
