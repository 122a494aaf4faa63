"""Where nothing was received: the bars that a gap covers, or the place where they would be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.core.market import Ints
from dashboard.core.table import IST_OFFSET_S
from dashboard.ui.chart.rows import Rows
from dashboard.ui.phrases import spaced_age

HALF_BAR = 0.5
HALF_BREAK = 0.18  # of a bar's room: minutes that have no bar lie between two bars

Gaps = Sequence[tuple[int, int, str]]  # (start, end) in seconds since the epoch, why


@dataclass(frozen=True, slots=True)
class Break:
    """A gap on the chart, from `x0` to `x1`; `text` is its length."""

    x0: float
    x1: float
    text: str
    why: str


def breaks_of(rows: Rows, gaps: Gaps) -> list[Break]:
    """Return the gaps of the day that began within the bars that are there, in their order."""
    if not gaps:
        return []
    starts = _today(rows)
    if not len(starts):
        return []
    until = int(starts[-1]) + rows.size_s
    return [
        _break(starts, rows, began, ended, why)
        for began, ended, why in gaps
        if ended > starts[0] and began < until
    ]


def _break(starts: Ints, rows: Rows, began: int, ended: int, why: str) -> Break:
    """Place a gap over the bars it touches, or between those that it lies between."""
    first = int(np.searchsorted(starts + rows.size_s, began, side="right"))
    after = int(np.searchsorted(starts, ended, side="left"))
    left, right = rows.today + first - HALF_BAR, rows.today + after - HALF_BAR
    if after <= first:
        left, right = left - HALF_BREAK, left + HALF_BREAK
    return Break(left, right, spaced_age(ended - began), why)


def _today(rows: Rows) -> Ints:
    """Return the starts of today's bars in seconds, the forming one with them."""
    starts = rows.starts[rows.today :]
    forming_ms = float(rows.live["ms"][0])
    if np.isfinite(forming_ms):
        starts = np.append(starts, int(forming_ms // 1000) - IST_OFFSET_S)
    return starts
