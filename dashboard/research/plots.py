"""Candles, curves and chains for notebooks, as HoloViews elements.

    candles(bars) * lines(table, "ema9", "ema20") * levels(pivots, "classic_p")
    by_strike(quotes["CE"], "iv", unit="%")

Bokeh shows times without a zone, so bar starts are handed over as IST wall-clock time.
"""

import holoviews as hv
import numpy as np
import pandas as pd

from dashboard.core.clock import IST
from dashboard.core.errors import InputError

UP, DOWN = "#00705A", "#BF2E1B"
COLOURS = ("#9A6A00", "#0B6FAE", "#8A36C9", "#417D12")
TIME = "time (IST)"
STRIKE = "strike (INR)"
BODY = 0.36  # half a body's width, of the distance of two bars or strikes
ZERO = "#F6F6F4"
SHADES = 32  # of a heat map, on each side of zero


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
    at = _wall_clock(_checked(table, columns))
    return hv.Overlay(
        [
            hv.Curve((at, table[name]), TIME, unit, label=name).opts(color=colour)
            for name, colour in zip(columns, _colours(len(columns)), strict=True)
        ]
    )


def levels(table: pd.DataFrame, *columns: str, unit: str = "INR") -> hv.Overlay:
    """Return the last values of columns as labelled lines across the whole table.

    A level that is not known is left out.

    Raises
    ------
    InputError
        As `lines` does.
    """
    at = _wall_clock(_checked(table, columns))
    ends = [at.iloc[0], at.iloc[-1]]
    return hv.Overlay(
        [
            hv.Curve((ends, [price, price]), TIME, unit, label=f"{name} {price:,.1f}").opts(
                color=colour, line_dash="dashed"
            )
            for name, colour in zip(columns, _colours(len(columns)), strict=True)
            if np.isfinite(price := float(table[name].iloc[-1]))
        ]
    )


def marks(table: pd.DataFrame, *columns: str, unit: str = "INR") -> hv.Overlay:
    """Return columns as labelled dots, one at each bar whose value is known.

    Raises
    ------
    InputError
        As `lines` does.
    """
    at = _wall_clock(_checked(table, columns))
    return hv.Overlay(
        [
            hv.Points((at[known], table[name][known]), [TIME, unit], label=name).opts(
                color=colour, size=6
            )
            for name, colour in zip(columns, _colours(len(columns)), strict=True)
            for known in [table[name].notna()]
        ]
    )


def signed_bars(table: pd.DataFrame, column: str, unit: str = "INR") -> hv.Rectangles:
    """Return a column as bars from zero, coloured by their sign; unknown values leave a hole.

    Raises
    ------
    InputError
        As `lines` does.
    """
    at = _wall_clock(_checked(table, (column,)))
    known = table[column].notna()
    half = BODY * at.diff().min() if len(at) > 1 else pd.Timedelta(seconds=20)
    value = table[column][known]
    sign = ["up" if number >= 0 else "down" for number in value]
    bodies = (at[known] - half, 0 * value, at[known] + half, value, sign)
    return hv.Rectangles(bodies, [TIME, unit, "until", "to"], "direction", label=column).opts(
        color="direction", cmap={"up": UP, "down": DOWN}, line_width=0, show_legend=False
    )


def by_strike(table: pd.DataFrame, *columns: str, unit: str = "INR") -> hv.Overlay:
    """Return columns of one row a strike as labelled curves with a dot at each strike.

    Parameters
    ----------
    table : DataFrame
        Indexed by strike [INR], as a side of `dashboard.research.option_desk.quotes` is.
        Unknown values leave a gap.
    unit : str
        Of the columns, for the axis.

    Raises
    ------
    InputError
        If a column is not there, or there are no rows.
    """
    _checked(table, columns)
    return hv.Overlay(
        [
            element((table.index, table[name]), STRIKE, unit, label=name).opts(color=colour)
            for name, colour in zip(columns, _colours(len(columns)), strict=True)
            for element in (hv.Curve, hv.Scatter)
        ]
    )


def profile(table: pd.DataFrame, call: str, put: str, unit: str = "units") -> hv.Overlay:
    """Return two columns by strike as bars side by side: the calls' left, the puts' right.

    Raises
    ------
    InputError
        If a column is not there, or there are fewer than two strikes.
    """
    _checked(table, (call, put))
    if len(table) < 2:
        raise InputError("A profile needs two strikes")
    strikes = table.index.to_series()
    width = BODY * strikes.diff().min()
    return hv.Overlay(
        [
            hv.Rectangles(
                (first, 0 * table[name], first + width, table[name].fillna(0)),
                [STRIKE, unit, "until", "to"],
                label=name,
            ).opts(color=colour, line_width=0)
            for name, first, colour in ((call, strikes - width, DOWN), (put, strikes, UP))
        ]
    )


def heat_map(table: pd.DataFrame, unit: str) -> hv.Rectangles:
    """Return a table of bars by strikes as coloured cells, white at zero.

    Parameters
    ----------
    table : DataFrame, shape (n, k)
        Indexed by bar start (any time zone), one column a strike [INR], ascending, as
        `dashboard.options.chain.side` returns. Unknown values leave a hole.
    unit : str
        Of the values, for the colour bar.

    Raises
    ------
    InputError
        If there are fewer than two bars or two strikes, or times have no zone.
    """
    if min(table.shape) < 2:
        raise InputError("A heat map needs two bars and two strikes")
    at = _wall_clock(table)
    strikes = table.columns.to_numpy(np.float64)
    length, step = at.diff().min(), np.diff(strikes).min()
    values = table.to_numpy(np.float64).ravel()
    known = np.isfinite(values)
    left = np.repeat(at.to_numpy(), len(strikes))[known]
    low = np.tile(strikes - step / 2, len(at))[known]
    most = np.abs(values[known]).max(initial=0.0) or 1.0
    cells = (left, low, left + length.to_numpy(), low + step, values[known])
    return hv.Rectangles(cells, [TIME, STRIKE, "until", "to"], unit).opts(
        color=unit,
        cmap=_shades(DOWN, ZERO)[:-1] + _shades(ZERO, UP),
        clim=(-most, most),
        colorbar=True,
        line_width=0,
        clabel=unit,
    )


def _checked(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise InputError(f"No column {', '.join(lacking)}; there are {', '.join(table.columns)}")
    if table.empty:
        raise InputError("There is nothing to draw: the table has no rows")
    return table


def _shades(first: str, last: str) -> list[str]:
    """Return the colours from one to another, both of them included."""
    ends = np.array(
        [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (first, last)]
    )
    between = np.linspace(ends[0], ends[1], SHADES + 1).round().astype(int)
    return [f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in between.tolist()]


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
