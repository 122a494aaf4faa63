"""What sections draw over the price, as columns: curves, levels and zones.

A section's table is indexed by bar starts of its own timeframe (the opening range knows
minutes only) and perhaps of its future. Each chart bar takes the last row that starts
within it; a bar without one stays a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.core.bars import day_numbers, starts_s
from dashboard.core.market import Floats, Ints
from dashboard.core.signal import Signal
from dashboard.core.view import Event, Level, Line, View, Zone
from dashboard.core.wording import number
from dashboard.ui.chart.rows import Columns, Rows

UP, DOWN = "_up", "_down"  # of a column that a direction splits
FLIP_UP, FLIP_DOWN = "_flip_up", "_flip_down"
FILL_HIGH, FILL_LOW = "_fill_high", "_fill_low"


@dataclass(frozen=True, slots=True)
class Mark:
    """A price with words and a colour token: a level's label, or a tag on the axis."""

    text: str
    price: float
    colour: str
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded zone of today between two prices."""

    low: float
    high: float
    colour: str


def curves(view: View) -> list[Line]:
    """Return the curves of a view."""
    return [part for part in view if isinstance(part, Line)]


def events(view: View) -> list[Event]:
    """Return the words that a view writes at bars."""
    return [part for part in view if isinstance(part, Event)]


def curve_fields(lines: list[Line], words: Sequence[Event] = ()) -> tuple[str, ...]:
    """Return the columns that `curve_columns` fills for these curves, ``x`` first."""
    fields = ["x"]
    for line in lines:
        for name in line.columns:
            split = line.direction and name == line.columns[0]
            ends = (UP, DOWN, FLIP_UP, FLIP_DOWN) if split else ("",)
            fields += [f"{name}{end}" for end in ends]
        if line.fill:
            fields += [f"{line.columns[0]}{FILL_HIGH}", f"{line.columns[0]}{FILL_LOW}"]
    fields += [f"{event.word}{end}" for event in words for end in (UP, DOWN)]
    return tuple(fields)


def shift_of(signal: Signal, basis: float | None) -> float | None:
    """Return what is subtracted from a section's prices, None where that is unknown.

    A future's levels are mapped to the index by the current basis only (SIGNALS 0.3).
    """
    return basis if signal.needs[0] == "future" else 0.0


def aligned(table: pd.DataFrame, rows: Rows) -> Ints:
    """Return for each chart bar the table's row that ends it, -1 where there is none."""
    own = starts_s(table)
    at = np.searchsorted(own, rows.starts + rows.size_s) - 1
    inside = (at >= 0) & (own[np.maximum(at, 0)] >= rows.starts) if len(own) else at >= 0
    return np.where(inside, at, -1)


def curve_columns(
    lines: list[Line],
    table: pd.DataFrame,
    rows: Rows,
    shift: float,
    words: Sequence[Event] = (),
) -> Columns:
    """Return the columns of curves and words, one row a chart bar, NaN where unknown.

    An anchored curve has a row of NaN before each session, so that days are not joined.
    """
    at = aligned(table, rows)
    columns: Columns = {"x": rows.columns["x"]}
    for line in lines:
        values = {name: picked(table, name, at) - shift for name in line.columns}
        if line.direction:
            lead = line.columns[0]
            columns |= _split(lead, values.pop(lead), picked(table, line.direction, at))
        columns |= values
        if line.fill:
            columns |= _filled(line, columns, rows.today)
    for event in words:
        columns |= _said(event, table, at, shift)
    if any(line.anchored for line in lines):
        breaks = [row for row in rows.session_rows if row < rows.count]
        before = {name: np.insert(c, breaks, np.nan) for name, c in columns.items() if name != "x"}
        return {"x": np.insert(columns["x"], breaks, [b - 0.5 for b in breaks]), **before}
    return columns


def picked(table: pd.DataFrame, name: str, at: Ints) -> Floats:
    """Return a column's values in the rows that `aligned` found, NaN where there is none."""
    values = table[name].to_numpy(dtype=np.float64)
    if not len(values):
        return np.full(len(at), np.nan)
    picked: Floats = np.where(at >= 0, values[at], np.nan)
    return picked


def _said(event: Event, table: pd.DataFrame, at: Ints, shift: float) -> Columns:
    """Return where a word stands, above and below."""
    is_said = (
        (table[event.column].to_numpy() == event.word)[at] & (at >= 0) if len(table) else False
    )
    price, side = picked(table, event.at, at) - shift, picked(table, event.side, at)
    return {
        f"{event.word}{UP}": np.where(is_said & (side > 0), price, np.nan),
        f"{event.word}{DOWN}": np.where(is_said & (side < 0), price, np.nan),
    }


def _split(name: str, values: Floats, direction: Floats) -> Columns:
    """Return one curve as its rising and its falling part, and where one becomes the other."""
    before = np.concatenate(([np.nan], direction[:-1]))
    turned = (direction * before) < 0
    return {
        f"{name}{UP}": np.where(direction > 0, values, np.nan),
        f"{name}{DOWN}": np.where(direction < 0, values, np.nan),
        f"{name}{FLIP_UP}": np.where(turned & (direction > 0), values, np.nan),
        f"{name}{FLIP_DOWN}": np.where(turned & (direction < 0), values, np.nan),
    }


def _filled(line: Line, columns: Columns, today: int) -> Columns:
    """Return the edges of the shade; of today only, as a shade has no gaps."""
    edges = [columns[name].copy() for name in line.columns[-2:]]
    for edge in edges:
        edge[:today] = np.nan
    lead = line.columns[0]
    return {f"{lead}{FILL_HIGH}": edges[0], f"{lead}{FILL_LOW}": edges[1]}


def levels(view: View, table: pd.DataFrame, rows: Rows, shift: float) -> list[Mark]:
    """Return today's levels; none while the table's last row is of an earlier session."""
    last = _today_row(table, rows)
    found = [
        Mark(part.label, float(last[part.column]) - shift, part.colour)
        for part in view
        if last is not None and isinstance(part, Level)
    ]
    return [mark for mark in found if np.isfinite(mark.price)]


def zones(view: View, table: pd.DataFrame, rows: Rows, shift: float) -> list[Band]:
    """Return today's zones; none while the table's last row is of an earlier session."""
    last = _today_row(table, rows)
    found = [
        Band(float(last[part.low]) - shift, float(last[part.high]) - shift, part.colour)
        for part in view
        if last is not None and isinstance(part, Zone)
    ]
    return [band for band in found if np.isfinite(band.low + band.high)]


def tags(view: View, table: pd.DataFrame, rows: Rows, shift: float) -> list[Mark]:
    """Return the tags that today's last values of curves put on the price axis.

    The first of a section's own leads; those of a group, and further ones, are outlined.
    """
    last = _today_row(table, rows)
    if last is None:
        return []
    marked = [line for line in curves(view) if line.tag]
    leader = next((line for line in marked if not line.group), None)
    found = [mark for line in marked for mark in _line_tags(line, last, shift, line is leader)]
    return [mark for mark in found if np.isfinite(mark.price)]


def _line_tags(line: Line, last: pd.Series, shift: float, leads: bool) -> list[Mark]:
    colour = line.colour
    if line.direction:
        colour = "bull" if last[line.direction] > 0 else "bear"
    marks = [Mark(line.tag, float(last[line.columns[0]]) - shift, colour, leads)]
    _, plus_minus, width = line.label.partition("±")
    if plus_minus and len(line.columns) == 3:
        names = (f"+{width}", f"−{width}")
        for name, text in zip(line.columns[1:], names, strict=True):
            marks.append(Mark(text, float(last[name]) - shift, colour, leads=False))
    return marks


def _today_row(table: pd.DataFrame, rows: Rows) -> pd.Series | None:
    """Return the last row, if it is of the session that the chart is in."""
    if not len(table):
        return None
    day = int(day_numbers(starts_s(table.iloc[-1:]))[0])
    return table.iloc[-1] if day == rows.day else None


def label_of(mark: Mark) -> str:
    """Return a level's words: its name and its price."""
    return f"{mark.text} {number(mark.price)}"
