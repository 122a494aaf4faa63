"""The status room and its banners in Chromium: by keyboard, as a form, as a desktop notice."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_desk_view import SIZES, Open, cut, open_desk, preview, said

__all__ = ["open_desk", "preview"]
pytestmark = pytest.mark.browser

ROOM_CUT = """() => {
  const app = (function find(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains("app")) return node
      const inner = node.shadowRoot && find(node.shadowRoot)
      if (inner) return inner
    }
  })(document)
  return [...app.querySelectorAll(".stat, .stat *, .banner, .banner *, button.health")]
    .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.className + ": " + node.textContent)
}"""
# Keep what the browser is asked to tell.
WATCH = """
window.called = []
const Real = window.Notification
window.Notification = class extends Real {
  constructor(title, options) { super(title, options); window.called.push([title, options.tag]) }
}
"""
COOKIE = {"name": "_xsrf", "value": "2%7Ctoken"}


def watched(open_desk: Open, query: str, **options: Any) -> Page:
    """Open the desk where its notices are noted; loaded anew, so that none is missed."""
    page = open_desk(query, **options)
    page.add_init_script(WATCH)
    page.reload()
    page.wait_for_selector(".card")
    return page


def posted(page: Page, act: Callable[[], object]) -> tuple[str, dict[str, list[str]]]:
    """Return what `act` makes the page post to Kite's sign-in: the method and the fields."""
    page.context.add_cookies([{**COOKIE, "url": page.url}])  # type: ignore[list-item]
    page.route("**/kite/login", lambda route: route.fulfill(body="at Kite"))
    with page.expect_request("**/kite/login") as heard:
        act()
    page.wait_for_url("**/kite/login")
    return heard.value.method, parse_qs(heard.value.post_data or "")


def test_the_room_opens_by_keyboard_and_tells_everything(open_desk: Open):
    page = open_desk("variant=live&operations=good")
    page.keyboard.press("g")
    assert said(page, lambda: page.keyboard.press("s"), "room") == {"do": "room", "room": "status"}
    room = page.get_by_role("main", name="Status")
    expect(room.get_by_role("heading", level=1)).to_have_text("Market open · F&O to 15:40 IST")
    expect(room.locator(".stat-k")).to_contain_text("Signed in")
    expect(room.get_by_role("region", name="Connections").locator("tbody tr")).to_have_count(2)
    expect(room.get_by_role("region", name="Stages").locator("tbody tr")).to_have_count(11)
    expect(room.get_by_role("region", name="Today")).to_contain_text("Connection 1 flowing")
    expect(room.get_by_role("region", name="Past days")).to_contain_text("1,20,12,345")
    expect(room.get_by_role("region", name="Problems")).to_be_hidden()
    assert page.url.endswith("#status")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(room).to_be_hidden()


def test_palette_shortcuts_and_menu_name_the_room(open_desk: Open):
    page = open_desk()
    page.keyboard.press("/")
    page.keyboard.type("status")
    page.keyboard.press("Enter")
    expect(page.locator("main.stat")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".keys div", has_text="Status").locator(".kbd")).to_have_text(["g", "s"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Your menu").click()
    expect(page.get_by_role("menuitem", name="Status")).to_be_visible()


def test_without_kite_the_room_says_so_and_shows_the_desk_s_stages(open_desk: Open):
    page = open_desk("variant=mock")
    page.get_by_role("button", name="Health: Chain late. Open the status room").click()
    room = page.get_by_role("main", name="Status")
    expect(room.get_by_role("heading", level=1)).to_contain_text("Kite is not connected")
    expect(room).to_contain_text("under “Connect Kite”")
    expect(room.get_by_role("region", name="Stages").locator("tbody tr")).to_have_count(6)
    expect(room.get_by_role("region", name="Connections")).to_be_hidden()


def test_the_sign_in_is_a_form_with_the_key_and_the_page_s_token(open_desk: Open):
    page = open_desk("variant=live&operations=broken")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.get_by_role("button", name="Sign in to Kite with key …k3y2").focus()
    sent = posted(page, lambda: page.keyboard.press("Enter"))
    assert sent == ("POST", {"_xsrf": ["2|token"], "key": ["…k3y2"]})


def test_the_banner_of_a_sign_in_posts_the_same_form_from_any_room(open_desk: Open):
    page = open_desk("variant=live&operations=broken")
    banner = page.locator(".banner", has_text="Kite sign-in due: key …k3y1")
    expect(banner).to_contain_text("Since 13:41 IST: Kite refused the token")
    sent = posted(page, banner.get_by_role("button", name="Sign in to Kite").click)
    assert sent == ("POST", {"_xsrf": ["2|token"], "key": ["…k3y1"]})


def test_who_is_not_the_owner_is_shown_the_room_and_no_form(open_desk: Open):
    page = open_desk("variant=live&operations=broken&role=viewer")
    banner = page.locator(".banner", has_text="Kite sign-in due")
    expect(banner).to_contain_text("Only the owner can sign in.")
    banner.get_by_role("button", name="Show status").click()
    expect(page.locator("main.stat")).to_be_visible()
    expect(page.locator(".stat-k").first).to_be_visible()
    expect(page.locator(".stat-k form >> visible=true")).to_have_count(0)


def test_health_is_red_where_a_stage_is_down_and_tells_what_to_do(open_desk: Open):
    page = open_desk("variant=live&operations=broken")
    health = page.locator("button.health")
    expect(health).to_have_attribute("data-worst", "down")
    expect(health.locator(".worst")).to_contain_text("Kite down +3")
    told = health.get_attribute("title") or ""
    assert "Tape: down. The database is read-only: /srv/tezi/tezi.db. Make the database" in told
    expect(page.locator(".mode.live")).to_have_text("LIVE")


def test_a_banner_is_told_outside_the_page_once_where_that_is_allowed(open_desk: Open):
    page = watched(open_desk, "variant=live&operations=broken", permissions=["notifications"])
    expect(page.locator(".banner")).to_have_count(4)
    tags = [tag for _, tag in page.evaluate("window.called")]
    assert tags == [
        "kite-…k3y1-required",
        "socket-down",
        "store",
        "problem-Another process holds the connection to Kite",
    ]
    said(page, lambda: page.keyboard.press("2"), "underlying")
    page.wait_for_selector(".ix >> text=NIFTY BANK")
    assert len(page.evaluate("window.called")) == 4
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.locator(".stat-n")).to_contain_text("Desktop notices are allowed")
    expect(page.get_by_role("button", name="Allow desktop notices")).to_be_hidden()


def test_the_permission_is_asked_for_on_a_click_only(open_desk: Open):
    page = open_desk("variant=live&operations=good")
    page.evaluate("""() => {
      window.asked = 0
      const state = { now: "default" }
      window.Notification = class { static get permission() { return state.now } }
      Notification.requestPermission = async () => {
        window.asked += 1
        return state.now = "denied"
      }
    }""")
    page.keyboard.press("g")
    page.keyboard.press("s")
    notices = page.locator(".stat-n")
    expect(notices).to_contain_text("have not been asked for")
    assert page.evaluate("window.asked") == 0
    page.get_by_role("button", name="Allow desktop notices").click()
    expect(notices).to_contain_text("Desktop notices are denied")
    assert page.evaluate("window.asked") == 1
    expect(page.get_by_role("button", name="Allow desktop notices")).to_be_hidden()


@pytest.mark.parametrize("operations", ["good", "broken", ""])
def test_nothing_of_the_room_is_cut_at_any_size(open_desk: Open, operations: str):
    page = open_desk(f"variant=live&operations={operations}")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.locator("main.stat h1")).to_be_visible()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, cut(page), page.evaluate(ROOM_CUT)) == (width, [], [])


@pytest.mark.parametrize("operations", ["good", "broken"])
def test_the_header_has_room_for_the_stages_of_a_live_desk(open_desk: Open, operations: str):
    page = open_desk(f"variant=live&operations={operations}")
    for width, height in (*SIZES, (900, 700), (1279, 800), (1399, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert (width, cut(page)) == (width, [])


@pytest.mark.parametrize(
    ("motion", "look"),
    [("no-preference", ["breathe", "2s", "infinite"]), ("reduce", ["none", "0s", "1"])],
)
def test_the_dot_of_live_breathes_unless_motion_is_unwanted(
    open_desk: Open, motion: str, look: list[str]
):
    page = open_desk("variant=live", reduced_motion=motion)
    assert (
        page.locator(".mode.live .dot").evaluate(
            """(dot) => {
              const look = getComputedStyle(dot)
              return [look.animationName, look.animationDuration, look.animationIterationCount]
            }"""
        )
        == look
    )
