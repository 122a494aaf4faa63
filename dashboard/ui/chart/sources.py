"""Columns in the browser, kept equal to columns here with the least that can be sent."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from bokeh.models import ColumnDataSource

from dashboard.core.market import Floats

PATCHED_ROWS = 4  # more changed rows than this, and everything is sent again
STREAMED_ROWS = 64


class Sent(StrEnum):
    """What one update needed."""

    NOTHING = "nothing"
    PATCH = "patch"
    STREAM = "stream"
    BOTH = "patch and stream"
    ALL = "all"


class Track:
    """One `ColumnDataSource` and what was last sent to it."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.source = ColumnDataSource({name: np.empty(0) for name in fields})
        self._fields = fields
        self._shown: Mapping[str, Floats] = {}
        self._sent: npt.NDArray[np.float64] | None = None

    def show(self, columns: Mapping[str, Floats]) -> Sent:
        """Make the browser's columns equal to `columns` and say what that took."""
        if columns is self._shown:
            return Sent.NOTHING
        self._shown = columns
        wanted = np.array([columns[name] for name in self._fields], dtype=np.float64)
        sent, self._sent = self._sent, wanted
        if sent is None or wanted.shape[1] < sent.shape[1]:
            return self._replace(wanted)
        kept = sent.shape[1]
        old, new = sent, wanted[:, :kept]
        differs = (old != new) & ~(np.isnan(old) & np.isnan(new))
        rows = np.flatnonzero(differs.any(axis=0))
        if len(rows) > PATCHED_ROWS or wanted.shape[1] - kept > STREAMED_ROWS:
            return self._replace(wanted)
        return self._move(wanted, kept, rows, differs)

    def _replace(self, wanted: npt.NDArray[np.float64]) -> Sent:
        self.source.data = dict(zip(self._fields, wanted.copy(), strict=True))
        return Sent.ALL

    def _move(
        self,
        wanted: npt.NDArray[np.float64],
        kept: int,
        rows: npt.NDArray[np.intp],
        differs: npt.NDArray[np.bool_],
    ) -> Sent:
        if len(rows):
            self.source.patch(
                {
                    name: [(int(r), float(wanted[at, r])) for r in rows if differs[at, r]]
                    for at, name in enumerate(self._fields)
                    if differs[at, rows].any()
                }
            )
        if wanted.shape[1] > kept:
            self.source.stream(dict(zip(self._fields, wanted[:, kept:].copy(), strict=True)))
            return Sent.BOTH if len(rows) else Sent.STREAM
        return Sent.PATCH if len(rows) else Sent.NOTHING
