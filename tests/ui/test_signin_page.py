"""The sign-in pages in Chromium: by link, by keyboard, in both themes, from one host only."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.server import OWNER, PASSWORD, PATIENCE_MS, Served

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def wait_for_document(page: Page) -> None:
    page.wait_for_function("() => window.Bokeh && Bokeh.documents.length > 0")


def test_signs_up_by_the_link_signs_in_and_out_without_another_host(fresh: Served, page: Page):
    hosts: set[str] = set()
    problems: list[str] = []
    page.on("request", lambda request: hosts.add(request.url))
    page.on("websocket", lambda socket: hosts.add(socket.url.replace("ws://", "http://")))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)

    page.goto(fresh.link)
    page.fill("#name", OWNER)
    page.fill("#password", PASSWORD)
    page.click("#go")
    page.wait_for_url("**/app")
    wait_for_document(page)

    page.goto(f"{fresh.base}/logout")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()  # keys go nowhere before
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(OWNER)
    page.keyboard.press("Tab")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/app")

    assert [url for url in hosts if not url.startswith((fresh.base, "blob:", "data:"))] == []
    assert problems == []


def test_signing_out_in_one_tab_leads_the_other_to_the_sign_in_page(served: Served, page: Page):
    served.sign_in_page(page)
    wait_for_document(page)
    other = page.context.new_page()
    other.goto(f"{served.base}/logout")
    other.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login?next=%2Fapp")


def test_the_eye_shows_the_password_and_hides_it_again(served: Served, page: Page):
    page.goto(f"{served.base}/login")
    page.fill("#password", "abc")
    page.get_by_role("button", name="Show the password").click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(page.locator("#password")).to_have_attribute("type", "password")


@pytest.mark.parametrize(
    ("system", "stored", "background"),
    [
        ("dark", None, "rgb(10, 13, 19)"),
        ("light", None, "rgb(237, 240, 245)"),
        ("dark", "light", "rgb(237, 240, 245)"),
        ("light", "dark", "rgb(10, 13, 19)"),
    ],
)
def test_the_theme_is_the_one_chosen_or_the_systems(
    served: Served, page: Page, system, stored, background
):
    page.emulate_media(color_scheme=system)
    page.goto(f"{served.base}/login")
    if stored:
        page.evaluate("theme => localStorage.setItem('tezi-theme', theme)", stored)
        page.reload()
    expect(page.locator("body")).to_have_css("background-color", background)


def test_fits_a_phone(served: Served, page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{served.base}/login")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for name in ("#name", "#password", "#go", "#eye"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["x"] + box["width"] <= 390


def test_says_that_nothing_here_is_advice(served: Served, page: Page):
    page.goto(f"{served.base}/login")
    expect(page.locator("footer")).to_contain_text(
        "Research only. Nothing here is advice, and no signal is claimed to predict."
    )
    expect(page.locator("footer")).to_contain_text(re.compile(r"Tezi \d+\.\d+\.\d+"))
