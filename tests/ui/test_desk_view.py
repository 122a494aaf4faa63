"""The desk in Chromium, fed by drawn snapshots: it fits, it listens to keys, it never lies."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.ui.server import PATIENCE_MS, PATIENCE_S, ROOT

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
SIZES = (
    (1920, 1080),
    (1680, 1000),
    (1440, 900),
    (1280, 800),
    (1024, 768),
    (768, 1024),
    (390, 844),
)
SETTLING = 30  # frames
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# Elements whose text must never be cut, and the page itself, measured in the browser.
CUT = """() => {
  const app = (function find(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains("app")) return node
      const inner = node.shadowRoot && find(node.shadowRoot)
      if (inner) return inner
    }
  })(document)
  const names =
    ".hd, .tm, .ch-h, .tb, .sh, .ix .t, .ix .p, .ix .dr, .ix .marks, .card .r1, .card .r2, .chg"
  const cut = [...app.querySelectorAll(names)]
    .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.className + ": " + node.textContent)
  const body = app.querySelector(".body")
  if (body.scrollWidth > body.clientWidth) cut.push("body")
  const page = document.documentElement
  if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) cut.push("page")
  return cut
}"""


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    """Serve the drawn desk in a process of its own; return its address."""
    command = [sys.executable, "-m", "panel", "serve", "tests/ui/preview.py", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=_read, args=(process, lines, ready := threading.Event()))
    reader.start()
    try:
        assert ready.wait(PATIENCE_S), "".join(lines)
        found = re.search(r"running at: (\S+)", "".join(lines))
        assert found, "".join(lines)
        yield found.group(1)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reader.join()
        process.stderr.close()  # type: ignore[union-attr]


def _read(process: subprocess.Popen[str], lines: list[str], ready: threading.Event) -> None:
    for line in process.stderr or ():
        lines.append(line)
        if "running at" in line:
            ready.set()
    ready.set()


@pytest.fixture
def open_desk(chromium: Browser, preview: str) -> Iterator[Open]:
    """Open the desk at a size; errors of the page and requests elsewhere fail the test."""
    contexts, problems = [], []

    def opened(query: str = "", width: int = 1440, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.said = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: problems.append(r.url) if _elsewhere(r.url) else None)
        page.on("websocket", lambda socket: _listen(socket, page))
        page.goto(f"{preview}?{query}")
        page.wait_for_selector(".card")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _elsewhere(url: str) -> bool:
    return not url.startswith(("http://localhost:", "blob:", "data:"))


def _listen(socket: WebSocket, page: Page) -> None:
    socket.on("framesent", lambda frame: _hear(frame, page))


def _hear(frame: str | bytes, page: Page) -> None:
    found = re.search(r'\["data",\{"type":"map","entries":(\[\[.*?\]\])\}\]', str(frame))
    if found:
        page.said.append(dict(json.loads(found.group(1))))  # type: ignore[attr-defined]


def said(page: Page, act: Callable[[], object], do: str) -> dict[str, Any]:
    """Return the first message of kind `do` that `act` makes the page send."""
    page.said.clear()  # type: ignore[attr-defined]
    act()
    for _ in range(PATIENCE_MS // 20):
        found = [m for m in page.said if m["do"] == do]  # type: ignore[attr-defined]
        if found:
            return found[0]
        page.wait_for_timeout(20)
    raise AssertionError(f"the page said {page.said}, never {do}")  # type: ignore[attr-defined]


def cut(page: Page) -> list[str]:
    """Return what is cut once the page has settled; it is laid out over a few frames."""
    for _ in range(SETTLING):
        page.evaluate(NEXT_FRAME)
        found: list[str] = page.evaluate(CUT)
        if not found:
            break
    return found


@pytest.mark.parametrize("variant", ["replay", "eighteen", "mock", "cards"])
def test_nothing_is_cut_and_the_page_never_scrolls(open_desk: Open, variant):
    page = open_desk(f"variant={variant}")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, cut(page)) == (width, [])


# The first chip of each card with chips: what it says, and whether it is cut.
FIRST_CHIPS = """grid => [...grid.querySelectorAll(".card")]
  .map((card) => card.querySelector(".chips .chip")).filter(Boolean)
  .map((chip) => [chip.textContent, chip.scrollWidth > chip.clientWidth])"""


def test_the_first_chip_of_a_card_is_whole(open_desk: Open):
    page = open_desk("variant=flagged", width=1440, height=900)
    shown = page.locator(".grid").evaluate(FIRST_CHIPS)
    assert ["UNOFF", False] in shown
    assert [text for text, cut in shown if cut] == []


MOCKED = """grid => [...grid.querySelectorAll(".card")].filter((card) => {
  const line = card.querySelector(".chips").getBoundingClientRect()
  return ![...card.querySelectorAll(".chips .chip")].some((chip) => {
    const box = chip.getBoundingClientRect()
    const high = box.top >= line.top - 1 && box.bottom <= line.bottom + 1
    return chip.textContent === "MOCK" && high && box.right <= line.right + 1
  })
}).map((card) => card.textContent)"""


@pytest.mark.parametrize("width", [1280, 1440, 390])
def test_mock_is_whole_on_every_card(open_desk: Open, width):
    page = open_desk("variant=mock", width=width, height=900)
    assert page.locator(".grid").evaluate(MOCKED) == []


@pytest.mark.parametrize("variant", ["live", "paused", "ended", "failed", "loading", "no-chain"])
def test_every_status_is_drawn_in_both_themes(open_desk: Open, variant):
    page = open_desk(f"variant={variant}")
    for ground in ("rgb(10, 13, 19)", "rgb(237, 240, 245)"):
        expect(page.locator(".app")).to_have_css("background-color", ground)
        assert cut(page) == []
        page.keyboard.press("Shift+T")


def test_keys_say_what_they_do(open_desk: Open):
    page = open_desk()
    press = page.keyboard.press
    assert said(page, lambda: press(" "), "pause") == {"do": "pause"}
    assert said(page, lambda: press("ArrowLeft"), "step")["bars"] == -1
    assert said(page, lambda: press("Shift+ArrowRight"), "step")["minutes"] == 1
    assert said(page, lambda: press("]"), "speed")["speed"] == 16
    assert said(page, lambda: press("["), "speed")["speed"] == 1
    assert said(page, lambda: press("j"), "seek")["time"] == "13:10:00"
    assert said(page, lambda: press("b"), "blind")["on"] is True
    assert said(page, lambda: press("f"), "fit") == {"do": "fit"}
    assert said(page, lambda: press("t"), "timeframe")["timeframe"] == "15m"
    assert said(page, lambda: press("3"), "underlying")["underlying"] == "SENSEX"
    assert said(page, lambda: press("Shift+T"), "theme")["theme"] == "light"


def test_the_last_flip_is_offered_only_where_there_are_flips(open_desk: Open):
    for query, count in (("variant=no-flips", 0), ("", 1)):
        page = open_desk(query)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        expect(page.locator(".keys > div", has_text="Last flip")).to_have_count(count)
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("flip")
        expect(page.get_by_role("option", name="Seek to last flip")).to_have_count(count)


def test_space_plays_after_a_button_was_clicked(open_desk: Open):
    page = open_desk("variant=paused")
    page.get_by_role("button", name="16×").click()
    assert said(page, lambda: page.keyboard.press(" "), "play") == {"do": "play"}


def test_a_time_can_be_typed_and_keys_are_off_meanwhile(open_desk: Open):
    page = open_desk()
    page.keyboard.press("s")
    field = page.get_by_label("Seek to a time, HH:MM or HH:MM:SS")
    expect(field).to_be_focused()

    def type_it() -> None:
        field.fill("9b")
        field.press("Enter")
        expect(field).to_have_class(re.compile("bad"))
        field.press("b")
        field.fill("1250")
        field.press("Enter")

    assert said(page, type_it, "seek")["time"] == "12:50:00"
    assert [m["do"] for m in page.said] == ["seek"]  # type: ignore[attr-defined]
    expect(field).to_be_hidden()


def test_a_time_outside_the_day_leads_to_its_nearest_end(open_desk: Open):
    page = open_desk()

    def ask(words: str) -> None:
        page.keyboard.press("s")
        page.keyboard.type(words)
        page.keyboard.press("Enter")

    assert said(page, lambda: ask("08:00"), "seek")["time"] == "09:00:00"
    known = "Moved to 09:00:00: the day is known from 09:00:00 to 15:40:00"
    expect(page.get_by_role("status").filter(has_text=known)).to_have_count(1)
    expect(page.locator(".tm .note")).to_be_visible()
    expect(page.locator(".tm .note")).to_have_text(known)
    assert cut(page) == []
    assert said(page, lambda: ask("1900"), "seek")["time"] == "15:40:00"


@pytest.mark.parametrize("words", ["25:99", "abc"])
def test_a_time_that_cannot_be_read_says_how_to_write_one(open_desk: Open, words):
    page = open_desk()
    page.keyboard.press("s")
    field = page.get_by_label("Seek to a time, HH:MM or HH:MM:SS")
    field.fill(words)
    field.press("Enter")
    note = page.locator(".tm .note")
    expect(note).to_be_visible()
    expect(note).to_have_text("Write a time as 13:42 or 13:42:18")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_attribute("aria-describedby", "seek-note")
    expect(page.get_by_role("status").filter(has_text="Write a time as 13:42")).to_have_count(1)
    field.press("Escape")
    expect(note).to_be_hidden()
    page.keyboard.press("s")
    assert field.get_attribute("aria-invalid") is None


def test_a_phone_says_how_to_write_a_time_beside_its_field(open_desk: Open):
    page = open_desk(width=390, height=844)
    page.get_by_role("button", name="Replay", exact=True).click()
    field = page.get_by_label("Seek to a time", exact=True)
    field.fill("25:99")
    field.press("Enter")
    expect(page.locator(".menu .note")).to_have_text("Write a time as 13:42 or 13:42:18")
    expect(field).to_have_attribute("aria-invalid", "true")

    def again() -> None:
        field.fill("0800")
        field.press("Enter")

    assert said(page, again, "seek")["time"] == "09:00:00"
    expect(page.locator(".tm .note")).to_be_visible()
    expect(page.get_by_role("menu")).to_have_count(0)
    assert cut(page) == []


def test_the_overlay_menu_of_a_phone_is_inside_the_page_and_scrolls_to_its_end(open_desk: Open):
    page = open_desk("variant=eighteen", width=390, height=844)
    page.get_by_role("button", name="Overlays").click()
    menu = page.get_by_role("menu")
    box = menu.bounding_box()
    assert box
    assert (box["x"] >= 8, box["x"] + box["width"] <= 382) == (True, True)
    last = menu.get_by_role("checkbox").last
    last.scroll_into_view_if_needed()
    end = last.bounding_box()
    assert end
    assert end["y"] + end["height"] <= box["y"] + box["height"]
    assert menu.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_the_timeline_seeks_by_click_drag_and_wheel(open_desk: Open):
    page = open_desk()
    line = page.get_by_role("slider", name="Time of the day")
    box = line.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + 20)
    assert said(page, lambda: page.mouse.click(*middle), "seek")["time"][:4] == "12:2"

    def drag() -> None:
        page.mouse.move(box["x"] + 30, middle[1])
        page.mouse.down()
        page.mouse.move(*middle, steps=4)
        page.mouse.up()

    assert said(page, drag, "seek")["time"][:4] == "12:2"
    page.mouse.move(*middle)
    assert said(page, lambda: page.mouse.wheel(0, 100), "seek")["time"] == "13:43:18"


def test_the_palette_finds_times_days_and_sections(open_desk: Open):
    page = open_desk()

    def ask(words: str) -> None:
        page.keyboard.press("/")
        page.keyboard.type(words)
        page.keyboard.press("Enter")

    assert said(page, lambda: ask("seek 10:05"), "seek")["time"] == "10:05:00"
    assert said(page, lambda: ask("open 2026-08-13"), "day")["source"] == "LIVE"
    assert said(page, lambda: ask("bank"), "underlying")["underlying"] == "BANKNIFTY"
    assert said(page, lambda: ask("opening range"), "explain")["id"] == "orb"


def test_the_palette_says_how_to_write_a_time(open_desk: Open):
    page = open_desk()
    page.keyboard.press("/")
    page.keyboard.type("seek 25:99")
    expect(page.get_by_text("Write a time as 13:42 or 13:42:18", exact=True)).to_be_visible()

    def go_on() -> None:
        for key in ("Enter", "Escape", "f"):
            page.keyboard.press(key)

    said(page, go_on, "fit")
    assert [m["do"] for m in page.said] == ["fit"]  # type: ignore[attr-defined]


def test_a_day_is_picked_from_the_list(open_desk: Open):
    page = open_desk()
    page.get_by_role("button", name="Tue 18 Aug 2026").click()
    days = page.get_by_role("dialog", name="Open a day")
    expect(days.locator(".pick")).to_have_count(3)
    page.keyboard.type("generated")
    expect(days.locator(".pick")).to_have_count(1)
    assert said(page, lambda: page.keyboard.press("Enter"), "day")["date"] == "2026-08-12"
    expect(days).to_be_hidden()


def test_overlays_are_switched_in_their_menu(open_desk: Open):
    page = open_desk()
    page.keyboard.press("o")
    menu = page.get_by_role("menu")
    assert said(page, lambda: menu.get_by_text("EMA stack").click(), "overlay") == {
        "do": "overlay",
        "id": "ema",
        "on": True,
    }
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_a_generated_day_says_mock_on_every_part(open_desk: Open):
    page = open_desk("variant=mock")
    expect(page.locator(".mode")).to_have_text("MOCK")
    expect(page.locator(".card.mocked .chip.mock")).to_have_count(6)
    expect(page.locator(".ix .chip.mock")).to_have_count(3)
    expect(page.locator(".chain .chip.mock")).to_be_visible()
    expect(page.locator(".mockword")).to_be_visible()
    assert "gradient" in page.locator(".edge").evaluate(
        "node => getComputedStyle(node).borderImageSource"
    )


# The chip of each index card, whether it is whole, and whether the price leaves it free.
INDEX_CHIPS = """root => [...root.querySelectorAll(".ix")].map((card) => {
  const chip = card.querySelector(".chip.mock").getBoundingClientRect()
  const frame = card.querySelector(".marks").getBoundingClientRect()
  const words = document.createRange()
  words.selectNodeContents(card.querySelector(".p b"))
  const price = words.getBoundingClientRect()
  const whole = chip.right <= frame.right + 1 && chip.bottom <= frame.bottom + 1
  return [whole, chip.left >= price.right || chip.bottom <= price.top || chip.top >= price.bottom]
})"""


@pytest.mark.parametrize("width", [390, 1440])
def test_the_mock_chip_of_an_index_is_whole_and_covers_no_price(open_desk: Open, width):
    page = open_desk("variant=mock", width=width)
    assert page.locator(".indices").evaluate(INDEX_CHIPS) == [[True, True]] * 3


def test_a_recorded_day_never_says_mock(open_desk: Open):
    page = open_desk()
    expect(page.locator(".mode")).to_have_text("REPLAY")
    expect(page.get_by_text("MOCK", exact=True).locator("visible=true")).to_have_count(0)


@pytest.mark.parametrize("key", ["?", "/"])
def test_escape_closes_a_layer_whose_focus_was_lost_and_keys_work_at_once(open_desk: Open, key):
    page = open_desk()
    page.keyboard.press(key)
    layer = page.locator("dialog[open]")
    expect(layer).to_have_count(1)
    layer.evaluate("dialog => dialog.getRootNode().activeElement?.blur()")

    def press() -> None:
        page.keyboard.press("b")  # the desk does not listen behind a layer
        page.keyboard.press("Escape")
        page.keyboard.press("f")

    assert said(page, press, "fit") == {"do": "fit"}
    assert [m["do"] for m in page.said] == ["fit"]  # type: ignore[attr-defined]
    expect(layer).to_have_count(0)


def test_escape_closes_a_menu_from_its_field(open_desk: Open):
    page = open_desk(width=390, height=844)
    page.get_by_role("button", name="Replay").click()
    menu = page.get_by_role("menu")
    menu.get_by_label("Seek to a time").focus()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_a_card_opens_its_reading_and_escape_closes_it(open_desk: Open):
    page = open_desk("variant=eighteen")
    page.locator("#card-pivots").click()
    reading = page.locator(".explain.float")
    page.get_by_role("tab", name="Numbers").click()
    expect(reading).to_contain_text("24,347.30")
    page.keyboard.press("ArrowRight")
    expect(reading.locator("h2")).to_have_text("Support / resistance")
    page.keyboard.press("Escape")
    expect(reading).to_have_count(0)


def test_few_cards_leave_room_for_a_docked_reading(open_desk: Open):
    page = open_desk()
    page.locator("#card-orb").click()
    expect(page.locator(".dock .explain h2")).to_have_text("Opening range")


def test_one_update_touches_only_what_changed(open_desk: Open):
    page = open_desk()
    page.locator(".app").evaluate("""app => {
      window.touched = []
      new MutationObserver((list) => list.forEach((m) => window.touched.push(m.target.className)))
        .observe(app, {subtree: true, childList: true, characterData: true})
    }""")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ix b.num").first).to_have_text("24,303.40")
    touched = page.evaluate("window.touched")
    assert 0 < len(touched) <= 8, touched  # two clocks, one price, its range and sparkline


def test_reduced_motion_makes_the_changed_number_bold(open_desk: Open):
    page = open_desk(reduced_motion="reduce")
    page.keyboard.press("1")
    page.evaluate("() => new Promise(done => setTimeout(done, 1000))")  # a seek hushes flashes
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ix b.num").first).to_have_text("24,303.40")
    assert page.evaluate("document.getAnimations().length") == 0


def test_blind_leaves_no_date_in_the_page(open_desk: Open):
    page = open_desk()
    page.get_by_role("switch", name="Blind").click()
    expect(page.locator(".day .d")).to_have_text("Day hidden")
    text = page.locator(".app").evaluate(
        "app => [...app.querySelectorAll(':scope > :not(dialog, style)')]"
        ".map(node => node.outerHTML).join()"
    )
    assert "2026" not in text
    assert "Aug" not in text


def test_signing_out_is_a_post_that_carries_the_token(open_desk: Open):
    page = open_desk()
    page.context.add_cookies([{"name": "_xsrf", "value": "2|abc", "url": page.url}])
    page.get_by_role("button", name="Your menu").click()
    form = page.locator("form")
    assert form.get_attribute("method") == "post"
    assert form.get_attribute("action") == "/logout"
    assert form.locator("[name=_xsrf]").input_value() == "2|abc"


def test_the_theme_is_kept_for_the_next_visit(open_desk: Open):
    page = open_desk()
    page.get_by_role("button", name="Theme").click()
    page.reload()
    page.wait_for_selector(".card")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("body")).to_have_css("background-color", "rgb(237, 240, 245)")


def test_on_a_phone_the_strike_stays_and_the_targets_are_large(open_desk: Open):
    page = open_desk(width=390, height=844)
    page.get_by_role("button", name="Sections").click()
    expect(page.locator(".explain")).to_have_count(0)
    page.locator(".chain").scroll_into_view_if_needed()
    strike = page.locator(".cr.atm .k")
    page.locator(".scroll").evaluate("node => node.scrollTo(0, 0)")
    expect(strike).to_be_in_viewport()
    page.locator(".scroll").evaluate("node => node.scrollTo(9999, 0)")
    expect(strike).to_be_in_viewport()
    for button in page.locator(".tabs button, .tr button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44
