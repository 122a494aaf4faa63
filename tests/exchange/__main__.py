"""Run the exchange as a process of its own that sends load: ``python -m tests.exchange``.

It prints one JSON line with its addresses and an API key, waits until the instruments are
subscribed, sends for as long as asked, and prints a line with what it sent.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date
from statistics import median_low

import orjson

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import ShiftedClock
from dashboard.core.market import Instrument, Kind
from feeds.mock.feed import MockFeed
from tests.exchange.load import Load
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange

DAY = date(2026, 8, 18)
PATIENCE_S = 120


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.exchange", description=__doc__)
    words.add_argument("--instruments", type=int, default=442)
    words.add_argument("--rate", type=float, default=1.5, help="ticks a second of each")
    words.add_argument("--messages", type=int, default=4, help="messages a second")
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--ahead-ns", type=int, default=0, help="that its clock is ahead")
    asked = words.parse_args()
    clock = ShiftedClock(asked.ahead_ns)
    known = MockFeed(DAY, 1, load_calendar()).universe.instruments
    instruments = (*known, *more(asked.instruments - len(known)))[: asked.instruments]
    market = Market(instruments, middle_of(known))
    with Exchange(market, clock, keeps_log=False) as exchange:
        tell({"endpoints": exchange.endpoints, "key": KEY, "secret": SECRET})
        load = Load(exchange, clock, instruments, asked.rate, asked.messages)
        wait_for(exchange, len(instruments))
        load.run(asked.seconds)
        tell(
            {
                "messages": load.sent,
                "late_s": round(load.late_s, 3),
                "connections": exchange.opened,
                "logins": exchange.accounts.logins,
            }
        )
        sys.stdin.read()  # until whoever listens has heard everything


def more(count: int) -> list[Instrument]:
    """Return further options, so that there are many instruments."""
    return [
        Instrument(
            (900_000 + n) << 8 | 2,
            f"NIFTY26DEC{n}CE",
            "NFO",
            "NIFTY",
            Kind.CALL,
            date(2026, 12, 29),
            10_000.0 + 50 * n,
            65,
        )
        for n in range(max(0, count))
    ]


def middle_of(instruments: Sequence[Instrument]) -> dict[int, float]:
    """Return prices of the indices at which all strikes are round the money."""
    found = {}
    for index in (one for one in instruments if one.kind is Kind.INDEX):
        strikes = [one.strike for one in instruments if one.underlying == index.underlying]
        known = [strike for strike in strikes if strike is not None]
        found[index.token] = median_low(known) if known else 14.0
    return found


def wait_for(exchange: Exchange, count: int) -> None:
    for _ in range(PATIENCE_S * 10):
        if len(exchange.subscribed()) >= count:
            return
        exchange.heartbeat()
        time.sleep(0.1)
    raise SystemExit(f"{len(exchange.subscribed())} of {count} instruments were subscribed")


def tell(what: object) -> None:
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
