"""Tick to screen: from a message reaching the desk to its price standing in the page.

The real visit of a replay at 1x in a real Chromium. Desk and browser share the host's
clock, so the two ends are compared directly. Needs playwright and a chromium on the path.
"""

import asyncio
import shutil
from datetime import datetime, time
from statistics import median
from typing import Any

import panel as pn

from dashboard.bench.figure import Figure, percentile
from dashboard.bench.sizes import DAY
from dashboard.core.clock import IST, SystemClock
from dashboard.core.errors import InputError
from dashboard.core.market import INDICES, Frame, Source
from dashboard.core.wording import number
from dashboard.pipeline.days import Tools
from dashboard.pipeline.desks import Desks
from dashboard.ui.phrases import to_json
from dashboard.ui.visit import Visit

SUBJECT = "browser"
LIMIT_MS = 150
BEGIN = time(9, 17)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WATCH = """(price) => {
  window.seen = []
  new MutationObserver(() => window.seen.push([price.textContent, Date.now()]))
    .observe(price, {characterData: true, childList: true, subtree: true})
}"""


def measure_browser(tools: Tools, seconds: float) -> list[Figure]:
    """Return how long a tick takes to the page, over `seconds` of a generated day at 1x.

    Raises
    ------
    InputError
        If there is no Chromium, or no playwright to drive it.
    """
    delays = asyncio.run(_Run(tools, seconds).delays())
    return [
        Figure(SUBJECT, "tick to DOM, median", median(delays), "ms", 0, at_most=LIMIT_MS),
        Figure(SUBJECT, "tick to DOM, 95 of 100", percentile(delays, 0.95), "ms"),
        Figure(SUBJECT, "ticks seen", len(delays), "ticks"),
    ]


class _Run:
    def __init__(self, tools: Tools, seconds: float) -> None:
        self._desks = Desks(tools, SystemClock())
        self._decoder = tools.decoder
        self._seconds = seconds
        self._ticks: list[tuple[str, float]] = []  # NIFTY's price as shown, host milliseconds

    async def delays(self) -> list[float]:
        """Return milliseconds from tick to page, one for each price the page showed."""
        server = pn.io.server.get_server(self._open, port=0, address="127.0.0.1", show=False)
        server.start()
        try:
            seen = await _watch(f"http://127.0.0.1:{server.port}/", self._seconds)
        finally:
            server.stop()
            self._desks.close_all()
        return [delay for text, at in seen if (delay := self._since(text, at)) is not None]

    def _open(self) -> pn.viewable.Viewable:
        at = datetime.combine(DAY, BEGIN, IST)
        desk = self._desks.open_replay(DAY, Source.MOCK, at)
        desk.on_frame = self._note
        who = to_json({"name": "bench", "initials": "B", "detail": "", "logout": "", "xsrf": ""})
        return Visit(pn.state.curdoc, self._desks, who, desk, own=True).view

    def _note(self, frame: Frame) -> None:
        """Note NIFTY's price as it enters the desk, in the desk's thread."""
        batch, _ = self._decoder(frame.payload) if frame.payload else (None, [])
        if batch is None:
            return
        mine = batch.last_price[batch.token == INDICES["NIFTY"].token]
        if len(mine):
            self._ticks.append((number(float(mine[-1])), SystemClock().now_ns() / 1e6))

    def _since(self, text: str, at_ms: float) -> float | None:
        """Return milliseconds since the first of the last run of ticks of that price."""
        entered = None
        for shown, when in self._ticks:
            if when > at_ms:
                break
            entered = (entered or when) if shown == text else None
        return at_ms - entered if entered is not None else None


async def _watch(url: str, seconds: float) -> list[tuple[str, float]]:
    """Return what the page's first price became, and when in host milliseconds."""
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise InputError("The browser part needs playwright: it is in the dev group") from error
    path = shutil.which("chromium")
    if path is None:
        raise InputError("The browser part needs a chromium on the path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        page: Any = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(url)
        await page.wait_for_selector(".card")
        await asyncio.sleep(2)  # the first pictures are drawn
        await page.locator(".ix .p b").first.evaluate(WATCH)
        await asyncio.sleep(seconds)
        seen = await page.evaluate("window.seen")
        await browser.close()
    return [(str(text), float(at)) for text, at in seen]
