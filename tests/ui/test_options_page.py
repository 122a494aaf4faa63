"""The option desk of a served day: its numbers move, its expiries are the day's, no error."""

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.server import Served

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000


def test_the_generated_days_options_play_under_the_same_clock(served: Served, chromium: Browser):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    served.sign_in_page(page)
    expect(page.locator(".card").first).to_be_visible(timeout=PATIENCE_MS)
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.locator(".orm .cr.atm")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".orm .chip.mock").first).to_be_visible()
    spot = page.locator(".mt").first.locator("b")
    began = spot.inner_text()
    expect(spot).not_to_have_text(began, timeout=PATIENCE_MS)
    for pane in ("ratios", "premium", "heat", "profile", "smile", "gamma"):
        expect(page.locator(f".{pane} svg path, .{pane} svg rect").first).to_be_attached()
    straddle = page.locator(".mt", has_text="Straddle").locator("b").inner_text()
    page.locator(".expiries button").nth(1).click()
    expect(page.locator(".expiries button").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".mt", has_text="Straddle").locator("b")).not_to_have_text(straddle)
    expect(page.locator(".ratios svg path").first).to_be_attached()
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="BANKNIFTY").last).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.locator(".card").first).to_be_visible()
    context.close()
    assert complaints == []
