"""The drawer and the catalogue in Chromium: they open by keyboard, they fit, nothing is cut."""

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_desk_view import Open, cut, open_desk, preview, said

__all__ = ["open_desk", "preview"]
pytestmark = pytest.mark.browser
SIZES = ((1920, 1080), (1680, 1000), (1440, 900), (1280, 800), (1024, 768), (390, 844))

# Chips that are cut in the middle, and words of the wide cards and the drawer that run over.
SPOILT = """() => {
  const app = (function find(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains("app")) return node
      const inner = node.shadowRoot && find(node.shadowRoot)
      if (inner) return inner
    }
  })(document)
  const found = []
  for (const chip of app.querySelectorAll(".card .chip")) {
    const own = chip.getBoundingClientRect(), box = chip.parentNode.getBoundingClientRect()
    const seen = own.top < box.bottom - 1
    if (seen && own.right > box.right + 1) found.push(`chip ${chip.textContent}`)
  }
  const whole = ".part > span:first-child, .ex-h, .ex-h h2, .ex-t, .ex-c table"
  for (const node of app.querySelectorAll(whole)) {
    if (node.clientWidth && node.scrollWidth > node.clientWidth + 1) found.push(node.textContent)
  }
  for (const card of app.querySelectorAll(".card")) {
    if (card.scrollHeight > card.clientHeight + 1) found.push(`${card.id} is too low`)
    if (card.clientHeight < 66) found.push(`${card.id} is lower than 66`)
  }
  return found
}"""


def drawer(page: Page):
    return page.locator(".explain.float")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("variant", ["eighteen", "flagged"])
def test_cards_and_drawer_fit_at_every_size(open_desk: Open, variant: str, theme: str):
    page = open_desk(f"variant={variant}&theme={theme}")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, cut(page), page.evaluate(SPOILT)) == (width, [], [])
        for name in ("momentum", "vix", "confluence"):
            page.locator(f"#card-{name}").dispatch_event("click")
            expect(drawer(page).locator(".ex-t")).to_contain_text(f"id: {name}")
            assert (width, page.evaluate(SPOILT)) == (width, [])
            page.keyboard.press("Escape")


def test_the_fixed_words_of_confluence_are_seen_whole_everywhere(open_desk: Open):
    page = open_desk("variant=eighteen")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        chip = page.locator("#card-confluence .chip").first
        expect(chip).to_have_text("NO STATISTICAL EDGE ESTABLISHED")
        inside = chip.evaluate("""node => {
          const own = node.getBoundingClientRect(), box = node.parentNode.getBoundingClientRect()
          return own.right <= box.right + 1 && own.bottom <= box.bottom + 1
        }""")
        assert inside, width


def test_arrows_walk_all_eighteen_sections_as_they_are_listed(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-confluence").click()
    titles = page.locator(".card .ti").all_text_contents()
    for title in titles:
        expect(drawer(page).locator("h2")).to_have_text(title)
        page.keyboard.press("ArrowRight")
    expect(drawer(page).locator("h2")).to_have_text("Confluence")
    assert len(titles) == 18


def test_the_drawer_says_where_it_stands_and_gives_the_lines(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-vix").click()
    expect(drawer(page).locator(".ruler .rp b")).to_have_text("VIX 13.42")
    expect(drawer(page).locator(".code pre")).to_contain_text(
        'open_day("2026-08-18").at("13:40:05")\nmoment.reading("vix", "NIFTY", "5m")'
    )
    drawer(page).get_by_role("button", name="Copy").click()
    expect(drawer(page).locator(".copy")).to_have_text("Copied")


def test_last_states_and_inputs_come_with_the_desk_s_answer(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-momentum").click()
    states = drawer(page).locator("table.states tbody tr")
    expect(states).to_have_count(2)
    expect(states.first).to_contain_text("Bearish")
    expect(drawer(page).locator("table.inputs")).to_contain_text("485 bars")


def test_blind_mode_leaves_no_date_in_the_drawer(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-momentum").click()
    page.keyboard.press("b")
    expect(drawer(page).locator(".code pre")).to_contain_text("open_day(…)")
    expect(drawer(page).locator(".copy")).to_be_hidden()
    assert "2026" not in drawer(page).inner_text()


def test_the_formula_is_fetched_once_and_only_when_it_is_read(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-adx").click()
    formula = drawer(page).get_by_role("tab", name="Formula")
    assert said(page, formula.click, "catalogue") == {"do": "catalogue"}
    expect(drawer(page)).to_contain_text("J. Welles Wilder, New Concepts")
    page.said.clear()  # type: ignore[attr-defined]
    page.keyboard.press("ArrowRight")
    expect(drawer(page)).to_contain_text("Olivier Seban")
    assert "catalogue" not in [message["do"] for message in page.said]  # type: ignore[attr-defined]


def test_the_catalogue_opens_by_keyboard_and_lists_every_section(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.keyboard.press("g")
    page.keyboard.press("c")
    catalogue = page.locator(".cat")
    expect(catalogue.locator("article")).to_have_count(18)
    expect(catalogue.locator("#entry-confluence")).to_contain_text("NO STATISTICAL EDGE")
    expect(catalogue.locator(".cat-f")).to_have_text(
        "Nothing here is advice, and no signal is claimed to predict."
    )
    catalogue.get_by_role("button", name="Max pain").click()
    expect(catalogue.locator("#entry-max_pain h2")).to_be_in_viewport()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.locator("#card-momentum")).to_be_visible()


def test_the_catalogue_fits_at_every_size(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator(".cat article")).to_have_count(18)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, cut(page)) == (width, [])
        wide = page.locator(".cat-s").evaluate("node => node.scrollWidth - node.clientWidth")
        assert (width, wide) == (width, 0)
