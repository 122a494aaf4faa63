"""One section's curves in the figure, made when they are first asked for."""

from collections.abc import Mapping

from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, GlyphRenderer
from bokeh.plotting import figure
from bokeh.transform import dodge

from dashboard.core.signal import Signal
from dashboard.core.view import Event, Line
from dashboard.ui.chart.overlays import (
    DOWN,
    FILL_HIGH,
    FILL_LOW,
    FLIP_DOWN,
    FLIP_UP,
    UP,
    curve_fields,
    curves,
    events,
)
from dashboard.ui.chart.palette import FONT
from dashboard.ui.chart.rows import Columns
from dashboard.ui.chart.sources import Sent, Track

STROKE = 5  # bars
CURVE = "curve"  # the browser looks for renderers of this name when it frames the view
LEAD_WIDTH, PLAIN_WIDTH = 1.8, 1.3
Glyphs = list[tuple[GlyphRenderer, str]]


class Layer:
    """The curves of one section: a source of their own, below the candles."""

    def __init__(self, plot: figure, signal: Signal) -> None:
        self.lines, self.events = curves(signal.view), events(signal.view)
        self._track = Track(curve_fields(self.lines, self.events))
        self._glyphs: Glyphs = []
        leader = next((line for line in self.lines if line.tag and not line.group), None)
        for line in self.lines:
            width = LEAD_WIDTH if line is leader else PLAIN_WIDTH
            self._glyphs += _draw(plot, line, self._track.source, width)
        for event in self.events:
            self._glyphs += _write(plot, event, self._track.source)

    def show(self, columns: Columns) -> Sent:
        """Show the curves as they are now."""
        for renderer, _ in self._glyphs:
            if not renderer.visible:
                renderer.visible = True
        return self._track.show(columns)

    def hide(self) -> None:
        """Take the curves away; what was sent stays in the browser."""
        for renderer, _ in self._glyphs:
            if renderer.visible:
                renderer.visible = False

    def paint(self, colours: Mapping[str, str]) -> None:
        """Give every curve the colour of its token."""
        for renderer, token in self._glyphs:
            glyph = renderer.glyph
            for name in ("line_color", "fill_color", "text_color"):
                if hasattr(glyph, name):
                    setattr(glyph, name, colours[token])


def _draw(plot: figure, line: Line, source: ColumnDataSource, width: float) -> Glyphs:
    lead, *others = line.columns
    drawn: Glyphs = []
    if line.fill:
        edges = {"y1": f"{lead}{FILL_HIGH}", "y2": f"{lead}{FILL_LOW}"}
        drawn.append(
            (
                plot.varea(x="x", **edges, fill_alpha=0.07, level="underlay", source=source),
                line.colour,
            )
        )
    for name in others:
        drawn.append((_line(plot, name, source, line_width=1, line_alpha=0.6), line.colour))
    if line.direction:
        return drawn + _turning(plot, lead, source)
    return [*drawn, (_line(plot, lead, source, line_width=width), line.colour)]


def _turning(plot: figure, lead: str, source: ColumnDataSource) -> Glyphs:
    """Draw a curve that is solid while up, dashed while down, a triangle where it turns."""
    falling = {"line_width": LEAD_WIDTH, "line_dash": [5, 2]}
    up = {"y": f"{lead}{FLIP_UP}", "marker": "triangle"}
    down = {"y": f"{lead}{FLIP_DOWN}", "marker": "inverted_triangle"}
    turn = {"x": "x", "size": 9, "level": "underlay", "source": source}
    return [
        (_line(plot, f"{lead}{UP}", source, line_width=LEAD_WIDTH), "bull"),
        (_line(plot, f"{lead}{DOWN}", source, **falling), "bear"),
        (plot.scatter(**up, **turn), "bull"),
        (plot.scatter(**down, **turn), "bear"),
    ]


def _write(plot: figure, event: Event, source: ColumnDataSource) -> Glyphs:
    """Write a word at the price that a bar broke, with a stroke that leads to the bar."""
    drawn: Glyphs = []
    for ending, token, base in ((UP, "bull", "bottom"), (DOWN, "bear", "top")):
        y = f"{event.word}{ending}"
        look = {"y": y, "text": value(event.word), "text_font": value(FONT), "text_align": "right"}
        look |= {"text_font_size": "9px", "text_baseline": base, "source": source}
        stroke = {"x0": dodge("x", -STROKE), "x1": "x", "y0": y, "y1": y, "source": source}
        drawn.append((plot.text(x="x", **look), token))
        drawn.append((plot.segment(**stroke, line_width=1.3), token))
    return drawn


def _line(plot: figure, column: str, source: ColumnDataSource, **look: object) -> GlyphRenderer:
    look |= {"name": CURVE, "tags": [column], "level": "underlay"}
    return plot.line(x="x", y=column, source=source, **look)
