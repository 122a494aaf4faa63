"""Suspected halts of an underlying: neither its index nor its future ticks (SIGNALS 1).

They are told from settled bars alone, so a seek finds the same ones as playing does. Only the
index's continuous hours count: after them a thin future may well be silent. A minute that
carries PARTIAL ended a hole in the recording, and no halt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dashboard.core.continuity import is_silent, reopenings
from dashboard.core.hours import Window
from dashboard.core.market import BarFlag, Instrument, Ints, Segment
from dashboard.core.signal import HALT, Reading
from dashboard.pipeline.contracts import Contracts
from dashboard.pipeline.hours import CONTINUOUS
from dashboard.pipeline.series import SeriesBook
from dashboard.pipeline.settling import Settling

Key = tuple[str, str, str]  # underlying, section, timeframe


class _Found(NamedTuple):
    until: int
    reopened: tuple[int, ...]
    silent: bool


@dataclass
class Halts:
    """The suspected halts of one day. Instants are seconds since the epoch."""

    series: SeriesBook
    settling: Settling
    contracts: Mapping[str, Contracts]
    _known: dict[str, _Found] = field(default_factory=dict)

    def forget(self) -> None:
        """Look anew: bars of minutes long closed have changed."""
        self._known.clear()

    def reopened(self, underlying: str) -> tuple[int, ...]:
        """Return the minutes with which trading went on after a suspected halt."""
        return self._found(underlying).reopened

    def is_halted(self, underlying: str) -> bool:
        """Say whether a halt is suspected now: nothing has ticked for five minutes."""
        return self._found(underlying).silent

    def flagged(self, readings: Mapping[Key, Reading]) -> dict[Key, Reading]:
        """Return readings as they stand now: while a halt is suspected they say so."""
        halted = {name for name in self.contracts if self.is_halted(name)}
        return {
            key: replace(reading, flags=(*reading.flags, HALT))
            if key[0] in halted and HALT not in reading.flags
            else reading
            for key, reading in readings.items()
        }

    def _found(self, underlying: str) -> _Found:
        until = self.settling.until  # settled bars change with it alone
        known = self._known.get(underlying)
        if known is None or known.until != until:
            minutes = self._minutes(underlying)
            seen = _starts(minutes)
            ends = reopenings(seen, self._spans)
            known = self._known[underlying] = _Found(
                until,
                tuple(at for at in ends if not _is_cut_off(minutes, at)),
                is_silent(seen, self._spans, until),
            )
        return known

    @property
    def _spans(self) -> list[Window]:
        windows = self.settling.hours.segments[Segment.INDEX].windows
        return [(start, end) for start, end, state in windows if state == CONTINUOUS]

    def _minutes(self, underlying: str) -> list[npt.NDArray[np.void]]:
        """Return today's settled 1m bars of index and future; nothing without an index."""
        part = self.contracts[underlying]
        if part.index is None:
            return []
        return [self._settled(one) for one in (part.index, part.future) if one is not None]

    def _settled(self, instrument: Instrument) -> npt.NDArray[np.void]:
        bars = self.series.get(instrument.token, "1m").since(self.settling.hours.start)
        return bars[: int(bars["start"].searchsorted(self.settling.until))]


def _starts(minutes: list[npt.NDArray[np.void]]) -> Ints:
    """Return the minutes in which anything ticked, in order."""
    starts = [bars["start"] for bars in minutes]
    if len(starts) == 2 and np.array_equal(starts[0], starts[1]):  # the usual case
        return starts[0]
    return np.unique(np.concatenate(starts)) if starts else np.empty(0, dtype=np.int64)


def _is_cut_off(minutes: list[npt.NDArray[np.void]], at: int) -> bool:
    """Say whether ticks do not cover a minute from its first second."""
    flags = [bars["flags"][bars["start"] == at] for bars in minutes]
    return any(bool((one & BarFlag.PARTIAL).any()) for one in flags)
