"""Page: the server's time for one update of one visit, socket and all.

A server of its own serves the desk view and the chart to a visit in another process, which
reads what it is sent. Snapshots along a replay are shown one by one as a visit shows them.
All processor time of the server's process from one update to the next is counted: making
the texts, finding what changed, packing the message, sending it.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import panel as pn
from bokeh.document import Document

from dashboard.bench import visitor
from dashboard.bench.figure import Figure, percentile
from dashboard.bench.snapshots import LOOK, publish
from dashboard.bench.stopwatch import Lap, timed
from dashboard.pipeline.days import Tools
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.chart.candles import CandleChart
from dashboard.ui.desk import DeskView
from dashboard.ui.present import Presenter
from dashboard.ui.selection import Selection

SUBJECT = "page"
LIMIT_MS = 6
SETTLING = 3  # updates that fill the page, before any is counted
BREATH_S = 0.02  # between updates: what was sent leaves the socket's buffer
PATIENCE_S = 60.0


def measure_page(tools: Tools, updates: int) -> list[Figure]:
    """Return milliseconds of processor time an update, at 1x and at 60x, and for the snapshot.

    At 1x every message of Kite's is an update; at 60x a quarter of a minute passes between
    two, so that bars close and more of the page changes.
    """
    live = publish(tools, updates + SETTLING, frames_each=1)
    fast = publish(tools, max(2, updates // 3) + SETTLING, frames_each=30)
    spent, fast_spent = _show(live.snapshots), _show(fast.snapshots)
    return [
        Figure(SUBJECT, "an update, median", median(spent), "ms", 1, at_most=LIMIT_MS),
        Figure(SUBJECT, "an update, 95 of 100", percentile(spent, 0.95), "ms", 1),
        Figure(SUBJECT, "an update at 60x, median", median(fast_spent), "ms", 1),
        Figure(SUBJECT, "the snapshot, once for all visits", median(live.built_ms), "ms", 1),
    ]


def _show(snapshots: list[Snapshot]) -> list[float]:
    """Return the milliseconds of each update of a visit that is shown `snapshots`."""
    return asyncio.run(_serve_and_show(snapshots))


async def _serve_and_show(snapshots: list[Snapshot]) -> list[float]:
    page = _Page()
    server = pn.io.server.get_server(page.open, port=0, address="127.0.0.1", show=False, start=True)
    try:
        with _visit(server.port):
            await asyncio.wait_for(page.ready.wait(), PATIENCE_S)
            spent = [await page.update(snapshot) for snapshot in snapshots]
    finally:
        server.stop()
    return [1000 * lap.cpu_s for lap in spent[SETTLING:]]


@contextmanager
def _visit(port: int) -> Iterator[None]:
    """Run a visitor in a process of its own until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", visitor.__name__, str(port)])  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait()


class _Page:
    """The page of the one visit."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self._selection = Selection(underlying=LOOK.underlying, timeframe=LOOK.timeframe)
        self._presenter = Presenter()
        self._document: Document | None = None

    def open(self) -> DeskView:
        """Make the page, as the server asks for it when the visitor comes."""
        self._chart = CandleChart()
        self._view = DeskView(chart=self._chart.pane, sizing_mode="stretch_both")
        self._document = pn.state.curdoc
        pn.state.onload(self.ready.set)
        return self._view

    async def update(self, snapshot: Snapshot) -> Lap:
        """Show a snapshot on the document's own loop; return what it took until it was sent."""
        assert self._document is not None
        shown = asyncio.Event()

        def show() -> None:
            self._put(snapshot)
            shown.set()

        with timed() as lap:
            self._document.add_next_tick_callback(show)
            await asyncio.wait_for(shown.wait(), PATIENCE_S)
            await asyncio.sleep(BREATH_S)
        return lap

    def _put(self, snapshot: Snapshot) -> None:
        look = self._selection
        with pn.io.hold():
            self._view.show(self._presenter.present(snapshot, look))
            chart = snapshot.charts.get((look.underlying, look.timeframe))
            if chart is not None:
                self._chart.show(chart, snapshot.signals, look.overlays, "MOCK")
