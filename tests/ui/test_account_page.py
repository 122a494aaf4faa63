"""The account room in Chromium: by keyboard, on a phone, without scripts, from one host."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.server import OWNER, PASSWORD, PATIENCE_MS, Served

pytestmark = pytest.mark.browser
PAGES = ("", "/sessions", "/keys", "/users", "/audit", "/status")
KEY = re.compile(r"tezi_[0-9a-f]{8}_[\w-]{43}")


@pytest.fixture
def page(chromium: Browser, served: Served):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.base)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def sign_in(served: Served, page: Page) -> None:
    """Sign in without the desk, which takes long to open."""
    page.goto(f"{served.base}/login?next=%2Faccount")
    page.fill("#name", OWNER)
    page.fill("#password", PASSWORD)
    page.click("#go")
    page.wait_for_url("**/account")


def test_from_the_desk_to_a_new_key_by_keyboard_and_from_one_host(served: Served, page: Page):
    urls: set[str] = set()
    problems: list[str] = []
    page.on("request", lambda request: urls.add(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    served.sign_in_page(page)
    page.get_by_role("button", name="Your menu").click()
    items = page.get_by_role("menuitem").all_inner_texts()
    links = [item.split("\n")[0] for item in items]
    assert links[-5:] == ["Account", "API keys", "Users", "Audit", "Sign out"]  # no API here
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/account")

    page.get_by_role("link", name="API keys").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/keys")
    page.locator("#name").focus()
    page.keyboard.type(f"by keyboard {uuid4().hex[:6]}")
    page.keyboard.press("Enter")
    field = page.get_by_label("Copy it now")
    expect(field).to_be_focused()
    key = field.input_value()
    assert KEY.fullmatch(key)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == key

    assert [url for url in urls if not url.startswith((served.base, "blob:", "data:"))] == []
    assert problems == []


def test_a_question_opens_and_closes_by_keyboard(served: Served, page: Page):
    served.sign_in()
    sign_in(served, page)
    page.goto(f"{served.base}/account/sessions")
    end = page.locator("summary", has_text="End").first
    end.focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="End the session").first
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_hidden()
    expect(end).to_be_focused()


def test_fits_a_phone(served: Served, page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(served, page)
    for path in PAGES:
        page.goto(f"{served.base}/account{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
        for link in page.get_by_role("navigation").get_by_role("link").all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= 390
        for control in page.locator("main :is(button, summary, select):visible").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 44, control.inner_text()


def test_works_without_scripts(served: Served, chromium: Browser):
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    sign_in(served, page)
    page.goto(f"{served.base}/account/keys")
    name = f"without scripts {uuid4().hex[:6]}"
    page.fill("#name", name)
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("Copy it now")).to_have_text(KEY)
    row = page.get_by_role("row", name=name)
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("The key is revoked"))
    expect(page.get_by_role("row", name=name)).to_contain_text("REVOKED")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    context.close()
