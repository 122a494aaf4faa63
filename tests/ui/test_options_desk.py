"""The option desk in Chromium: it opens by keyboard, it fits, every number explains itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_desk_view import NEXT_FRAME, Open, open_desk, preview, said

__all__ = ["open_desk", "preview"]
pytestmark = pytest.mark.browser
SIZES = ((1920, 1080), (1440, 900), (1280, 800), (1024, 768), (768, 1024), (390, 844))

# Texts that must never be cut, drawn ones too, and the page itself.
CUT = """() => {
  const app = (function find(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains("app")) return node
      const inner = node.shadowRoot && find(node.shadowRoot)
      if (inner) return inner
    }
  })(document)
  const cut = [...app.querySelectorAll(".ph, .mt, .bc, .ochain .ch-h, .assumed, .picks")]
    .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.className + ": " + node.textContent)
  for (const svg of app.querySelectorAll(".art svg")) {
    const box = svg.getBoundingClientRect()
    for (const text of svg.querySelectorAll("text")) {
      const own = text.getBoundingClientRect()
      if (own.left < box.left - 1 || own.right > box.right + 1 || own.bottom > box.bottom + 2)
        cut.push(`${svg.getAttribute("aria-label")}: ${text.textContent}`)
    }
  }
  const room = app.querySelector(".orm")
  if (room.scrollWidth > room.clientWidth) cut.push("room")
  if (innerWidth >= 1280) {
    if (room.scrollHeight > room.clientHeight + 1) cut.push("room is too high")
    const table = app.querySelector(".oscroll")
    if (table.scrollWidth > table.clientWidth + 1) cut.push("chain is too wide")
    if (table.scrollHeight > table.clientHeight + 1) cut.push("chain is too high")
  }
  const page = document.documentElement
  if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) cut.push("page")
  return cut
}"""


def enter(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.locator(".orm .cr.atm")).to_be_visible()


def told(page: Page) -> str:
    return " | ".join(page.locator(".tellbox > *").all_inner_texts())


def test_the_keyboard_goes_there_and_back_and_the_address_remembers(open_desk: Open):
    page = open_desk()
    expect(page.locator(".orm")).to_be_hidden()
    enter(page)
    expect(page.locator(".card").first).to_be_hidden()
    expect(page.locator(".clock b")).to_have_text("13:42:18")
    expect(page.get_by_role("button", name="Options").first).to_have_attribute(
        "aria-current", "page"
    )
    assert page.url.endswith("#options")
    page.reload()
    expect(page.locator(".orm .cr.atm")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.locator(".card").first).to_be_visible()
    expect(page.locator(".orm")).to_be_hidden()
    assert "#" not in page.url


def test_the_palette_and_the_header_lead_there(open_desk: Open):
    page = open_desk()
    page.keyboard.press("/")
    page.keyboard.type("option desk")
    page.keyboard.press("Enter")
    expect(page.locator(".orm .cr.atm")).to_be_visible()
    page.get_by_role("button", name="Desk", exact=True).first.click()
    expect(page.locator(".card").first).to_be_visible()


@pytest.mark.parametrize("variant", ["replay", "mock"])
def test_nothing_is_cut_in_either_theme(open_desk: Open, variant):
    page = open_desk(f"variant={variant}")
    enter(page)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(NEXT_FRAME)
        page.evaluate(NEXT_FRAME)
        assert (width, page.evaluate(CUT)) == (width, [])
    page.keyboard.press("Shift+T")
    assert page.evaluate(CUT) == []


def test_an_expiry_is_picked_by_its_place(open_desk: Open):
    page = open_desk()
    enter(page)
    later = page.get_by_role("button", name="25 Aug")
    assert said(page, later.click, "expiry") == {"do": "expiry", "at": 1}
    expect(later).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".mt", has_text="Straddle").locator("b")).to_have_text("312.40")
    expect(page.locator(".heat .none-yet")).to_have_text("No minute of this expiry has closed yet")


def test_another_underlying_is_a_key_away_and_says_what_it_lacks(open_desk: Open):
    page = open_desk()
    enter(page)
    assert said(page, lambda: page.keyboard.press("3"), "underlying")["underlying"] == "SENSEX"
    expect(page.locator(".orm .why")).to_have_text("No SENSEX option chain in this recording")
    page.keyboard.press("1")
    expect(page.locator(".orm .cr.atm")).to_be_visible()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (".cr.atm [data-cell=iv] >> nth=0", "F 24,305.55 · K 24,300 · T 1h 57m · r 6.5%"),
        (".cr.atm [data-cell=delta] >> nth=1", "±DF · N(±d1), Black-76"),
        (".cr.atm [data-cell=theta] >> nth=0", "INR a calendar day"),
        (".cr.atm [data-cell=ltp] >> nth=0", "bid 21.60 · offer 21.70"),
        (".cr.atm [data-cell=chg] >> nth=0", "OI now − OI at the previous close"),
        (".cr.atm [data-cell=oi] >> nth=0", "open interest 1m 50s old"),
        (".mt >> nth=4", "F · σ · √T"),
        (".mt >> nth=7", "dealers long calls, short puts"),
        (".ratios .pb", "Σ put / Σ call"),
        (".smile .pb", "out-of-the-money side"),
        (".premium .pb", "from last prices of closed minutes"),
        (".gamma .pb", "No feed says who holds what"),
        (".profile .pb", "since the previous close"),
        (".heat .pb", "OI at the end of the cell"),
        (".br.atm .bc >> nth=0", "premium down, OI up: short build-up"),
        (".br.atm .bc >> nth=1", "quotes 0.4 s old · open interest 1m 50s old"),
    ],
)
def test_every_number_explains_itself(open_desk: Open, where, words):
    page = open_desk()
    enter(page)
    page.locator(f".orm {where}").hover()
    expect(page.locator(".tellbox")).to_be_visible()
    assert words in told(page)


def test_a_key_number_explains_itself_to_the_keyboard(open_desk: Open):
    page = open_desk()
    enter(page)
    page.locator(".mt").nth(1).focus()
    page.keyboard.press("Tab")
    expect(page.locator(".tellbox")).to_contain_text("(σ call + σ put) / 2")
    page.keyboard.press("Escape")


def test_late_on_the_day_of_expiry_greeks_are_greyed_and_say_why(open_desk: Open):
    page = open_desk("variant=settled")
    enter(page)
    theta = page.locator(".orm .cr.atm [data-cell=theta]").first
    expect(theta.locator(".num")).to_have_css("opacity", "0.62")
    expect(page.locator(".orm .cr.atm [data-cell=ltp] .num").first).to_have_css("opacity", "1")
    expect(page.locator(".mt", has_text="GEX").locator("b")).to_have_css("opacity", "0.62")
    for number in (theta, page.locator(".mt", has_text="GEX"), page.locator(".gamma .pb")):
        number.hover()
        expect(page.locator(".tellbox")).to_contain_text("Settlement is fixed: greeks say little")


def test_a_missing_volatility_says_why(open_desk: Open):
    page = open_desk()
    enter(page)
    row = page.locator(".orm .cr", has_text="24,650")
    row.locator("[data-cell=iv]").first.hover()
    assert "None: at one tick, far from the money" in told(page)


def test_the_assumption_of_the_gamma_exposure_is_printed(open_desk: Open):
    page = open_desk()
    enter(page)
    expect(page.locator(".assumed")).to_contain_text("dealers long calls, short puts")


def test_a_generated_day_says_mock_on_every_pane(open_desk: Open):
    page = open_desk("variant=mock")
    enter(page)
    panes = page.locator(".orm .pane")
    expect(panes).to_have_count(9)
    for pane in panes.all():
        expect(pane.locator(".chip.mock")).to_be_visible()


def test_blind_leaves_no_date_in_the_room(open_desk: Open):
    page = open_desk()
    enter(page)
    page.keyboard.press("b")
    expect(page.locator(".expiries button").first).to_have_text("today")
    text = page.locator(".orm").evaluate("room => room.outerHTML")
    assert "Aug" not in text
    assert "2026" not in text


def test_all_strikes_scroll_inside_the_pane(open_desk: Open):
    page = open_desk()
    enter(page)
    assert said(page, page.get_by_role("button", name="All 25").click, "strikes")["all"] is True
    expect(page.locator(".orm .cr .k", has_text="24,900")).to_have_count(1)
    expect(page.locator(".orm .cr.atm")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_on_a_phone_the_room_has_a_tab_and_the_strike_stays(open_desk: Open):
    page = open_desk(width=390, height=844, has_touch=True)
    tab = page.locator(".tabs button", has_text="Options")
    tab.click()
    expect(tab).to_have_attribute("aria-current", "true")
    strike = page.locator(".orm .cr.atm .k")
    strike.scroll_into_view_if_needed()
    page.locator(".oscroll").evaluate("node => node.scrollTo(9999, 0)")
    expect(strike).to_be_in_viewport()
    page.locator(".orm .cr.atm [data-cell=ltp]").last.tap()
    expect(page.locator(".tellbox")).to_be_visible()
