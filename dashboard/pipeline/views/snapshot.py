"""Put the panes together into one immutable snapshot."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, from_ns
from dashboard.core.health import Stage
from dashboard.core.market import UNDERLYINGS
from dashboard.core.ports import DaySummary
from dashboard.core.signal import Reading
from dashboard.pipeline.days import Day
from dashboard.pipeline.hours import CLOSED
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.quotes import QuoteBoard
from dashboard.pipeline.sections import Key
from dashboard.pipeline.snapshot import ChainView, ChartView, Silhouette, Snapshot, TimelineView
from dashboard.pipeline.standing import as_they_stand
from dashboard.pipeline.views.chain import chain_view
from dashboard.pipeline.views.chart import chart_view
from dashboard.pipeline.views.explain import ExplainRoom
from dashboard.pipeline.views.health import Rates, silence_limit_s, stages
from dashboard.pipeline.views.indices import index_quotes
from dashboard.pipeline.views.options import OptionRoom
from dashboard.pipeline.views.timeline import bands, confluence_flips, phase_view, timeline_view


@dataclass(frozen=True)
class DeskState:
    """What a desk says of itself."""

    seq: int
    status: str
    error: str | None
    progress: float | None
    at_ns: int
    speed: float
    shared: bool


class SnapshotBuilder:
    """Build a desk's snapshots; what does not change within a day is worked out once."""

    def __init__(
        self, day: Day, calendar: Calendar, outer: Callable[[], tuple[Stage, ...]] = tuple
    ) -> None:
        self._day = day
        self._outer = outer
        self._calendar = calendar
        self._bands = bands(calendar, day.day)
        self._silhouettes: dict[str, tuple[int, Silhouette]] = {}
        self._options = OptionRoom(calendar)
        self._explain = ExplainRoom()
        self._rates = Rates()
        self._quotes = QuoteBoard()

    def build(
        self, desk: DeskState, pipeline: Pipeline | None, interests: Iterable[Interest]
    ) -> Snapshot:
        """Return the desk as it stands; without a pipeline only its frame and status."""
        looked_at = sorted(set(interests), key=lambda i: (i.underlying, i.timeframe))
        frame = self._frame(desk, looked_at, pipeline)
        return frame if pipeline is None else self._filled(frame, pipeline, looked_at, desk.at_ns)

    def _frame(
        self, desk: DeskState, looked_at: list[Interest], pipeline: Pipeline | None
    ) -> Snapshot:
        """Return the snapshot of a desk that has nothing to show yet."""
        day, summary, at = self._day, self._day.summary(), from_ns(desk.at_ns)
        known_ns = None if desk.shared else summary.last_ns
        edge_ns = max(desk.at_ns, known_ns or 0)
        return Snapshot(
            seq=desk.seq,
            source=day.source,
            replay=not desk.shared,
            status=desk.status,
            error=desk.error,
            day=day.day,
            at=at,
            speed=desk.speed,
            phase=phase_view(self._calendar, at),
            fidelity=summary.fidelity,
            instruments=summary.instruments,
            feed_age_s=None,
            stages=self._outer(),
            indices={},
            charts={},
            chains={},
            chain_missing={},
            final={},
            provisional={},
            signals={},
            timeline=self._timeline(summary, edge_ns, looked_at, pipeline, shared=desk.shared),
            counters={},
            ticks=0,
            progress=desk.progress,
        )

    def _filled(
        self, frame: Snapshot, pipeline: Pipeline, looked_at: list[Interest], now_ns: int
    ) -> Snapshot:
        summary = self._day.summary()
        last = pipeline.state.last_ns
        pipeline.sections.look_at((look.underlying, look.timeframe) for look in looked_at)
        on_desk = _charted(looked_at)
        chains = self._chains(pipeline, on_desk, now_ns)
        return replace(
            frame,
            feed_age_s=max(0.0, (now_ns - last) / SECOND_NS) if last else None,
            stages=(
                *frame.stages,
                *stages(
                    pipeline,
                    summary,
                    now_ns,
                    trading=_trading(pipeline, now_ns),
                    rates=self._rates.see(now_ns, pipeline.messages, pipeline.ticks),
                ),
            ),
            indices=index_quotes(pipeline, now_ns, silence_limit_s(summary)),
            charts=_charts(pipeline, on_desk),
            chains=chains,
            chain_missing={
                name: pipeline.chains.missing(name)
                for name in UNDERLYINGS
                if not pipeline.chains.has_ticked(name)
            },
            final=as_they_stand(pipeline, pipeline.sections.known),
            provisional=_provisional(pipeline, on_desk),
            signals=pipeline.sections.signals,
            counters=dict(pipeline.state.counters),
            ticks=pipeline.ticks,
            options=self._options.views(pipeline, looked_at, now_ns),
            explained=self._explain.views(pipeline, looked_at),
            quotes=self._quotes.see(pipeline, frame.seq),
        )

    def _chains(
        self, pipeline: Pipeline, looked_at: Iterable[Interest], now_ns: int
    ) -> dict[str, ChainView]:
        found = {}
        for underlying in {look.underlying for look in looked_at}:
            view = chain_view(pipeline, underlying, self._calendar, now_ns)
            if view is not None:
                found[underlying] = view
        return found

    def _timeline(
        self,
        summary: DaySummary,
        edge_ns: int,
        looked_at: list[Interest],
        pipeline: Pipeline | None,
        *,
        shared: bool,
    ) -> TimelineView:
        seen = {look.underlying for look in looked_at} or {UNDERLYINGS[0]}
        # a stored day is known whole at once, the shared one grows by the minute
        minute = edge_ns // (MINUTE_S * SECOND_NS) if shared else 0
        for underlying in seen if pipeline else ():
            if self._silhouettes.get(underlying, (-1,))[0] != minute:
                self._silhouettes[underlying] = minute, self._day.silhouette(underlying)
        flips = {name: confluence_flips(pipeline, name) for name in seen} if pipeline else {}
        known = {name: one for name, (_, one) in self._silhouettes.items()}
        return timeline_view(self._day.hours, self._bands, summary, edge_ns, known, flips)


def _charted(looked_at: list[Interest]) -> list[Interest]:
    """Return what the desk's own room shows, once however many read about it."""
    return list({(i.underlying, i.timeframe): i for i in looked_at if not i.options}.values())


def _provisional(pipeline: Pipeline, looked_at: Iterable[Interest]) -> dict[Key, Reading]:
    sections = pipeline.sections
    return {
        key: reading
        for look in looked_at
        if look.underlying in sections.source.contracts
        for key, reading in sections.provisional(look.underlying, look.timeframe).items()
    }


def _charts(pipeline: Pipeline, looked_at: Iterable[Interest]) -> dict[tuple[str, str], ChartView]:
    found = {}
    for look in looked_at:
        view = chart_view(pipeline, look.underlying, look.timeframe)
        if view is not None:
            found[look.underlying, look.timeframe] = view
    return found


def _trading(pipeline: Pipeline, now_ns: int) -> bool:
    second = np.array([now_ns // SECOND_NS])
    return any(int(s.state(second)[0]) != CLOSED for s in pipeline.hours.segments.values())
