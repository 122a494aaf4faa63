// The theme is set before the first paint; the rest waits for the form.
const stored = localStorage.getItem("tezi-theme")
const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"
document.documentElement.dataset.theme = stored === "light" || stored === "dark" ? stored : system

document.addEventListener("DOMContentLoaded", () => {
  showPasswordOnRequest()
  countDown()
})

function showPasswordOnRequest() {
  const eye = document.getElementById("eye")
  const password = document.getElementById("password")
  if (!eye || !password) return
  eye.hidden = false
  eye.addEventListener("click", () => {
    const shown = password.type === "text"
    password.type = shown ? "password" : "text"
    eye.setAttribute("aria-pressed", String(!shown))
    eye.setAttribute("aria-label", shown ? "Show the password" : "Hide the password")
    password.focus()
  })
}

function countDown() {
  const wait = document.getElementById("wait")
  const go = document.getElementById("go")
  if (!wait || !go) return
  const end = Date.now() + 1000 * Number(wait.dataset.seconds)
  go.disabled = true
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000))
    const two = (number) => String(number).padStart(2, "0")
    wait.textContent = `${two(Math.floor(left / 60))}:${two(left % 60)}`
    if (left > 0) return
    clearInterval(timer)
    go.disabled = false
    document.getElementById("problem").remove()
  }, 1000)
}
