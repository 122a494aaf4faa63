"""The generated day that plays when there is nothing else: shared, recorded, never LIVE."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from dashboard.core.clock import Clock, to_ns
from dashboard.core.market import Frame, Source
from dashboard.core.ports import DaySummary, TapeInfo, TapeWriter
from dashboard.pipeline.days import Tools
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.past import Past
from dashboard.pipeline.pipeline import Pipeline, make_pipeline
from dashboard.pipeline.prepare import Deriver, Progress, share_done
from dashboard.pipeline.snapshot import Silhouette
from feeds.mock.feed import MockFeed
from feeds.recording import Recorder

PLAYING = "playing"  # ends the label of a tape that lasts as long as its process


@dataclass
class GeneratedDay:
    """A `Day` that is made while it plays. Its tape is kept until the next start.

    `begin` is how far it is made before anybody sees it.
    """

    tools: Tools
    day: date
    seed: int
    clock: Clock
    tape: TapeWriter
    past: Callable[[date, int], Past]
    begin: datetime
    source: Source = Source.MOCK
    hours: Hours = field(init=False)

    def __post_init__(self) -> None:
        self.hours = trading_hours(self.tools.calendar, self.day)
        self._feed = MockFeed(self.day, self.seed, self.tools.calendar)
        self._recorder = Recorder(self.tape, self.clock)
        self._ready: tuple[Pipeline, Iterator[Frame]] | None = None
        self._pipeline: Pipeline | None = None
        self._summary = self.tools.store.day(self.day, self.source)

    def load(self, progress: Progress) -> None:
        """Make the day up to where it is first seen."""
        pipeline = make_pipeline(
            self.day,
            self._feed.universe,
            self.tools.calendar,
            self.tools.decoder,
            self.tools.signals,
            self.past(self.day, self.seed),
        )
        self._pipeline = pipeline
        frames = self._derived(pipeline, self._recorder.record(self._feed.frames()))
        first_ns = self.hours.start * 10**9
        until_ns = to_ns(self.begin)
        for frame in frames:
            pipeline.process(frame)
            if frame.received_ns >= until_ns:
                break
            progress(share_done(frame.received_ns, first_ns, until_ns), "generating")
        self._ready = pipeline, frames

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame]]:
        """Return the pipeline at the edge of what is made. A shared day opens once."""
        assert self._ready is not None
        return self._ready

    def flush(self) -> None:
        """Write what waits for the tape."""
        self._recorder.flush_if_due()

    def summary(self) -> DaySummary:
        """Return what is recorded so far."""
        if self._pipeline is None:
            return self._summary
        return replace(
            self._summary,
            messages=self._pipeline.messages,
            ticks=self._pipeline.ticks,
            last_ns=self._pipeline.state.last_ns or None,
        )

    def silhouette(self, underlying: str) -> Silhouette:
        """Return minutes and closes so far; nothing is known of what comes."""
        index = self._feed.universe.index(underlying)
        if index is None or self._pipeline is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        bars = self._pipeline.series.get(index.token, "1m").since(self.hours.start)
        return bars["start"].astype(np.int64), bars["close"].astype(np.float64)

    def _derived(self, pipeline: Pipeline, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Keep what each minute derives, so that a replay of this day is a query too."""
        deriver = Deriver(pipeline)
        for frame in frames:
            if deriver.is_due(frame):
                self._recorder.flush()
                with self.tools.store.extend(self.day, self.source) as derived:
                    deriver.keep(frame, derived)
            yield frame


def forget_playing(tools: Tools) -> None:
    """Drop the generated days that earlier processes played; they can be made again."""
    for one in tools.store.days():
        if one.source is Source.MOCK and any(label.endswith(PLAYING) for label in one.labels):
            tools.store.drop_day(one.day, Source.MOCK)


def playing_tape(day: date, seed: int) -> TapeInfo:
    """Return what the tape of a generated day that plays says of itself."""
    return TapeInfo(day, Source.MOCK, "full ticks", f"seed {seed} {PLAYING}")
