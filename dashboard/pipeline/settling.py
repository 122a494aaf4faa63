"""When a minute is read: once every segment that trades in it has closed it.

A section of the index may look at the volume of the future. Which of the two closes a
minute first is chance; a reading must depend on bars alone, so it waits for both. The
clock closes what stays silent, so the wait is never longer than its patience.
"""

from dataclasses import dataclass, field

from dashboard.core.clock import MINUTE_S
from dashboard.core.market import Segment
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.hours import Hours
from dashboard.pipeline.series import Finished


@dataclass(frozen=True, slots=True)
class Settled:
    """Bars of one segment that may be read; `minute` is the one that completed them."""

    segment: Segment
    minute: int
    bars: tuple[Finished, ...]


@dataclass
class Settling:
    """Hold finished bars back until their minute is closed everywhere.

    `closed_until` has the segments of which the day has instruments, each with the second
    before which its minutes are closed; `until` is the second before which every minute is
    settled.
    """

    hours: Hours
    closed_until: dict[Segment, int]
    until: int = field(init=False)
    _waiting: list[Settled] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.until = self._until()

    def _until(self) -> int:
        open_ = [s for s, end in self.closed_until.items() if end < self.hours.segments[s].end]
        among = open_ or self.closed_until
        return (min if open_ else max)((self.closed_until[s] for s in among), default=0)

    def add(self, closed: Closed, finished: list[Finished]) -> list[Settled]:
        """Take in what a closed minute finished; return what may be read now, in order."""
        if closed.segment not in self.closed_until:
            return []
        self.closed_until[closed.segment] = closed.minute + MINUTE_S
        self._waiting.append(Settled(closed.segment, closed.minute, tuple(finished)))
        until = self.until = self._until()
        ready = [s for s in self._waiting if s.minute < until]
        self._waiting = [s for s in self._waiting if s.minute >= until]
        return sorted(ready, key=lambda s: s.minute)


def in_order(minutes: list[Closed]) -> list[Closed]:
    """Return closed minutes by time, so that no segment runs ahead of the other."""
    return sorted(minutes, key=lambda closed: closed.minute)
