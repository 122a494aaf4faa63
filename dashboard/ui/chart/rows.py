"""The bars of a chart as columns: x is the running number of a bar, so no night is drawn.

Bokeh shows UTC; ``ms`` therefore holds *naive* IST milliseconds, and whoever prints it
reads it as UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dashboard.core.bars import day_numbers, starts_s
from dashboard.core.market import TIMEFRAMES, BarFlag, Floats, Ints
from dashboard.core.table import IST_OFFSET_S
from dashboard.pipeline.snapshot import ChartView

BAR_FIELDS = (
    *("x", "ms", "open", "high", "low", "close", "volume", "up", "alpha"),
    *("top", "bottom", "middle", "height", "half_volume", "flat", "filled"),
)
LIVE_FIELDS = (*BAR_FIELDS, "price")
EARLIER_ALPHA = 0.75
FILLED_ALPHA = 0.55  # a historical candle in the place of what was not received
AUCTION_ALPHA = 0.35  # an indicative price, not a traded one
PRICES = ("open", "high", "low", "close")

Columns = dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the chart draws of the bars.

    `starts` [s since the epoch] and `columns` (`BAR_FIELDS`), shape (n,): every bar that no
    longer moves, the one in its seconds of grace included; ``flat`` is the close of a bar
    without a body, NaN in any other. `live` is the forming bar in the
    same fields, each of shape (1,), NaN where there is none; its ``price`` is the last one
    known. `day` is the IST date of the last bar in days since 1970-01-01, `today` the row
    with which it begins. `session_rows` are those with which sessions begin, the first one of
    all left out. Rows of equal `made_of` differ in their `live` only.
    """

    starts: Ints
    columns: Columns
    live: Columns
    day: int
    today: int
    size_s: int
    session_rows: list[int]
    made_of: tuple[object, ...]

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return len(self.starts)


def rows_of(chart: ChartView, before: Rows | None = None) -> Rows:
    """Return the bars of `chart` as columns.

    Those of `before` are taken over, the same objects, where the bars are the same: most
    often only the forming one has moved.
    """
    starts, table = starts_s(chart.bars), chart.bars.to_numpy(dtype=np.float64)
    day = int(day_numbers(np.array([_last_start(chart, starts)]))[0])
    closing = None if chart.closing is None else tuple(chart.closing.items())
    names = tuple(chart.bars.columns)
    made_of = (
        chart.underlying,
        chart.timeframe,
        day,
        names,
        starts.tobytes(),
        table.tobytes(),
        closing,
    )
    if before is not None and before.made_of == made_of:
        return replace(before, live=_live(chart.forming, before.columns))
    return _made(chart, starts, dict(zip(names, table.T, strict=True)), day, made_of)


def _made(
    chart: ChartView, starts: Ints, table: Columns, day: int, made_of: tuple[object, ...]
) -> Rows:
    values = {name: table[name] for name in (*PRICES, "volume")}
    flags = table.get("flags", np.zeros(len(starts))).astype(np.int64)
    if chart.closing is not None:
        starts = np.append(starts, int(chart.closing["start"]))
        values = {name: np.append(values[name], chart.closing[name]) for name in values}
        flags = np.append(flags, _flag(chart.closing))
    days = day_numbers(starts)
    today = int(np.searchsorted(days, day))
    columns = _columns(starts, values, flags, days == day)
    return Rows(
        starts=starts,
        columns=columns,
        live=_live(chart.forming, columns),
        day=day,
        today=today,
        size_s=TIMEFRAMES[chart.timeframe] * 60,
        session_rows=_session_rows([*days.tolist(), *([day] if today == len(days) else [])]),
        made_of=made_of,
    )


def _session_rows(days: list[int]) -> list[int]:
    return [row for row in range(1, len(days)) if days[row] != days[row - 1]]


def _flag(bar: Mapping[str, Any]) -> int:
    return int(bar.get("flags", 0))


def _last_start(chart: ChartView, starts: Ints) -> int:
    """Return the start of the last bar of all; a bar in its grace comes after the closed ones."""
    for bar in (chart.forming, chart.closing):
        if bar is not None:
            return int(bar["start"])
    return int(starts[-1]) if len(starts) else 0


def _columns(starts: Ints, values: Columns, flags: Ints, is_today: Any) -> Columns:
    opened, close = values["open"], values["close"]
    alpha = np.where(is_today, 1.0, EARLIER_ALPHA)
    filled = (flags & BarFlag.BACKFILLED) != 0
    alpha = np.where(filled, FILLED_ALPHA, alpha)
    return {
        "x": np.arange(len(starts), dtype=np.float64),
        "ms": (starts + IST_OFFSET_S) * 1000.0,
        **values,
        "top": np.maximum(opened, close),
        "bottom": np.minimum(opened, close),
        "middle": (opened + close) / 2,
        "height": np.abs(opened - close),
        "half_volume": values["volume"] / 2,
        "flat": np.where(opened == close, close, np.nan),
        "up": (close >= opened).astype(np.float64),
        "filled": filled.astype(np.float64),
        "alpha": np.where(flags & BarFlag.AUCTION, AUCTION_ALPHA, alpha),
    }


def _live(forming: Mapping[str, Any] | None, closed: Columns) -> Columns:
    """Return the forming bar as one row; without one, only the last price is known."""
    if forming is None:
        price = closed["close"][-1:] if len(closed["x"]) else np.array([np.nan])
        return {**{name: np.array([np.nan]) for name in BAR_FIELDS}, "price": price.copy()}
    start = np.array([int(forming["start"])], dtype=np.int64)
    values = {n: np.array([float(forming[n])]) for n in (*PRICES, "volume")}
    live = _columns(start, values, np.array([_flag(forming)]), np.array([True]))
    live["x"] = np.array([float(len(closed["x"]))])
    return {**live, "price": values["close"]}
