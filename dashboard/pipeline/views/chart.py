"""The candles of what somebody looks at, with the tables drawn over them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import starts_s
from dashboard.core.market import BarFlag, Instrument
from dashboard.core.table import Columns
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.series import bars_frame
from dashboard.pipeline.snapshot import ChartView


def chart_view(pipeline: Pipeline, underlying: str, timeframe: str) -> ChartView | None:
    """Return the chart of one index and timeframe, None if the day does not have it."""
    part = pipeline.sections.source.contracts.get(underlying)
    if part is None or part.index is None:
        return None
    bars = bars_frame(pipeline.series.get(part.index.token, timeframe).bars, with_flags=True)
    bars["volume"] = np.nan
    basis = None
    traded: Mapping[int, float] = {}
    if part.future is not None:
        future = bars_frame(pipeline.series.get(part.future.token, timeframe).bars)
        future = future.reindex(bars.index)
        bars["volume"] = future["volume"]
        basis = basis_of(bars, future, pipeline.hours.start)
        traded = _recent_volumes(pipeline, part.future, timeframe)
    slots = pipeline.sections.source.open_slots(part.index)
    opened = pipeline.series.open_bars(part.index.token, timeframe, slots)
    return ChartView(
        underlying=underlying,
        title=part.index.symbol,
        timeframe=timeframe,
        bars=bars.drop(columns="oi"),
        forming=_one(opened[-1], traded) if opened else None,
        closing=_one(opened[-2], traded) if len(opened) > 1 else None,
        contract=part.future.symbol if part.future else None,
        overlays=_overlays(pipeline, underlying, timeframe),
        basis=basis,
    )


def basis_of(bars: pd.DataFrame, future: pd.DataFrame, since_s: int) -> float | None:
    """Return future less index at today's last regular close of both, None before there is one.

    In the closing auction the index no longer trades; its last regular basis stays.
    """
    regular = (bars["flags"].to_numpy() & BarFlag.AUCTION) == 0
    apart = future["close"].to_numpy() - bars["close"].to_numpy()
    known = np.flatnonzero(regular & (starts_s(bars) >= since_s) & np.isfinite(apart))
    return float(apart[known[-1]]) if len(known) else None


def _recent_volumes(pipeline: Pipeline, future: Instrument, timeframe: str) -> dict[int, float]:
    """Return the volume of the future's last bars by their start [s], open ones included.

    The future may close a bar a moment before its index does.
    """
    slots = pipeline.sections.source.open_slots(future)
    opened = pipeline.series.open_bars(future.token, timeframe, slots)
    closed = pipeline.series.get(future.token, timeframe).bars[-2:]
    last = np.concatenate([closed, *opened])
    return dict(zip(last["start"].tolist(), last["volume"].tolist(), strict=True))


def _one(bar: npt.NDArray[np.void], traded: Mapping[int, float]) -> Mapping[str, Any]:
    names = ("start", "open", "high", "low", "close", "flags")
    values = {name: bar[name][0].item() for name in names}
    return {**values, "volume": traded.get(values["start"], np.nan)}


def _overlays(pipeline: Pipeline, underlying: str, timeframe: str) -> dict[str, pd.DataFrame]:
    """Return the sections' tables; one that does not know the timeframe lends its nearest."""
    tables = pipeline.sections.tables
    found = {}
    for name, signal in pipeline.sections.signals.items():
        table = tables.get((underlying, name, signal.nearest(timeframe)))
        if table is not None:
            found[name] = table.frame if isinstance(table, Columns) else table
    return found
