"""The day that is being recorded: its past from the tape, its presence from the inbox."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np
import structlog

from dashboard.core.clock import from_ns
from dashboard.core.errors import StoreError
from dashboard.core.market import Frame, Source, Universe
from dashboard.core.ports import DaySummary
from dashboard.core.signal import Reading
from dashboard.pipeline.days import Tools
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.opening import open_at
from dashboard.pipeline.past import Past
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.prepare import Deriver, Progress, log_damage, prepare_day
from dashboard.pipeline.snapshot import Silhouette
from feeds.inbox import Inbox
from feeds.tape_thread import TapeThread

log = structlog.get_logger(__name__)

SUMMARY_S = 5.0  # between two looks at what the store knows of the day, its gaps above all


@dataclass
class LiveDay:
    """A `Day` that goes on: opened where the tape ends, however often the process began again.

    `outgrown` says that the day's instruments are more than its checkpoints know. `error` is
    why what a minute derives could not be kept, "" while it can: the end of the day makes up
    for it.
    """

    tools: Tools
    day: date
    inbox: Inbox
    tape: TapeThread
    outgrown: bool = False
    error: str = ""
    source: Source = Source.LIVE
    hours: Hours = field(init=False)

    def __post_init__(self) -> None:
        self.hours = trading_hours(self.tools.calendar, self.day)
        self._universe: Universe | None = None
        self._past = Past()
        self._pipeline: Pipeline | None = None
        self._readings: list[Reading] = []
        self._summary = self._stored()
        self._looked_s = self.tape.clock.monotonic()

    def _stored(self) -> DaySummary:
        """Return what the store knows of the day; here it is live, whatever it will be later."""
        return replace(self.tools.store.day(self.day, self.source), source=Source.LIVE)

    def load(self, progress: Progress) -> None:
        """Read what came before the day; derive it anew where its instruments have grown."""
        tools = self.tools
        self._universe = tools.store.universe(self.day, self.source)
        self._past = tools.past(tools.store, self._universe, self.day, self.source)
        if self.outgrown:
            self.tape.flush()
            prepare_day(
                tools.store,
                self.day,
                self.source,
                tools.calendar,
                tools.decoder,
                progress,
                log_damage,
                tools.decode_many,
            )
            self.outgrown = False

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame | None]]:
        """Return the pipeline as of now, whatever `at`, and what comes in from here on."""
        assert self._universe is not None
        tools = self.tools
        cut_ns = self.inbox.cut()
        self.tape.flush()
        pipeline, _ = open_at(
            tools.store,
            self.day,
            self.source,
            from_ns(cut_ns),
            universe=self._universe,
            past=self._past,
            calendar=tools.calendar,
            decoder=tools.decoder,
            signals=tools.signals,
            decode_many=tools.decode_many,
        )
        self._pipeline = pipeline
        return pipeline, self._derived(pipeline)

    def _derived(self, pipeline: Pipeline) -> Iterator[Frame | None]:
        """Yield frames as they come, None while none does, and keep what each minute derives."""
        deriver = Deriver(pipeline)
        pipeline.on_readings.append(self._readings.extend)
        while True:
            frame = self.inbox.take()
            if frame is not None and deriver.is_due(frame):
                self._keep(deriver, frame)
            yield frame

    def _keep(self, deriver: Deriver, frame: Frame) -> None:
        """Write what the minute before `frame` derived, and what was said of it."""
        try:
            with self.tools.store.extend(self.day, self.source) as derived:
                deriver.keep(frame, derived)
            self.keep_readings()
            self.error = ""
        except StoreError as error:
            if not self.error:
                log.error("minute not derived", error=str(error))
            self.error = str(error)

    def keep_readings(self) -> None:
        """Write the readings that wait.

        Raises
        ------
        StoreError
            If the database refuses; they wait on.
        """
        waiting = list(self._readings)
        self.tools.store.save_readings(self.day, self.source, waiting)
        del self._readings[: len(waiting)]

    def summary(self) -> DaySummary:
        """Return what is recorded so far; the store is asked every few seconds."""
        now_s = self.tape.clock.monotonic()
        if now_s - self._looked_s >= SUMMARY_S:
            self._looked_s = now_s
            with suppress(StoreError):  # what was known stays; the tape's health tells of it
                self._summary = self._stored()
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
        index = self._universe.index(underlying) if self._universe else None
        if index is None or self._pipeline is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        bars = self._pipeline.series.get(index.token, "1m").since(self.hours.start)
        return bars["start"].astype(np.int64), bars["close"].astype(np.float64)
