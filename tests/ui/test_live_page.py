"""A served process that is live: ten visits, one sign-in, one connection to the exchange."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.asyncio.client import connect

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ShiftedClock, SystemClock, to_ns
from feeds.mock.feed import MockFeed
from tests.exchange.__main__ import middle_of
from tests.exchange.load import Load
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.pipeline.frames import DAY
from tests.ui.server import COOKIE, PATIENCE_MS, PATIENCE_S, Served, in_a_thread, serve

pytestmark = pytest.mark.browser

TEN = datetime.combine(DAY, datetime.min.time(), IST).replace(hour=10, minute=0, second=20)
VISITS = 10
LISTENERS = 3  # programs on the API's socket
NIFTY = 256265


@dataclass
class Live:
    served: Served
    exchange: Exchange
    load: Load
    api_port: int


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Serve the app at ten o'clock of a Tuesday, an exchange beside it that sends."""
    ahead_ns = to_ns(TEN) - SystemClock().now_ns()
    clock = ShiftedClock(ahead_ns)
    known = MockFeed(DAY, 1, load_calendar()).universe.instruments
    exchange = Exchange(Market(known, middle_of(known)), clock, keeps_log=False)
    home = tmp_path_factory.mktemp("live") / "home"
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with exchange:
        endpoints = exchange.endpoints
        environment = {
            "TEZI_KITE_API_KEY": KEY,
            "TEZI_KITE_API_SECRET": SECRET,
            "TEZI_KITE_REST": endpoints.rest,
            "TEZI_KITE_LOGIN": endpoints.login,
            "TEZI_KITE_SOCKET": endpoints.socket,
            "TEZI_API_PORT": str(port),
        }
        with serve(home, ahead_ns=ahead_ns, **environment) as served:
            served.sign_up()
            exchange.accounts.apps[KEY].redirect = f"{served.base}/kite/callback"
            load = Load(exchange, clock, known)
            sending = threading.Thread(target=load.run, args=(PATIENCE_S * 2,), daemon=True)
            sending.start()
            yield Live(served, exchange, load, port)
            load.stopping.set()
            sending.join(PATIENCE_S)


@pytest.fixture(scope="module")
def page(live: Live, chromium: Browser) -> Iterator[Page]:
    """Return a page of the owner's, before anybody has signed in to Kite."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    live.served.sign_in_page(opened)
    yield opened
    context.close()


async def _listen(live: Live, cookie: str) -> dict[str, object]:
    """Return the first ticks that a program hears which shows the page's cookie."""
    async with connect(
        f"ws://localhost:{live.api_port}/ws/ticks",
        additional_headers={"Cookie": f"{COOKIE}={cookie}", "Origin": live.served.base},
        proxy=None,
    ) as listener:
        await listener.send(json.dumps({"action": "subscribe", "tokens": [NIFTY]}))
        while True:
            frame = json.loads(await asyncio.wait_for(listener.recv(), PATIENCE_S))
            if frame["type"] == "tick":
                return dict(frame)


def test_one_click_in_the_page_and_the_day_is_recorded_for_ten_visits(live: Live, page: Page):
    header = page.locator("header.hd")
    expect(header.locator(".mode")).to_have_text("LIVE")
    banner = page.locator(".banner", has_text="sign-in")
    expect(banner).to_be_visible()
    assert live.exchange.opened == 0  # nothing is tried without a token
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.get_by_role("button", name="Sign in to Kite").first.click()
    page.wait_for_url("**/app")  # Kite's page sends the owner back
    expect(banner).to_have_count(0)
    price = page.locator(".ix .p b").first
    expect(price).not_to_have_text("—")
    before = price.text_content()
    expect(price).not_to_have_text(before or "")  # it moves

    session = live.served.sign_in()
    cookie = session.cookies[COOKIE]
    tokens = [live.served.page_token(session) for _ in range(VISITS)]
    base = live.served.base

    async def stay() -> list[str]:
        """Open ten sockets as ten pages do, and hear the first word on each."""
        sockets = [await live.served.open_socket(cookie, token, base) for token in tokens]
        heard = [await asyncio.wait_for(one.read_message(), PATIENCE_S) for one in sockets]
        for one in sockets:
            one.close()
            while await asyncio.wait_for(one.read_message(), PATIENCE_S) is not None:
                pass  # until the server has closed its side too
        return [str(word)[:1] for word in heard]

    async def listen() -> list[dict[str, object]]:
        return await asyncio.gather(*(_listen(live, cookie) for _ in range(LISTENERS)))

    assert len(in_a_thread(stay())) == VISITS
    assert [heard["source"] for heard in in_a_thread(listen())] == ["LIVE"] * LISTENERS
    assert live.exchange.accounts.logins == 1
    assert live.exchange.opened == 1
    assert len(live.exchange.subscribed()) == 442
