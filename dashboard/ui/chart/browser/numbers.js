// Numbers and times as the page writes them. Bars carry naive IST milliseconds.

const DASH = "—"
const LAKH = 1e5
const twoDigits = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const grouped = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 })
const noDigits = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 })

const price = (value, short = false) => (Number.isFinite(value) ? (short ? noDigits : twoDigits).format(value) : DASH)
const lakh = (units) => (Number.isFinite(units) ? `${twoDigits.format(units / LAKH)} L` : DASH)
const decimals = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : DASH)
const clock = (ms) => new Date(ms).toISOString().slice(11, 16)
const minuteOf = (ms) => Math.floor(ms / 60000) % 1440
