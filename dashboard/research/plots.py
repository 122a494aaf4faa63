"""Candles and lines for notebooks, as HoloViews elements.

    candles(bars) * lines(table, "ema9", "ema20")

Bokeh shows times without a zone, so bar starts are handed over as IST wall-clock time.
"""

import holoviews as hv
import pandas as pd

from dashboard.core.clock import IST
from dashboard.core.errors import InputError

UP, DOWN = "#00705A", "#BF2E1B"
COLOURS = ("#9A6A00", "#0B6FAE", "#8A36C9", "#417D12")
TIME = "time (IST)"
BODY = 0.36  # half a body's width, of the distance of two bars


def candles(bars: pd.DataFrame) -> hv.Overlay:
    """Return bars as candles: a wick from low to high, a body from open to close.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        ``open high low close`` in INR, indexed by bar start (any time zone).

    Raises
    ------
    InputError
        If there are no bars, or their times have no zone.
    """
    at = _wall_clock(bars)
    half = BODY * at.diff().min() if len(bars) > 1 else pd.Timedelta(seconds=20)
    colour = ["up" if up else "down" for up in bars["close"] >= bars["open"]]
    wicks = hv.Segments((at, bars["low"], at, bars["high"], colour), _corners(), "direction")
    bodies = (at - half, bars["open"], at + half, bars["close"], colour)
    styles = {"color": "direction", "cmap": {"up": UP, "down": DOWN}, "show_legend": False}
    return wicks.opts(hv.opts.Segments(**styles)) * hv.Rectangles(
        bodies, _corners(), "direction"
    ).opts(hv.opts.Rectangles(**styles, line_width=0))


def lines(table: pd.DataFrame, *columns: str, unit: str = "INR") -> hv.Overlay:
    """Return columns of a section's table as labelled curves.

    Parameters
    ----------
    table : DataFrame
        As a section calculates it, indexed by bar start (any time zone). Unknown values
        leave a gap in the curve.
    unit : str
        Of the columns, for the axis.

    Raises
    ------
    InputError
        If a column is not there, or there are no rows.
    """
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise InputError(f"No column {', '.join(lacking)}; there are {', '.join(table.columns)}")
    at = _wall_clock(table)
    return hv.Overlay(
        [
            hv.Curve((at, table[name]), TIME, unit, label=name).opts(color=colour)
            for name, colour in zip(columns, _colours(len(columns)), strict=True)
        ]
    )


def _corners() -> list[str]:
    return [TIME, "INR", "until", "to"]


def _colours(count: int) -> list[str]:
    return [COLOURS[at % len(COLOURS)] for at in range(count)]


def _wall_clock(table: pd.DataFrame) -> pd.Series:
    index = table.index
    if not len(index):
        raise InputError("There is nothing to draw: the table has no rows")
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise InputError("Bars need a time zone: index.tz_localize('Asia/Kolkata')")
    return pd.Series(index.tz_convert(IST).tz_localize(None), index=index)
