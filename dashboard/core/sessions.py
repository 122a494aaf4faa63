"""One trading day of one segment: its windows, and the phase of an instant in it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dashboard.core.errors import CalendarError
from dashboard.core.market import Segment


class Phase(StrEnum):
    """What a segment does at an instant.

    DERIV_ONLY belongs to the index: its auction is over, its price is final, and its futures
    and options still trade. For them those minutes are CONTINUOUS like any other, because
    they trade in the same way from their first minute to their last.
    """

    PRE_OPEN = "PRE_OPEN"
    PRE_OPEN_BUFFER = "PRE_OPEN_BUFFER"
    CONTINUOUS = "CONTINUOUS"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    DERIV_ONLY = "DERIV_ONLY"
    POST_CLOSE = "POST_CLOSE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a day in one phase: `start` belongs to it, `end` does not (both IST)."""

    phase: Phase
    start: datetime
    end: datetime
    detail: str = ""  # what happens in it, for people: "limit only, random close ..."

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Session:
    """What one segment does on one date.

    `regime` names the trading hours in force. `special` is None on a regular day, else
    "muhurat", "drill" or "full_weekend". `counts` says whether the date is a trading day:
    for shifting expiries, and for baselines over past days. `name` is the holiday's or the
    special session's. A closed date has no windows.
    """

    day: date
    segment: Segment
    regime: str
    windows: tuple[Window, ...]
    special: str | None
    counts: bool
    name: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether there is continuous trading at all on this date."""
        return bool(self.continuous)

    @property
    def continuous(self) -> tuple[Window, ...]:
        """Return the windows of continuous trading, in order; a drill has two."""
        return tuple(w for w in self.windows if w.phase is Phase.CONTINUOUS)

    @property
    def open(self) -> datetime:
        """Return the first instant of continuous trading, IST."""
        return self._traded()[0].start

    @property
    def close(self) -> datetime:
        """Return the end of continuous trading, IST: the first instant without it."""
        return self._traded()[-1].end

    def phase(self, at: datetime) -> Phase:
        """Return the phase of an aware instant; CLOSED between and outside the windows."""
        return next((w.phase for w in self.windows if at in w), Phase.CLOSED)

    def _traded(self) -> tuple[Window, ...]:
        if not self.is_open:
            why = self.name or f"{self.day:%A}"
            raise CalendarError(f"{self.day} is closed ({why}): it has no open and no close")
        return self.continuous
