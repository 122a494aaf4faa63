"""The panes below the candles: volume, and what sections ask for, each with its own scale.

A pane's figure is made when it is first opened. Its columns change when a bar closes, so
between two bars it costs nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import BoxAnnotation, ColumnDataSource, GlyphRenderer
from bokeh.plotting import figure
from bokeh.transform import dodge

from dashboard.core.signal import Signal
from dashboard.core.view import Curve, Pane
from dashboard.pipeline.snapshot import ChartView
from dashboard.ui.chart.figures import BODY, GUIDE, RATIO, Figures, make_pane
from dashboard.ui.chart.layers import CURVE
from dashboard.ui.chart.overlays import aligned, picked
from dashboard.ui.chart.parts import VOLUME, Part, over_volume
from dashboard.ui.chart.rows import Columns, Rows
from dashboard.ui.chart.sources import Track

LINE_WIDTH = 1.3
RISING, FALLING = "_rising", "_falling"  # columns from zero, by their sign
Facts = dict[str, Any]


@dataclass
class Drawing:
    """One pane's curves in a figure, kept as they were last sent."""

    plot: figure
    pane: Pane
    scale: str = "default"
    track: Track = field(init=False)
    table: pd.DataFrame | None = None
    made_of: tuple[object, ...] = ()
    _inked: list[tuple[Any, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.track = Track(tuple(_columns(self.pane, {})))
        if self.pane.band:
            low, high = self.pane.band
            shade = BoxAnnotation(
                bottom=low, top=high, fill_alpha=0.08, line_color=None, level="underlay"
            )
            self.plot.add_layout(shade)  # never later: a figure that is shown would fail
            self._inked.append((shade, self.pane.curves[0].colour))
        guides = ColumnDataSource({"y": list(self.pane.guides)})
        look = {"line_dash": GUIDE, "level": "underlay", "y_range_name": self.scale}
        self._ink(self.plot.hspan(y="y", source=guides, **look), "line2")
        for curve in self.pane.curves:
            self._draw(curve)

    def show(self, table: pd.DataFrame | None, rows: Rows) -> None:
        """Show the curves of `table`; the same of the same bars needs no further look."""
        first = int(rows.starts[0]) if rows.count else 0
        made_of = (first, rows.count, rows.size_s)
        if self.made_of == made_of and self.table is table:
            return
        self.table, self.made_of = table, made_of
        values = {} if table is None else _picked(self.pane, table, rows)
        self.track.show(_columns(self.pane, values, rows))

    def paint(self, colours: Mapping[str, str]) -> None:
        """Give everything the colour of its token."""
        for model, token in self._inked:
            for name in ("line_color", "fill_color"):
                if getattr(model, name, None) is not None:
                    setattr(model, name, colours[token])

    def _draw(self, curve: Curve) -> None:
        look = {"source": self.track.source, "y_range_name": self.scale}
        if curve.bars:
            for ending, token in ((RISING, "bull"), (FALLING, "bear")):
                sides = {"left": dodge("x", -BODY / 2), "right": dodge("x", BODY / 2)}
                bars = self.plot.quad(
                    **sides,
                    top=f"{curve.column}{ending}",
                    bottom=0,
                    fill_alpha=0.55,
                    line_color=None,
                    **look,
                )
                self._ink(bars, token)
        name = {"name": CURVE, "tags": [curve.column]}
        line = self.plot.line(x="x", y=curve.column, line_width=LINE_WIDTH, **name, **look)
        if curve.bars:
            line.glyph.line_alpha = 0  # the script frames and reads out what has this name
        self._ink(line, curve.colour)

    def _ink(self, renderer: GlyphRenderer, token: str) -> None:
        self._inked.append((renderer.glyph, token))


class Panes:
    """All panes of one chart, in the order of their switches."""

    def __init__(self, figures: Figures) -> None:
        self._figures, self._layout = figures, figures.layout
        self._drawings: dict[str, Drawing] = {}
        self._relative: dict[str, Drawing] = {}
        self._told: dict[tuple[str, str], Facts] = {}
        self._colours: Mapping[str, str] = {}
        self._signals: Mapping[str, Signal] | None = None
        self._over: dict[str, Pane] = {}

    def show(
        self,
        chart: ChartView,
        signals: Mapping[str, Signal],
        parts: Mapping[str, Part],
        chosen: Sequence[str],
        rows: Rows,
    ) -> list[Facts]:
        """Show the panes that are `chosen` and known; return what the script writes of them."""
        if signals is not self._signals:
            self._signals, self._over = signals, over_volume(signals)
        is_traded = VOLUME in chosen and _is_traded(rows)
        told = [self._volume(chart, signals, rows)] if is_traded else []
        for key, part in parts.items():
            if part.pane is not None and key in chosen and part.section in chart.overlays:
                self._drawing(key, part.pane, parts).show(chart.overlays[part.section], rows)
                told.append(self._facts(key, part, chart.timeframe))
        self._open([facts["id"] for facts in told])
        return told

    def paint(self, colours: Mapping[str, str]) -> None:
        """Give everything the colour of its token."""
        self._colours = colours
        for drawing in (*self._drawings.values(), *self._relative.values()):
            drawing.paint(colours)

    def _open(self, keys: list[str]) -> None:
        """Let the lowest figure carry the times."""
        below = self._layout.children[1:]
        shown = [plot for plot in below if plot.name in keys]
        lowest = shown[-1] if shown else self._figures.price
        for plot in below:
            _set(plot, plot in shown)
        for plot in self._layout.children:
            _set(plot.xaxis[0], plot is lowest)

    def _drawing(self, key: str, pane: Pane, parts: Mapping[str, Part]) -> Drawing:
        """Return a pane, at its place among the others; its models are counted only once."""
        if key not in self._drawings:
            document = self._figures.price.document
            with document.models.freeze() if document else nullcontext():
                plot = make_pane(self._figures, key)
                self._drawings[key] = Drawing(plot, pane)
                self._drawings[key].paint(self._colours)
                self._figures.paint_plot(plot, self._colours)
                order = [VOLUME, *parts]
                below = sorted([*self._layout.children[1:], plot], key=lambda p: _place(p, order))
                self._layout.children = [self._figures.price, *below]
        return self._drawings[key]

    def _volume(self, chart: ChartView, signals: Mapping[str, Signal], rows: Rows) -> Facts:
        """Show what sections draw over the volume, on a scale of ratios."""
        curves: list[Facts] = []
        label = ""
        for section, pane in self._over.items():
            table = chart.overlays.get(section)
            if table is None and section not in self._relative:
                continue
            self._ratio(section, pane).show(table, rows)
            if table is not None:
                curves += [_curve(curve) for curve in pane.curves]
                label = _own(signals[section], chart.timeframe)
        return {"id": VOLUME, "label": label, "curves": curves, "framed": [0.0]}

    def _ratio(self, section: str, pane: Pane) -> Drawing:
        if section not in self._relative:
            plot, document = self._figures.volume, self._figures.price.document
            with document.models.freeze() if document else nullcontext():
                self._relative[section] = Drawing(plot, pane, RATIO)
                self._relative[section].paint(self._colours)
        return self._relative[section]

    def _facts(self, key: str, part: Part, timeframe: str) -> Facts:
        if (key, timeframe) not in self._told and part.pane is not None:
            self._told[key, timeframe] = {
                "id": key,
                "label": _own(part.signal, timeframe),
                "curves": [_curve(curve) for curve in part.pane.curves],
                "guides": list(part.pane.guides),
                "framed": list(part.pane.band or part.pane.guides),
                "bounds": list(part.pane.bounds or ()),
            }
        return self._told[key, timeframe]


def _own(signal: Signal, timeframe: str) -> str:
    """Return the timeframe that a section lends to another one, "" where it has it itself."""
    own = signal.nearest(timeframe)
    return "" if own == timeframe else own


def _place(plot: figure, order: list[str]) -> int:
    return order.index(plot.name) if plot.name in order else len(order)


def _set(model: Any, visible: bool) -> None:
    if model.visible != visible:
        model.visible = visible


def _is_traded(rows: Rows) -> bool:
    return bool(np.isfinite(rows.columns["volume"]).any() or np.isfinite(rows.live["volume"]))


def _curve(curve: Curve) -> Facts:
    return {
        "column": curve.column,
        "label": curve.label,
        "colour": curve.colour,
        "digits": curve.digits,
        "bars": curve.bars,
    }


def _picked(pane: Pane, table: pd.DataFrame, rows: Rows) -> Columns:
    at = aligned(table, rows)
    return {curve.column: picked(table, curve.column, at) for curve in pane.curves}


def _columns(pane: Pane, values: Columns, rows: Rows | None = None) -> Columns:
    """Return the columns of a pane's source, all NaN where there are no values."""
    x = np.empty(0) if rows is None else rows.columns["x"]
    columns: Columns = {"x": x}
    for curve in pane.curves:
        column = values.get(curve.column, np.full(len(x), np.nan))
        columns[curve.column] = column
        if curve.bars:
            columns[f"{curve.column}{RISING}"] = np.where(column >= 0, column, np.nan)
            columns[f"{curve.column}{FALLING}"] = np.where(column < 0, column, np.nan)
    return columns
