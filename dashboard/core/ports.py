"""What the pipeline asks of the outside: a feed of frames and a store of days.

`feeds` and `storage` implement these; `dashboard` never imports them back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.market import Frame, Instrument, Source, Universe
from dashboard.core.signal import Reading


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a day in which nothing was recorded."""

    started_ns: int
    ended_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class DaySummary:
    """One stored day: what it holds and how true it is.

    `fidelity` lists, coarse words for people, e.g. ``("1m bars", "chain 1m")`` or
    ``("full ticks",)``. `first_ns`/`last_ns` bound the stored frames.
    """

    day: date
    source: Source
    fidelity: tuple[str, ...]
    instruments: int
    underlyings: tuple[str, ...]
    messages: int
    ticks: int
    stored_bytes: int
    first_ns: int | None
    last_ns: int | None
    gaps: tuple[Gap, ...]
    prepared: bool  # bars, chain and checkpoints agree with the tapes
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # of its tapes: file, feed or seed


@dataclass(frozen=True, slots=True)
class TapeInfo:
    """What a tape says of itself when it is begun."""

    day: date
    source: Source
    fidelity: str  # "full ticks", "1m bars", "chain 1m"
    label: str  # the file's name, the feed or the seed
    origin_digest: str = ""  # of the imported file; "" for feeds


class Feed(Protocol):
    """Something that yields frames in the order in which they were received."""

    source: Source
    universe: Universe

    def frames(self, from_ns: int | None = None) -> Iterator[Frame]:
        """Yield frames from `from_ns` on, or from the beginning."""
        ...


class TapeWriter(Protocol):
    """Append to one tape. What `append` returned from is not lost by a kill."""

    def append(self, frames: Sequence[Frame]) -> None:
        """Journal frames; whole minutes become chunks by themselves."""
        ...

    def mark_gap(self, gap: Gap) -> None:
        """Write down that nothing was recorded for a while."""
        ...

    def add_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Say that the tape may hold these too; those it knows stay as they are."""
        ...

    def finish(self) -> None:
        """Turn what is journalled into chunks and call the tape complete."""
        ...


class Store(Protocol):
    """Everything kept. A *day* is a date and a source; it joins one or more tapes.

    Times are integer seconds since the epoch unless the name says ``_ns``.
    Every method raises a `StoreError` that says what and where.
    """

    # -- tapes -----------------------------------------------------------------
    def begin_tape(
        self, info: TapeInfo, instruments: Sequence[Instrument], *, replace: bool = False
    ) -> AbstractContextManager[TapeWriter]:
        """Begin a tape; leaving the context finishes it, an exception in it drops it.

        Raises `DuplicateError` if an instrument of it already has a tape on that day
        (unless `replace`: then the other tape gives way once this one is complete, one of
        the same import too).
        A LIVE tape is not dropped, for it cannot be fetched again: beginning it again on
        the same day, finished or not, goes on with it.
        """
        ...

    def origins(self, day: date, source: Source) -> frozenset[str]:
        """Return the `origin_digest` of each complete tape of a day; empty where there is none."""
        ...

    def damaged_tapes(
        self, day: date, source: Source, origin_digest: str | None = None
    ) -> tuple[TapeInfo, ...]:
        """Return the day's tapes of which a chunk does not match its digest.

        With `origin_digest`, only the complete tape of that import is looked at.
        """
        ...

    def days(self) -> list[DaySummary]:
        """Return every stored day, latest first."""
        ...

    def day(self, day: date, source: Source | None = None) -> DaySummary:
        """Return one day; without `source`, a recorded one before a generated one."""
        ...

    def universe(self, day: date, source: Source) -> Universe:
        """Return the instruments of the day's tapes."""
        ...

    def frames(
        self,
        day: date,
        source: Source,
        from_ns: int | None = None,
        on_damage: Callable[[Gap], None] | None = None,
    ) -> Iterator[Frame]:
        """Yield the day's frames in received order, tapes merged, digests checked.

        A damaged minute raises `TapeError`; with `on_damage` it is told as a gap instead,
        and reading goes on after it.
        """
        ...

    def notes(self, day: date, source: Source, until_ns: int) -> list[Frame]:
        """Return what Tezi itself put on the day's tapes before `until_ns`, in order."""
        ...

    # -- what is derived from tapes ----------------------------------------------
    def prepare(self, day: date, source: Source) -> AbstractContextManager["Derived"]:
        """Replace the day's bars, chain and checkpoints in one transaction."""
        ...

    def extend(self, day: date, source: Source) -> AbstractContextManager["Derived"]:
        """Add to the day's bars, chain and checkpoints, as a recording desk goes on."""
        ...

    def fill_bars(self, day: date, source: Source, bars: Mapping[str, npt.NDArray[np.void]]) -> int:
        """Put bars (BAR_DTYPE) that were not received into a day, by timeframe.

        A minute that is there is never overwritten; longer bars replace those of the same
        start, and the daily bar is made anew. What is new is flagged BACKFILLED, and stays
        when the day is derived anew. Returns how many minutes are new.
        """
        ...

    def drop_day(self, day: date, source: Source) -> None:
        """Forget a day: its tapes, what was derived from them, and its readings."""
        ...

    def bars(
        self, day: date, source: Source, tokens: Sequence[int], timeframe: str, until: int
    ) -> dict[int, npt.NDArray[np.void]]:
        """Return the day's bars that start before `until`, by token (BAR_DTYPE)."""
        ...

    def bars_before(
        self, day: date, source: Source, tokens: Sequence[int], timeframe: str, count: int
    ) -> dict[int, npt.NDArray[np.void]]:
        """Return the last `count` bars of earlier sessions, by token (BAR_DTYPE)."""
        ...

    def sessions_before(self, day: date, source: Source, count: int) -> list[date]:
        """Return the last `count` earlier days whose bars are kept, latest first."""
        ...

    def daily(self, day: date, source: Source, token: int, count: int) -> pd.DataFrame:
        """Return earlier sessions as daily bars (regular bars only), latest last."""
        ...

    def chain(
        self, day: date, source: Source, underlying: str, expiry: date, until: int
    ) -> list[tuple[int, bytes]]:
        """Return the chain snapshots of minutes that start before `until`."""
        ...

    def checkpoint(self, day: date, source: Source, at: int) -> tuple[int, bytes] | None:
        """Return the last checkpoint at or before `at`: its second and its bytes."""
        ...

    # -- readings ------------------------------------------------------------------
    def save_readings(self, day: date, source: Source, readings: Sequence[Reading]) -> None:
        """Keep readings; one of the same section, instrument, timeframe and bar gives way."""
        ...

    def readings(self, day: date, source: Source, **where: Any) -> list[dict[str, Any]]:
        """Return stored envelopes, by bar, filtered by section, underlying, timeframe."""
        ...


class Derived(Protocol):
    """Write what one pass over a day's frames derives."""

    def bars(self, timeframe: str, rows: npt.NDArray[np.void]) -> None:
        """Keep closed bars: rows of BAR_DTYPE with their token."""
        ...

    def chain(self, underlying: str, expiry: date, start: int, payload: bytes) -> None:
        """Keep the chain as it stood when the minute `start` closed."""
        ...

    def checkpoint(self, at: int, payload: bytes) -> None:
        """Keep the pipeline's state as of all frames received before `at`."""
        ...


BAR_DTYPE = np.dtype(
    [
        ("token", "<i8"),
        ("start", "<i8"),  # whole seconds since the epoch
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("volume", "<f8"),  # NaN where the instrument carries none
        ("oi", "<f8"),
        ("average_price", "<f8"),  # the exchange's VWAP of its session so far; NaN if untold
        ("n", "<i4"),  # accepted ticks
        ("flags", "<i4"),  # BarFlag bits
    ]
)
