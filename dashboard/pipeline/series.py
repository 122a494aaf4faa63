"""Closed bars of the instruments that sections read, on every timeframe.

Only indices, the VIX and front futures are kept here; the bars of options go to the
store alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import as_frame
from dashboard.core.clock import MINUTE_S, bar_index
from dashboard.core.market import BAR_COLUMNS, TIMEFRAMES, BarFlag, Segment
from dashboard.core.ports import BAR_DTYPE
from dashboard.core.table import Columns, Row
from dashboard.pipeline.bars import Closed, aggregate
from dashboard.pipeline.hours import AUCTION, CLOSED, Hours

WARMUP_BARS = 400
BAR_NAMES = BAR_DTYPE.names or ()  # asked for once: numpy makes them anew each time
AUCTION_FLAG = int(BarFlag.AUCTION)  # an `IntFlag` is slow to compute with


class BarSeries:
    """The bars of one instrument on one timeframe, in order; warm-up sessions first."""

    def __init__(self, warmup: npt.NDArray[np.void] | None = None) -> None:
        kept = np.empty(0, dtype=BAR_DTYPE) if warmup is None else warmup
        self._bars = np.empty(max(1024, 2 * len(kept)), dtype=BAR_DTYPE)
        self._bars[: len(kept)] = kept
        self._size = len(kept)

    def append(self, bars: npt.NDArray[np.void]) -> None:
        """Add closed bars at the end."""
        needed = self._size + len(bars)
        if needed > len(self._bars):
            grown = np.empty(2 * needed, dtype=BAR_DTYPE)
            grown[: self._size] = self.bars
            self._bars = grown
        self._bars[self._size : needed] = bars
        self._size = needed

    def insert(self, bars: npt.NDArray[np.void]) -> None:
        """Put bars where they belong; those of the same start give way."""
        kept = self.bars[~np.isin(self.bars["start"], bars["start"])]
        merged = np.concatenate([kept, bars])
        self._bars = merged[np.argsort(merged["start"], kind="stable")]  # views stay as they are
        self._size = len(merged)

    @property
    def size(self) -> int:
        """Return how many bars there are."""
        return self._size

    @property
    def bars(self) -> npt.NDArray[np.void]:
        """Return all bars; a view that later appends do not change."""
        return self._bars[: self._size]

    def since(self, start: int) -> npt.NDArray[np.void]:
        """Return the bars from `start` (seconds) on."""
        bars = self.bars
        return bars[int(bars["start"].searchsorted(start)) :]


def bars_frame(bars: npt.NDArray[np.void], *, with_flags: bool = False) -> pd.DataFrame:
    """Return bars as the DataFrame that sections take, indexed by start in IST."""
    frame = as_frame({name: bars[name] for name in BAR_COLUMNS}, bar_index(bars["start"]))
    if with_flags:
        frame["flags"] = bars["flags"]
    return frame


def bars_columns(bars: npt.NDArray[np.void], *more: str) -> Columns:
    """Return bars as the arrays that sections take, with `more` columns."""
    names = (*BAR_COLUMNS, *more)
    start, *values = (np.ascontiguousarray(bars[name]) for name in ("start", *names))
    return Columns(start, dict(zip(names, values, strict=True)))


def with_bar(columns: Columns, bar: np.void) -> Columns:
    """Return bars as arrays, `columns` and one more if price signals may read it."""
    row = dict(zip(BAR_NAMES, bar.item(), strict=True))
    if row["flags"] & AUCTION_FLAG:
        return columns
    return columns.followed_by(row["start"], Row({name: row[name] for name in columns.values}))


def regular(bars: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return the bars that price signals may read: none of the closing auction."""
    auction = (bars["flags"] & AUCTION_FLAG) != 0
    return bars[~auction] if auction.any() else bars


@dataclass(frozen=True, slots=True)
class Finished:
    """Bars of `timeframe` that start at `start` (seconds) are final for `tokens`."""

    timeframe: str
    start: int
    tokens: frozenset[int]


class SeriesBook:
    """All series of one day."""

    def __init__(
        self,
        tokens: Mapping[int, Segment],
        hours: Hours,
        warmup: Mapping[tuple[int, str], npt.NDArray[np.void]] | None = None,
    ) -> None:
        warmup = warmup or {}
        self._segment = dict(tokens)
        self._hours = hours
        self._series = {
            (token, name): BarSeries(warmup.get((token, name)))
            for token in tokens
            for name in TIMEFRAMES
        }

    @property
    def tokens(self) -> tuple[int, ...]:
        """Return the instruments that have series here."""
        return tuple(self._segment)

    def get(self, token: int, timeframe: str) -> BarSeries:
        """Return one series."""
        return self._series[token, timeframe]

    def restore(self, timeframe: str, bars: Mapping[int, npt.NDArray[np.void]]) -> None:
        """Append bars of today that were closed before a seek."""
        for token, rows in bars.items():
            if token in self._segment:
                self._series[token, timeframe].append(rows)

    def restore_longer(self, closed_until: Mapping[Segment, int]) -> None:
        """Make today's longer bars anew of the minutes, up to where each segment is closed."""
        for token, segment in self._segment.items():
            minutes = self._series[token, "1m"].since(self._hours.start)
            self._rebuild(token, minutes["start"].tolist(), closed_until[segment])

    def fill(
        self, bars: npt.NDArray[np.void], closed_until: Mapping[Segment, int]
    ) -> dict[str, npt.NDArray[np.void]]:
        """Put 1m bars where a closed minute of today has none; nothing is overwritten.

        Returns
        -------
        dict of str to array of BAR_DTYPE
            What is new or changed by it, by timeframe; empty if nothing was missing.
        """
        changed: dict[str, list[npt.NDArray[np.void]]] = {}
        for token in np.unique(bars["token"]).tolist():
            if token not in self._segment:
                continue
            segment = self._segment[token]
            fresh = self._lacked(token, bars[bars["token"] == token], closed_until[segment])
            if not len(fresh):
                continue
            self._series[token, "1m"].insert(fresh)
            changed.setdefault("1m", []).append(fresh)
            longer = self._rebuild(token, fresh["start"].tolist(), closed_until[segment])
            for name, rebuilt in longer.items():
                changed.setdefault(name, []).append(rebuilt)
        return {name: np.concatenate(parts) for name, parts in changed.items()}

    def _lacked(
        self, token: int, bars: npt.NDArray[np.void], closed_until: int
    ) -> npt.NDArray[np.void]:
        """Return those of `bars` whose minute traded, is closed and has no bar, in order."""
        hours = self._hours.segments[self._segment[token]]
        _, first = np.unique(bars["start"], return_index=True)
        bars = bars[first]
        known = self._series[token, "1m"].since(self._hours.start)["start"]
        missing = (hours.state(bars["start"]) != CLOSED) & (bars["start"] < closed_until)
        lacked: npt.NDArray[np.void] = bars[missing & ~np.isin(bars["start"], known)]
        return lacked

    def _rebuild(
        self, token: int, minutes: Iterable[int], closed_until: int
    ) -> dict[str, npt.NDArray[np.void]]:
        """Make the closed longer bars of these minutes anew; return them by timeframe."""
        segment, series = self._segment[token], self._series
        hours, own = self._hours.segments[segment], series[token, "1m"].since(self._hours.start)
        made = {}
        for name, length in TIMEFRAMES.items():
            buckets = {
                hours.bucket(m, length)
                for m in minutes
                if length > 1 and not self._is_no_bucket(segment, m, length)
            }
            parts = []
            for start, end in sorted(buckets):
                if end <= closed_until:
                    bar = aggregate(own[(own["start"] >= start) & (own["start"] < end)])
                    bar["start"] = start
                    parts.append(bar)
            if parts:
                made[name] = np.concatenate(parts)
                series[token, name].insert(made[name])
        return made

    def add(self, closed: Closed) -> list[Finished]:
        """Take in a closed minute; return the bars that are now final, shortest first."""
        tokens = set()
        for at, token in enumerate(closed.bars["token"].tolist()):
            if token in self._segment:
                self._series[token, "1m"].append(closed.bars[at : at + 1])
                tokens.add(token)
        longer = self._close_longer(closed.segment, closed.minute)
        return [Finished("1m", closed.minute, frozenset(tokens)), *longer]

    def _close_longer(self, segment: Segment, minute: int) -> Iterable[Finished]:
        for name, minutes in TIMEFRAMES.items():
            if minutes == 1:
                continue
            start, end = self._hours.segments[segment].bucket(minute, minutes)
            if minute + MINUTE_S != end or self._is_no_bucket(segment, minute, minutes):
                continue
            yield Finished(name, start, frozenset(self._aggregate(segment, name, start)))

    def _aggregate(self, segment: Segment, timeframe: str, start: int) -> Iterable[int]:
        for token, of in self._segment.items():
            if of is not segment:
                continue
            parts = self._series[token, "1m"].since(start)
            if len(parts):
                bar = aggregate(parts)
                bar["start"] = start
                self._series[token, timeframe].append(bar)
                yield token

    def _is_no_bucket(self, segment: Segment, minute: int, minutes: int) -> bool:
        """Say that the auction's last twenty minutes make no bar of thirty (SIGNALS 3)."""
        windows = self._hours.segments[segment].windows
        auction = any(s <= minute < e and state == AUCTION for s, e, state in windows)
        return auction and minutes == 30

    def open_bars(
        self, token: int, timeframe: str, slots: npt.NDArray[np.void]
    ) -> list[npt.NDArray[np.void]]:
        """Return the bars in progress, oldest first: one, or two in the seconds of grace.

        A longer bar is in progress between its minutes' ticks too. `slots` are the
        instrument's open minutes as rows of BAR_DTYPE, in order.
        """
        segment = self._segment[token]
        hours = self._hours.segments[segment]
        minutes = TIMEFRAMES[timeframe]
        known = self._series[token, timeframe].bars["start"][-1:]
        begun = [*self._series[token, "1m"].since(hours.start)["start"][-1:], *slots["start"]]
        starts = sorted(
            {
                hours.bucket(int(s), minutes)[0]
                for s in begun
                if not self._is_no_bucket(segment, int(s), minutes)
            }
        )
        found = []
        for start in starts:
            if len(known) and start <= known[0]:
                continue  # it is closed
            end = hours.bucket(start, minutes)[1]
            today = self._series[token, "1m"].since(start)
            parts = np.concatenate([today, slots])
            bar = aggregate(parts[(parts["start"] >= start) & (parts["start"] < end)])
            bar["start"] = start
            found.append(bar)
        return found
