"""How much a run measures."""

from dataclasses import dataclass
from datetime import date, time

DAY = date(2026, 8, 18)  # NIFTY's expiry: the busiest kind of day
SEED = 1


@dataclass(frozen=True, slots=True)
class Sizes:
    """The part of the generated day that is recorded and replayed, and how often to look.

    `until` is a time of the day in IST, None for the whole day.
    """

    until: time | None
    tape_minutes: int
    seeks: int
    updates: int
    rounds: int

    @property
    def part(self) -> str:
        """Say which part of the day was played."""
        return "the whole day" if self.until is None else f"09:00 to {self.until:%H:%M}"


USUAL = Sizes(time(10, 15), tape_minutes=15, seeks=60, updates=200, rounds=3)
QUICK = Sizes(time(9, 25), tape_minutes=3, seeks=20, updates=60, rounds=1)
TINY = Sizes(time(9, 19), tape_minutes=1, seeks=2, updates=6, rounds=1)  # for tests
WHOLE = Sizes(None, tape_minutes=15, seeks=60, updates=200, rounds=1)
