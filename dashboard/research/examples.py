"""Generated days for notebooks and first steps, in a store that goes away."""

import atexit
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from dashboard.composition import SEED_LABEL, make_tools
from dashboard.core.clock import IST, MINUTE_S, SECOND_NS
from dashboard.core.market import Frame, Source
from dashboard.core.ports import TapeInfo
from dashboard.generating import generate_day
from dashboard.pipeline.hours import trading_hours
from dashboard.research.client import RecordedDay, open_day
from feeds.mock.feed import MockFeed
from storage.store import SqlStore, open_store


def example_day(day: str = "2026-08-18", *, seed: int = 7, until: str = "09:35") -> RecordedDay:
    """Return the first part of a generated day, the same for everyone who asks for it.

    It lies in a temporary store, gone with `RecordedDay.close` or at exit: nothing of yours
    is touched.

    Parameters
    ----------
    until : str
        HH:MM in IST. Twenty minutes of trading take a few seconds to make.
    """
    which = date.fromisoformat(day)
    end = datetime.combine(which, time.fromisoformat(until), tzinfo=IST)
    store, forget = _store_that_goes_away()
    generate_day(make_tools(store), which, seed, end)
    return replace(open_day(which, mock=True, store=store), release=forget)


def example_whole_day(
    day: str = "2026-08-18", *, seed: int = 7, every: int = 5, since: str = "09:00"
) -> RecordedDay:
    """Return a generated day from `since` to its end, of which one minute in `every` is there.

    It is as if a recorder had been awake for the last minute of every five, and of the day: an
    option chain is whole at each bar of that length, while bars and what is counted over them
    have holes. The minutes that are there are those of the same day made whole. It lies in a
    temporary store, as `example_day` does.

    Parameters
    ----------
    every : int
        Minutes. With 15 a day takes several seconds to make, with 5 about twenty.
    since : str
        HH:MM in IST.
    """
    which = date.fromisoformat(day)
    first = datetime.combine(which, time.fromisoformat(since), tzinfo=IST)
    store, forget = _store_that_goes_away()
    tools = make_tools(store)
    feed = MockFeed(which, seed, tools.calendar)
    label = f"{SEED_LABEL}{seed} one minute in {every}"
    info = TapeInfo(which, Source.MOCK, "full ticks", label)
    last, step = trading_hours(tools.calendar, which).end, every * MINUTE_S
    ends = [*range(int(first.timestamp()) + step, last, step), last]
    with store.begin_tape(info, feed.universe.instruments) as tape:
        for end in ends:
            tape.append(list(_minute(feed, end - MINUTE_S)))
    return replace(open_day(which, mock=True, store=store), release=forget)


def _minute(feed: MockFeed, start: int) -> Iterator[Frame]:
    """Yield the frames of the minute that begins at `start` [s]."""
    for frame in feed.frames(start * SECOND_NS):
        if frame.received_ns >= (start + MINUTE_S) * SECOND_NS:
            return
        yield frame


def _store_that_goes_away() -> tuple[SqlStore, Callable[[], None]]:
    folder = Path(mkdtemp(prefix="tezi-"))
    store = open_store(f"sqlite:///{folder / 'example.sqlite'}")

    def forget() -> None:
        store.close()
        rmtree(folder, ignore_errors=True)

    atexit.register(forget)
    return store, forget
