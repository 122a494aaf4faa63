"""Time the generated market: ticks a second, encoding included."""

import time
from datetime import date
from itertools import takewhile

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS
from feeds.mock.feed import MockFeed

DAY = date(2026, 8, 18)
SEED = 7
MINUTES = 30


def measure(minutes: int = MINUTES) -> dict[str, float]:
    """Return how fast frames come, and how many ticks a day has.

    ``ticks_per_s`` over the first `minutes` of trading; ``day_ticks_scaled`` is their rate
    times the day's traded minutes, and ``day_s_scaled`` how long that would take;
    ``begin_ms`` is the time to the day's plan, ``first_frame_ms`` to a frame at the middle
    of the day; ``history_s`` is for 35 sessions.
    """
    calendar = load_calendar()
    started = time.perf_counter()
    feed = MockFeed(DAY, SEED, calendar)
    begun = time.perf_counter()
    next(feed.frames(_at(feed, 240)))
    first = time.perf_counter()
    feed.history(35)
    warmed = time.perf_counter()
    ticks = _ticks(feed, minutes)
    ended = time.perf_counter()
    day = ticks / minutes * len(feed.grid.traded)
    return {
        "ticks_per_s": ticks / (ended - warmed),
        "day_ticks_scaled": day,
        "day_s_scaled": day / ticks * (ended - warmed),
        "begin_ms": 1000 * (begun - started),
        "first_frame_ms": 1000 * (first - begun),
        "history_s": warmed - first,
    }


def _at(feed: MockFeed, minute: int) -> int:
    """Return when a minute of the day begins, in nanoseconds since the epoch."""
    return (feed.grid.start_s + minute * MINUTE_S) * SECOND_NS


def _ticks(feed: MockFeed, minutes: int) -> int:
    """Generate the first traded minutes and return how many ticks they have."""
    first = int(feed.grid.traded[0])
    end = _at(feed, first + minutes)
    frames = takewhile(lambda f: f.received_ns < end, feed.frames(_at(feed, first)))
    return sum(int.from_bytes(f.payload[:2], "big") for f in frames)
