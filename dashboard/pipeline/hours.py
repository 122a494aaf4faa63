"""The trading hours of one day, as the pipeline needs them: seconds since the epoch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar, Phase
from dashboard.core.clock import MINUTE_S, SECOND_NS, day_start_s, to_ns
from dashboard.core.market import Ints, Segment

CLOSED, CONTINUOUS, AUCTION = 0, 1, 2
_BUILDS_BARS = {Phase.CONTINUOUS: CONTINUOUS, Phase.CLOSING_AUCTION: AUCTION}


@dataclass(frozen=True)
class SegmentHours:
    """When one segment trades: windows as (start, end, CONTINUOUS or AUCTION).

    Only an index has bars in the closing auction; they are drawn and never read.
    """

    windows: tuple[tuple[int, int, int], ...]

    @property
    def start(self) -> int:
        """Return the first second of trading, 0 on a day without."""
        return self.windows[0][0] if self.windows else 0

    @property
    def end(self) -> int:
        """Return the second at which the last window ends, 0 on a day without."""
        return self.windows[-1][1] if self.windows else 0

    def state(self, seconds: Ints) -> npt.NDArray[np.int8]:
        """Return CLOSED, CONTINUOUS or AUCTION for each instant."""
        found = np.zeros(len(seconds), dtype=np.int8)
        for start, end, state in self.windows:
            found[(seconds >= start) & (seconds < end)] = state
        return found

    def is_open(self, second: int) -> bool:
        """Say whether an instant is in any window."""
        return any(start <= second < end for start, end, _ in self.windows)

    def trades_through(self, first: int, last: int) -> bool:
        """Say whether all of [first, last] lies in one window of continuous trading."""
        return any(
            start <= first and last < end
            for start, end, state in self.windows
            if state == CONTINUOUS
        )

    def bucket(self, minute: int, minutes: int) -> tuple[int, int]:
        """Return the bar of `minutes` that `minute` belongs to, as (start, end).

        Bars are anchored at the start of their window and cut off at its end.
        """
        for start, end, _ in self.windows:
            if start <= minute < end:
                step = minutes * MINUTE_S
                first = start + (minute - start) // step * step
                return first, min(first + step, end)
        raise ValueError(f"{minute} is outside the trading hours")

    def buckets(self, seconds: Ints, minutes: int) -> tuple[Ints, Ints]:
        """Return `bucket` of many trading minutes at once: starts and ends."""
        step = minutes * MINUTE_S
        starts, ends = np.zeros_like(seconds), np.zeros_like(seconds)
        for start, end, _ in self.windows:
            mine = (seconds >= start) & (seconds < end)
            starts[mine] = start + (seconds[mine] - start) // step * step
            ends[mine] = np.minimum(starts[mine] + step, end)
        return starts, ends

    def minutes(self, after: int, until: int) -> Iterator[int]:
        """Yield the starts of trading minutes in [after, until) that have ended."""
        for start, end, _ in self.windows:
            first = max(start, after)
            yield from range(first, min(end, until) - MINUTE_S + 1, MINUTE_S)


@dataclass(frozen=True)
class Hours:
    """The hours of both segments on one day."""

    day: date
    segments: dict[Segment, SegmentHours]
    midnight: int = field(init=False)  # the day's first second

    def __post_init__(self) -> None:
        object.__setattr__(self, "midnight", day_start_s(self.day))

    @property
    def start(self) -> int:
        """Return the first second at which anything trades."""
        return min((s.start for s in self.segments.values() if s.windows), default=0)

    @property
    def end(self) -> int:
        """Return the second at which nothing trades any more."""
        return max((s.end for s in self.segments.values()), default=0)


def trading_hours(calendar: Calendar, day: date) -> Hours:
    """Return the hours of `day`.

    Raises
    ------
    CalendarError
        If the calendar does not cover the day.
    """
    return Hours(day, {segment: _hours(calendar, day, segment) for segment in Segment})


def _hours(calendar: Calendar, day: date, segment: Segment) -> SegmentHours:
    windows = [
        (to_ns(w.start) // SECOND_NS, to_ns(w.end) // SECOND_NS, _BUILDS_BARS[w.phase])
        for w in calendar.session(day, segment).windows
        if w.phase in _BUILDS_BARS
    ]
    return SegmentHours(tuple(_joined(sorted(windows))))


def _joined(windows: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield windows, those that follow each other in one state (an auction's steps) as one."""
    for at, (start, end, state) in enumerate(windows):
        if at and windows[at - 1][1:] == (start, state):
            continue
        for later, until, other in windows[at + 1 :]:
            if (later, other) == (end, state):
                end = until
        yield start, end, state
