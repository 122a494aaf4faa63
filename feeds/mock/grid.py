"""The minutes of a generated day, and what each segment does in them."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dashboard.core.calendar import Calendar, Phase, Session
from dashboard.core.clock import MINUTE_S, SECOND_NS, to_ns
from dashboard.core.errors import InputError
from dashboard.core.market import Ints, Segment

SLOTS = 120  # half-seconds of a minute: at most one message in each
IDLE = (Phase.CLOSED, Phase.POST_CLOSE)


@dataclass(frozen=True)
class DayGrid:
    """Minutes from the first phase of the day to the one after futures and options close.

    `start_s` is the first minute's start, in seconds since the epoch. `index` and `fno`
    hold each minute's phase. A *traded* minute is one in which futures and options trade
    continuously; `traded` lists their numbers, shape (t,). The index trades in the first
    `index_minutes` of them.
    """

    day: date
    start_s: int
    index: tuple[Phase, ...]
    fno: tuple[Phase, ...]
    traded: Ints
    index_minutes: int

    def __len__(self) -> int:
        return len(self.index)

    @property
    def traded_start_s(self) -> Ints:
        """Return when each traded minute starts, in seconds since the epoch."""
        return self.start_s + MINUTE_S * self.traded

    @property
    def close_s(self) -> int:
        """Return the end of the last traded minute, in seconds since the epoch."""
        return int(self.traded_start_s[-1]) + MINUTE_S

    def slot_s(self) -> Ints:
        """Return the exchange's whole second of each traded slot, shape (t, SLOTS)."""
        return self.traded_start_s[:, None] + np.arange(SLOTS) // 2


def day_grid(day: date, calendar: Calendar) -> DayGrid:
    """Return the day's minutes.

    Raises
    ------
    InputError
        If there is no trading on that day.
    CalendarError
        If the calendar does not cover it.
    """
    index = calendar.session(day, Segment.INDEX)
    fno = calendar.session(day, Segment.FNO)
    if not (index.is_open and fno.is_open):
        why = index.name or f"a {day:%A}"
        raise InputError(f"{day} has no trading ({why}): generate a trading day instead")
    start = min(s.windows[0].start for s in (index, fno))
    minutes = round((fno.close - start) / timedelta(minutes=1)) + 1
    phases = [[s.phase(start + timedelta(minutes=m)) for m in range(minutes)] for s in (index, fno)]
    traded = np.flatnonzero([p is Phase.CONTINUOUS for p in phases[1]])
    live = _index_minutes(index, traded, phases[0])
    start_s = to_ns(start) // SECOND_NS
    return DayGrid(day, start_s, tuple(phases[0]), tuple(phases[1]), traded, live)


def _index_minutes(index: Session, traded: Ints, phases: list[Phase]) -> int:
    live = [phases[m] is Phase.CONTINUOUS for m in traded]
    count = sum(live)
    if not all(live[:count]):
        raise InputError(f"On {index.day} the index rests while futures trade, and resumes")
    return count
