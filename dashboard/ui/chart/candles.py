"""The candle chart of one visit: made once, then told what changed.

Everything here runs inside the visit's own document. What a `ChartView` changes is sent as
little as it can be: the forming bar is one row of its own, a closed bar is streamed, a bar
in its seconds of grace is patched. Where the view stands is the browser's affair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
import panel as pn

from dashboard.core.bars import as_frame
from dashboard.core.clock import bar_index, from_seconds
from dashboard.core.signal import Signal
from dashboard.core.table import DAY_S
from dashboard.core.wording import number, short_date
from dashboard.pipeline.snapshot import ChartView
from dashboard.ui.chart.figures import make_figures
from dashboard.ui.chart.gaps import Break, Gaps, breaks_of
from dashboard.ui.chart.overlays import Mark, label_of
from dashboard.ui.chart.palette import palette
from dashboard.ui.chart.panes import Panes
from dashboard.ui.chart.parts import Part, parts_of
from dashboard.ui.chart.rows import PRICES, Rows, rows_of
from dashboard.ui.chart.sections import SESSION_EDGE, Sections

SPOKEN = (
    "s1",
    "bg",
    "tx",
    "tx2",
    "tx3",
    "line2",
    "bull",
    "bear",
    "mock",
    "warn",
    "c1",
    "c2",
    "c3",
    "c4",
)


class CandleChart:
    """The chart of one visit. `pane` is what the page shows."""

    def __init__(self, theme: str = "dark") -> None:
        self._figures = make_figures()
        self._sections = Sections(self._figures)
        self._panes = Panes(self._figures)
        self._parts: dict[str, Part] = {}
        self._signals: Mapping[str, Signal] | None = None
        self.pane = pn.pane.Bokeh(
            self._figures.layout, sizing_mode="stretch_both", margin=0, theme=None
        )
        self._rows: Rows | None = None
        self._facts: dict[str, Any] = {"fit": 0}
        self.set_theme(theme)

    def show(
        self,
        chart: ChartView,
        signals: Mapping[str, Signal],
        overlays: Sequence[str],
        source_word: str,
        *,
        blind: bool = False,
        gaps: Gaps = (),
    ) -> None:
        """Show `chart` with what `overlays` switches on (`parts`), the latest choice last.

        Call it inside ``pn.io.hold()`` on the visit's own document. `source_word` is
        written large and faint over the candles when it is MOCK. `blind` leaves out what
        tells the date: the days under the bars and the contract. `gaps` are when nothing was
        received.
        """
        word = source_word if source_word == "MOCK" else ""
        self._draw(chart, signals, overlays, gaps, blind=blind, word=word, empty="")

    def clear(self, words: str = "") -> None:
        """Take everything away and write `words`, one sentence, where the candles were.

        Call it where `show` may be called.
        """
        self._draw(_nothing(), {}, (), (), blind=True, word="", empty=words)

    def fit(self) -> None:
        """Go back to the latest bars and follow them."""
        self._tell(fit=self._facts["fit"] + 1)

    def set_theme(self, theme: str) -> None:
        """Paint everything in the colours of a theme, ``dark`` or ``light``."""
        colours, figures = palette(theme), self._figures
        figures.paint(colours)
        self._sections.paint(colours)
        self._panes.paint(colours)
        self._tell(colours={name: colours[name] for name in SPOKEN})

    def _draw(
        self,
        chart: ChartView,
        signals: Mapping[str, Signal],
        overlays: Sequence[str],
        gaps: Gaps,
        *,
        blind: bool,
        **words: str,
    ) -> None:
        rows = self._rows = rows_of(chart, self._rows)
        self._figures.bars.show(rows.columns)
        self._figures.live.show(rows.live)
        if signals is not self._signals:
            self._signals, self._parts = signals, parts_of(signals)
        parts = self._parts
        names = [key for key in overlays if key in parts and _is_over(parts[key], chart)]
        basis = self._sections.show(chart, parts, names, rows)
        panes = self._panes.show(chart, signals, parts, overlays, rows)
        self._show_sessions(rows)
        breaks = breaks_of(rows, gaps)
        self._show_breaks(breaks)
        self._tell(
            **_about(chart, rows),
            **_dated(chart, rows, blind=blind),
            **words,
            basis="" if basis is None else f"BASIS {number(-basis, signed=True)}",
            levels=[_told(mark) | {"label": label_of(mark)} for mark in self._sections.levels],
            tags=[_told(mark) for mark in self._sections.tags],
            panes=panes,
            gaps=[asdict(one) for one in breaks],
            lone=_lone(panes, overlays),
        )

    def _show_sessions(self, rows: Rows) -> None:
        x = [row - SESSION_EDGE for row in rows.session_rows]
        if x != self._figures.sessions.data["x"]:
            self._figures.sessions.data = {"x": x}

    def _show_breaks(self, breaks: list[Break]) -> None:
        columns = {"x0": [one.x0 for one in breaks], "x1": [one.x1 for one in breaks]}
        if columns != self._figures.gaps.data:
            self._figures.gaps.data = columns
            for renderer in self._figures.price.select(name="gap"):
                renderer.visible = bool(breaks)

    def _tell(self, **facts: Any) -> None:
        """Give the browser's script what it writes; nothing is sent if nothing changed."""
        wanted = self._facts | facts
        if wanted != self._facts or not self._figures.price.tags:
            self._facts = wanted
            self._figures.price.tags = [wanted]


def _is_over(part: Part, chart: ChartView) -> bool:
    """Say whether a part is drawn over the candles, and known."""
    return part.pane is None and part.section in chart.overlays


def _lone(panes: list[dict[str, Any]], chosen: Sequence[str]) -> str:
    """Return the pane that a phone has room for: the one chosen last."""
    shown = {pane["id"] for pane in panes}
    return next((key for key in reversed(chosen) if key in shown), "")


def _nothing() -> ChartView:
    """Return the chart of no instrument."""
    names = (*PRICES, "volume")
    bars = as_frame({name: np.empty(0) for name in names}, bar_index(np.empty(0, dtype=np.int64)))
    return ChartView("", "", "1m", bars, None, None, None)


def _about(chart: ChartView, rows: Rows) -> dict[str, Any]:
    """Return what the chart is of; another `key` is another picture."""
    return {
        # earlier sessions that come while it is shown move every bar to another x
        "key": f"{chart.underlying} {chart.timeframe} {rows.day} {rows.starts[:1].tolist()}",
        "title": f"{chart.title} · {chart.timeframe}",
        "minutes": rows.size_s // 60,
        "today": rows.today,
    }


def _dated(chart: ChartView, rows: Rows, *, blind: bool) -> dict[str, Any]:
    """Return what tells the date: the contract, and where each session begins."""
    sessions = [
        {"x": row - SESSION_EDGE, "text": "" if blind else _date(rows, row)}
        for row in rows.session_rows
    ]
    return {"contract": "" if blind else chart.contract or "", "sessions": sessions}


def _date(rows: Rows, row: int) -> str:
    return _date_of(int(rows.starts[row]) if row < rows.count else rows.day * DAY_S)


@lru_cache(maxsize=256)
def _date_of(start: int) -> str:
    return short_date(from_seconds(start))


def _told(mark: Mark) -> dict[str, Any]:
    return {"text": mark.text, "y": mark.price, "colour": mark.colour, "leads": mark.leads}
