"""Time: the one place that reads the host's clock, and conversions to and from IST.

Everything else receives a `Clock`, so that a replay of Monday thinks it is Monday.
Instants travel as integer nanoseconds since the Unix epoch (UTC); people see Asia/Kolkata.
"""

import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

IST = ZoneInfo("Asia/Kolkata")
SECOND_NS = 1_000_000_000
MINUTE_S = 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Say what time it is, and let time pass."""

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for pacing and ages."""
        ...


class SystemClock:
    """The host's own clock."""

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


class ShiftedClock:
    """The host's clock, ahead by `ahead_ns`: a market hour at any hour, for measuring."""

    def __init__(self, ahead_ns: int) -> None:
        self.ahead_ns = ahead_ns

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch, that much ahead."""
        return time.time_ns() + self.ahead_ns

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime) -> None:
        self._ns = to_ns(at)

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        return self._ns

    def monotonic(self) -> float:
        """Return the same time in seconds."""
        return self._ns / SECOND_NS

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._ns += round(seconds * SECOND_NS)


def to_ns(at: datetime) -> int:
    """Return nanoseconds since the epoch of an aware datetime, exactly.

    Raises
    ------
    ValueError
        If `at` is naive: the host's time zone must not matter.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; give it Asia/Kolkata")
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def from_ns(ns: int) -> datetime:
    """Return the instant as an aware datetime in IST, to the microsecond."""
    return (EPOCH + timedelta(microseconds=ns // 1000)).astimezone(IST)


@lru_cache(maxsize=4096)
def from_seconds(seconds: float) -> datetime:
    """Return the instant as an aware datetime in IST."""
    return (EPOCH + timedelta(seconds=float(seconds))).astimezone(IST)


def day_start(day: date) -> datetime:
    """Return midnight of `day` in IST."""
    return datetime(day.year, day.month, day.day, tzinfo=IST)


def day_start_s(day: date) -> int:
    """Return midnight of `day` in IST as whole seconds since the epoch."""
    return to_ns(day_start(day)) // SECOND_NS


def bar_index(starts_s: npt.ArrayLike) -> pd.DatetimeIndex:
    """Return bar starts (whole seconds since the epoch) as an index in Asia/Kolkata."""
    return _bar_index(np.asarray(starts_s, np.int64).tobytes()).view()  # its name may be changed


@lru_cache(maxsize=128)
def _bar_index(starts_s: bytes) -> pd.DatetimeIndex:
    """Return the index of these seconds; most instruments have their bars at the same ones."""
    stamps = np.frombuffer(starts_s, np.int64).astype("M8[s]").astype("M8[us]")
    return pd.DatetimeIndex(stamps, name="start").tz_localize("UTC").tz_convert(IST)
