"""The candle chart in Chromium: it follows, it stays where a person put it, its tags part."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.server import ROOT

pytestmark = pytest.mark.browser
WHERE = re.compile(r"running at: (http://localhost:\d+/\w+)")
VIEW = """() => {
  const roots = Bokeh.documents[0].roots()
  for (const root of roots) for (const one of root.references()) {
    if (one.type === "Figure" && one.tags.length)
      return [one.x_range.start, one.x_range.end, one.y_range.start, one.y_range.end]
  }
}"""


NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the chart alone, on a free port, and return where it is."""
    command = [sys.executable, "-m", "panel", "serve", "tests/ui/chart_preview.py", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        found = (WHERE.search(line) for line in server.stderr)
        yield next(match[1] for match in found if match)
        server.terminate()


@contextmanager
def opened(
    chromium: Browser, address: str, query: str = "", size: tuple[int, int] = (900, 500)
) -> Iterator[Page]:
    """Open the chart; on leaving, nothing may have failed or been asked of another host."""
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: complaints.extend(_foreign(request.url)))
    page.goto(f"{address}{query}")
    expect(part(page, "tag").first).to_be_visible()
    yield page
    page.close()
    assert [text for text in complaints if "favicon" not in text] == []


def _foreign(url: str) -> list[str]:
    return [] if url.startswith(("http://localhost:", "blob:", "data:")) else [url]


def part(page: Page, name: str):
    return page.locator(f"[data-part={name}]")


def view_of(page: Page) -> list[float]:
    return page.evaluate(VIEW)  # type: ignore[no-any-return]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_follows_the_last_bar_until_a_person_pans_and_again_after_fit(
    chromium: Browser, address: str
) -> None:
    with opened(chromium, address) as page:
        head = part(page, "head")
        start, end, *_ = view_of(page)
        assert (end, end - start) == (134.5, 89.0)  # row 129 is forming, five bars of room
        press(page, "bar")
        expect(head).to_contain_text("13:45 forming")
        assert view_of(page)[:2] == [start + 1, end + 1]

        page.mouse.move(300, 200)
        page.mouse.down()
        page.mouse.move(500, 200, steps=5)
        page.mouse.up()
        page.mouse.move(300, 480)  # away from the chart, which reads out the pointed bar
        page.wait_for_function(f"({VIEW})()[1] < {end}")
        expect(head).to_contain_text("13:45 forming")
        page.evaluate(NEXT_FRAME)
        panned = view_of(page)
        press(page, "bar")
        expect(head).to_contain_text("13:50 forming")
        closed = head.inner_text()
        press(page, "tick")
        expect(head).not_to_have_text(closed)
        assert view_of(page)[:2] == panned[:2]

        press(page, "fit")
        page.wait_for_function(f"({VIEW})()[1] === {end + 2}")


def test_prices_follow_the_bars_in_view(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        before = view_of(page)
        page.mouse.move(600, 200)
        page.mouse.wheel(0, -600)
        page.wait_for_function(f"({VIEW})()[0] > {before[0] + 5}")
        after = view_of(page)
        assert after[3] - after[2] < before[3] - before[2]


def test_tags_never_overlap(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        press(page, "tick")
        expect(part(page, "tag")).to_have_count(5)
        tops = sorted(box["y"] for tag in part(page, "tag").all() if (box := tag.bounding_box()))
        assert min(b - a for a, b in pairwise(tops)) >= 15


def test_reads_out_the_bar_under_the_pointer(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        head = part(page, "head")
        expect(head).to_contain_text("13:40 forming")
        page.mouse.move(200, 200)
        expect(head).not_to_contain_text("forming")
        page.mouse.move(200, 490)
        expect(head).to_contain_text("13:40 forming")


def test_mock_is_written_and_a_phone_has_the_chart_too(chromium: Browser, address: str) -> None:
    with opened(chromium, address, "?word=MOCK&theme=light", (374, 300)) as page:
        expect(part(page, "mock")).to_have_text("MOCK")
        boxes = [tag.bounding_box() for tag in part(page, "tag").all()]
        assert all(box and box["x"] + box["width"] <= 374 for box in boxes)
        assert all(box and 60 <= box["width"] <= 86 for box in boxes)


def test_panes_stand_below_the_candles_and_follow_the_same_bars(
    chromium: Browser, address: str
) -> None:
    query = "?overlays=vwap,volume,momentum:RSI,momentum:MACD,adx:ADX"
    with opened(chromium, address, query) as page:
        expect(part(page, "pane")).to_have_count(3)
        expect(part(page, "pane").first).to_contain_text("RSI 14")
        expect(part(page, "value")).to_have_count(7)  # RSI; MACD, signal, hist; ADX, +DI, -DI
        tops = [box["y"] for one in part(page, "pane").all() if (box := one.bounding_box())]
        assert tops == sorted(tops)
        last = part(page, "pane").first.inner_text()
        page.mouse.move(200, 100)  # over the candles: every pane reads out the same bar
        expect(part(page, "pane").first).not_to_have_text(last)
        page.mouse.move(200, 490)
        expect(part(page, "pane").first).to_have_text(last)


def test_a_phone_shows_one_pane_below_the_candles(chromium: Browser, address: str) -> None:
    query = "?overlays=vwap,volume,momentum:MACD,momentum:RSI"
    with opened(chromium, address, query, (374, 300)) as page:
        expect(part(page, "pane")).to_contain_text("RSI 14")
        expect(part(page, "pane")).to_have_count(1)
        expect(part(page, "volume")).to_have_count(0)


def test_a_gap_is_hatched_with_its_length_and_what_was_filled_says_so(
    chromium: Browser, address: str
) -> None:
    with opened(chromium, address, "?gap=yes") as page:
        label = part(page, "gap")
        expect(label).to_have_text("gap 18m")
        expect(part(page, "remark")).to_have_count(0)
        box = label.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, 150)
        expect(part(page, "remark").first).to_have_text("backfilled")
        expect(part(page, "remark").last).to_have_text(
            "nothing received for 18m: the socket was closed"
        )


def test_a_chart_without_a_gap_has_no_mark(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        expect(part(page, "head")).to_be_visible()
        expect(part(page, "gap")).to_have_count(0)
