"""Write a generated day to a tape, to keep."""

from datetime import date, datetime

from dashboard.composition import SEED_LABEL
from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.market import Source
from dashboard.core.ports import TapeInfo
from dashboard.pipeline.days import Tools
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.prepare import Progress, share_done
from feeds.mock.feed import MockFeed

BATCH = 120  # messages a transaction: about a minute


def generate_day(
    tools: Tools,
    day: date,
    seed: int,
    until: datetime | None = None,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a generated day to a tape.

    Raises
    ------
    CalendarError, InputError
        If nothing trades on that day.
    DuplicateError
        If the day was generated before and `replace` is not given.
    """
    feed = MockFeed(day, seed, tools.calendar)
    info = TapeInfo(day, Source.MOCK, "full ticks", f"{SEED_LABEL}{seed}")
    hours = trading_hours(tools.calendar, day)
    last_ns = to_ns(until) if until else hours.end * SECOND_NS
    with tools.store.begin_tape(info, feed.universe.instruments, replace=replace) as tape:
        batch = []
        for frame in feed.frames():
            if until and frame.received_ns > last_ns:
                break
            batch.append(frame)
            if len(batch) >= BATCH:
                tape.append(batch)
                batch = []
                if progress:
                    progress(
                        share_done(frame.received_ns, hours.start * SECOND_NS, last_ns), str(day)
                    )
        tape.append(batch)
