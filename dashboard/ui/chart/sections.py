"""Everything that sections draw over the candles, kept as it was last sent."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import pandas as pd

from dashboard.core.signal import Signal
from dashboard.pipeline.snapshot import ChartView
from dashboard.ui.chart.figures import Figures
from dashboard.ui.chart.layers import Layer
from dashboard.ui.chart.overlays import (
    Band,
    Mark,
    curve_columns,
    curves,
    events,
    levels,
    shift_of,
    tags,
    zones,
)
from dashboard.ui.chart.parts import Part
from dashboard.ui.chart.rows import Rows

SESSION_EDGE = 0.5  # a session begins between two bars


@dataclass(frozen=True)
class Drawn:
    """What one section drew, and of what: the same of both needs no further look."""

    table: pd.DataFrame
    made_of: tuple[object, ...]
    levels: list[Mark]
    zones: list[Band]
    tags: list[Mark]


class Sections:
    """The overlays of one chart."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._layers: dict[str, Layer] = {}
        self._drawn: dict[str, Drawn] = {}
        self._colours: Mapping[str, str] = {}
        self._basis: float | None = None
        self._basis_of: tuple[object, ...] = ()

    @property
    def levels(self) -> list[Mark]:
        """Return the levels that are drawn."""
        return [mark for drawn in self._drawn.values() for mark in drawn.levels]

    @property
    def tags(self) -> list[Mark]:
        """Return the tags for the price axis."""
        return [mark for drawn in self._drawn.values() for mark in drawn.tags]

    def show(
        self, chart: ChartView, parts: Mapping[str, Part], names: list[str], rows: Rows
    ) -> float | None:
        """Draw the parts `names`; return the basis that shifted any of them, else None."""
        self._hold_basis(chart, rows)
        shifts = {name: shift_of(parts[name].signal, self._basis) for name in names}
        known = {name: shift for name, shift in shifts.items() if shift is not None}
        changed = False
        for name in self._drawn.keys() - known.keys():
            changed = True
            del self._drawn[name]
            if name in self._layers:
                self._layers[name].hide()
        for name, shift in known.items():
            part = parts[name]
            table = chart.overlays[part.section]
            changed |= self._draw(name, part.signal, table, rows, shift)
        if changed:
            self._place(rows)
        moved = any(parts[name].signal.needs[0] == "future" for name in known)
        return self._basis if moved else None

    def paint(self, colours: Mapping[str, str]) -> None:
        """Give everything the colour of its token."""
        self._colours = colours
        for layer in self._layers.values():
            layer.paint(colours)
        for source in (self._figures.levels, self._figures.zones):
            if len(source.data["token"]):
                source.data = self._coloured(source.data)

    def _hold_basis(self, chart: ChartView, rows: Rows) -> None:
        """Take the current basis when a bar closes; between, curves would only tremble."""
        made_of = (chart.underlying, chart.timeframe, rows.day, rows.count, chart.basis is None)
        if made_of != self._basis_of:
            self._basis_of, self._basis = made_of, chart.basis

    def _draw(
        self, name: str, signal: Signal, table: pd.DataFrame, rows: Rows, shift: float
    ) -> bool:
        """Send one section's curves and return whether anything of it is new."""
        first = int(rows.starts[0]) if rows.count else 0
        made_of = (first, rows.count, rows.day, rows.today, rows.size_s, shift)
        before = self._drawn.get(name)
        if before is not None and before.table is table and before.made_of == made_of:
            return False
        lines, words = curves(signal.view), events(signal.view)
        if lines or words:
            self._layer(name, signal).show(curve_columns(lines, table, rows, shift, words))
        what = (signal.view, table, rows, shift)
        self._drawn[name] = Drawn(table, made_of, levels(*what), zones(*what), tags(*what))
        return True

    def _layer(self, name: str, signal: Signal) -> Layer:
        """Return a section's layer; once in a document, its models are counted only once."""
        if name not in self._layers:
            document = self._figures.price.document
            with document.models.freeze() if document else nullcontext():
                self._layers[name] = Layer(self._figures.price, signal)
                self._layers[name].paint(self._colours)
        return self._layers[name]

    def _place(self, rows: Rows) -> None:
        """Send levels and zones, which begin with today's session."""
        start = rows.today - SESSION_EDGE
        marks, bands = self.levels, [b for drawn in self._drawn.values() for b in drawn.zones]
        self._send(
            "levels",
            {"price": [m.price for m in marks], "token": [m.colour for m in marks]},
            start,
        )
        self._send(
            "zones",
            {
                "low": [b.low for b in bands],
                "high": [b.high for b in bands],
                "token": [b.colour for b in bands],
            },
            start,
        )

    def _send(self, name: str, data: dict[str, list], start: float) -> None:  # type: ignore[type-arg]
        source = getattr(self._figures, name)
        wanted = self._coloured({**data, "start": [start] * len(data["token"])})
        if dict(source.data) != wanted:
            source.data = wanted

    def _coloured(self, data: Mapping[str, list]) -> dict[str, list]:  # type: ignore[type-arg]
        return {**data, "colour": [self._colours[token] for token in data["token"]]}
