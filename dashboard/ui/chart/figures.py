"""The Bokeh figures of the chart: candles above, panes below, one x range for all.

Ranges, ticks and the words over the candles belong to the browser (``browser/``): their
models are not synchronised back, so panning costs the server nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bokeh.core.properties import value
from bokeh.layouts import column
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    CustomJS,
    FixedTicker,
    LinearColorMapper,
    PanTool,
    Range1d,
    Span,
    WheelZoomTool,
)
from bokeh.models.dom import HTML
from bokeh.models.layouts import Column
from bokeh.plotting import figure
from bokeh.transform import dodge

from dashboard.ui.chart.palette import FONT
from dashboard.ui.chart.parts import VOLUME
from dashboard.ui.chart.rows import BAR_FIELDS, LIVE_FIELDS
from dashboard.ui.chart.sources import Track

AXIS_WIDTH = 86
NOWHERE = (-1e6, -1e6 + 100)  # until the browser has framed the bars
BODY = 0.62  # of the room that a bar has
PANE_HEIGHT = 64  # until the browser knows how many there are
SCRIPTS = ("numbers", "camera", "panes", "ticks", "words", "main")
SOLID, DASHED, LEVEL = value("solid"), value("2 2"), value("5 4")
GUIDE = [1, 3]
RATIO = "ratio"  # the scale of what is drawn over the volume
OVER = {"position": "absolute", "inset": "0", "pointer-events": "none", "overflow": "hidden"}


@dataclass(frozen=True)
class Figures:
    """The models of one visit's chart."""

    price: figure
    volume: figure
    bars: Track
    live: Track
    bodies: LinearColorMapper  # of outlines and wicks: bear, bull
    fills: LinearColorMapper  # of bodies: bear, the surface
    grounds: LinearColorMapper  # of volume: grey, the surface
    sessions: ColumnDataSource
    levels: ColumnDataSource
    zones: ColumnDataSource
    gaps: ColumnDataSource
    last: Span
    crosshair: tuple[Span, Span]
    script: CustomJS
    layout: Column

    def paint(self, colours: Mapping[str, str]) -> None:
        """Give everything that is no section's the colour of its token."""
        self.bodies.palette = [colours["bear"], colours["bull"]]
        self.fills.palette = [colours["bear"], colours["s1"]]
        self.grounds.palette = [colours["neut"], colours["s1"]]
        self.last.line_color = colours["tx2"]
        for renderer in self.price.select(name="gap"):
            renderer.glyph.update(fill_color=colours["warn"], hatch_color=colours["warn"])
        for span in self.crosshair:
            span.line_color = colours["tx3"]
        for plot in self.layout.children:
            self.paint_plot(plot, colours)
        for renderer in self.volume.select(name="traded"):
            renderer.glyph.line_color = colours["neut"]

    def paint_plot(self, plot: figure, colours: Mapping[str, str]) -> None:
        """Give one figure's grid, numbers and edges the colours of their tokens."""
        plot.grid.grid_line_color = colours["line"]
        plot.axis.major_label_text_color = colours["tx3"]
        for renderer in plot.select(name="session"):
            renderer.glyph.line_color = colours["line2"]
        if plot is not self.price:
            plot.styles = {"border-top": f"1px solid {colours['line']}"}


def make_figures() -> Figures:
    """Return the figures of candles and of volume, empty and without colours."""
    x_range = Range1d(*NOWHERE, min_interval=8, syncable=False)
    price, volume = _figure(x_range), _below(x_range, VOLUME)
    volume.extra_y_ranges = {RATIO: Range1d(0, 1, syncable=False)}
    layout = column(price, volume, sizing_mode="stretch_both")
    layout.spacing = 0
    figures = Figures(
        price=price,
        volume=volume,
        bars=Track(BAR_FIELDS),
        live=Track(LIVE_FIELDS),
        bodies=_two_colours(),
        fills=_two_colours(),
        grounds=_two_colours(),
        sessions=_source("x"),
        levels=_source("start", "price", "token", "colour"),
        zones=_source("start", "low", "high", "token", "colour"),
        gaps=_source("x0", "x1"),
        last=Span(
            dimension="width",
            location=math.nan,  # the browser puts it at the last price
            line_dash=[1, 2],
            level="guide",
            syncable=False,
        ),
        crosshair=(_hair("width"), _hair("height")),
        script=CustomJS(code=_module(), module=True),
        layout=layout,
    )
    _draw_today(figures)
    _draw_bars(figures)
    figures.script.args = {
        "layout": layout,
        "price": price,
        "bars": figures.bars.source,
        "live": figures.live.source,
        "levels": figures.levels,
        "last": figures.last,
    }
    for plot in (price, volume):
        _join(figures, plot)
    _hear_data(figures)
    return figures


def make_pane(figures: Figures, name: str) -> figure:
    """Return one more figure below the candles, closed, empty and without colours."""
    plot = _below(figures.price.x_range, name)
    _draw_sessions(figures, plot)
    _join(figures, plot)
    return plot


def _below(x_range: Range1d, name: str) -> figure:
    plot = _figure(x_range)
    plot.name, plot.height, plot.sizing_mode = name, PANE_HEIGHT, "stretch_width"
    plot.visible = plot.yaxis.visible = plot.ygrid.visible = False
    plot.min_height = 24
    return plot


def _join(figures: Figures, plot: figure) -> None:
    """Let a figure pan, point and write as the others do.

    Pan and zoom go along x only; y follows what is in view. One script hears everything
    that changes what is to be seen.
    """
    _, along = figures.crosshair
    pan, wheel = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
    hairs = figures.crosshair if plot is figures.price else along
    plot.add_tools(pan, wheel, CrosshairTool(overlay=hairs))
    plot.toolbar.active_drag, plot.toolbar.active_scroll = pan, wheel
    plot.toolbar.active_tap = None
    plot.elements = [HTML(html="", style=OVER, syncable=False)]
    plot.js_on_change("inner_width", figures.script)
    plot.js_on_change("inner_height", figures.script)
    for event in ("mousemove", "mouseleave", "doubletap"):
        plot.js_on_event(event, figures.script)


def _two_colours() -> LinearColorMapper:
    return LinearColorMapper(low=0, high=1, palette=["#000000", "#000000"])


def _hair(dimension: str) -> Span:
    return Span(
        dimension=dimension,
        location=math.nan,
        line_dash=[2, 3],
        line_alpha=0.7,
        level="overlay",
        syncable=False,
    )


def _source(*fields: str) -> ColumnDataSource:
    return ColumnDataSource({name: [] for name in fields})


def _figure(x_range: Range1d) -> figure:
    plot = figure(
        x_range=x_range,
        y_range=Range1d(0, 1, syncable=False),
        y_axis_location="right",
        tools="",
        toolbar_location=None,
        sizing_mode="stretch_both",
        min_border=0,
        min_border_right=AXIS_WIDTH,
        min_width=100,
        min_height=60,
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
        output_backend="canvas",
        syncable=False,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.ticker = FixedTicker(ticks=[], syncable=False)
        axis.syncable = False
        axis.update(axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None)
        axis.update(major_label_text_font=FONT, major_label_text_font_size="10px")
        axis.update(major_tick_out=0, minor_tick_out=0, major_label_standoff=4)
    plot.xgrid.grid_line_dash = [1, 3]
    return plot


def _draw_today(figures: Figures) -> None:
    """Draw what begins with a session: its line, zones and levels."""
    for plot in (figures.price, figures.volume):
        _draw_sessions(figures, plot)
    zone = {"left": "start", "right": 1e6, "top": "high", "bottom": "low", "line_color": None}
    figures.price.quad(
        **zone, fill_color="colour", fill_alpha=0.09, level="underlay", source=figures.zones
    )
    level = {"x0": "start", "x1": 1e6, "y0": "price", "y1": "price", "line_color": "colour"}
    figures.price.segment(**level, line_dash=LEVEL, level="underlay", source=figures.levels)
    figures.price.vstrip(
        x0="x0",
        x1="x1",
        line_color=None,
        fill_alpha=0.07,
        hatch_pattern="/",
        hatch_alpha=0.28,
        hatch_scale=12,
        hatch_weight=1,
        level="underlay",
        source=figures.gaps,
        name="gap",
        visible=False,
    )


def _draw_sessions(figures: Figures, plot: figure) -> None:
    plot.vspan(x="x", source=figures.sessions, line_width=1, level="underlay", name="session")


def _draw_bars(figures: Figures) -> None:
    """Draw closed bars, then the forming one with a dashed outline.

    As rectangles, not bars: Bokeh clamps bars outside the view to its edge and paints them.
    It paints nothing of a rectangle without height: such a bar is a stroke at its close,
    always solid, for it is hardly longer than a dash.
    """
    edge, ground = _by_direction(figures.bodies), _by_direction(figures.fills)
    grey = _by_direction(figures.grounds)
    for source, dash in ((figures.bars.source, SOLID), (figures.live.source, DASHED)):
        look = {"x": "x", "width": BODY, "line_dash": dash, "source": source}
        wick = {"x0": "x", "x1": "x", "line_color": edge, "line_alpha": "alpha", "source": source}
        figures.price.segment(y0="high", y1="top", **wick)
        figures.price.segment(y0="bottom", y1="low", **wick)
        body = {"line_color": edge, "line_alpha": "alpha", "fill_color": ground}
        figures.price.rect(y="middle", height="height", fill_alpha="alpha", **body, **look)
        sides = {"x0": dodge("x", -BODY / 2), "x1": dodge("x", BODY / 2)}
        figures.price.segment(y0="flat", y1="flat", **{**wick, **sides}, name="flat")
        traded = {"line_alpha": 0.7, "fill_color": grey, "fill_alpha": 0.7, "name": "traded"}
        figures.volume.rect(y="half_volume", height="volume", **traded, **look)
    figures.price.add_layout(figures.last)


def _by_direction(mapper: LinearColorMapper) -> dict[str, object]:
    return {"field": "up", "transform": mapper}


def _hear_data(figures: Figures) -> None:
    script = figures.script
    figures.price.js_on_change("tags", script)
    figures.price.x_range.js_on_change("start", script)
    figures.price.x_range.js_on_change("end", script)
    for source in (figures.bars.source, figures.live.source, figures.levels):
        for change in ("data", "streaming", "patching"):
            source.js_on_change(change, script)


def _module() -> str:
    """Return the browser's module; it imports nothing and fetches nothing."""
    here = Path(__file__).parent / "browser"
    return "\n".join((here / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
