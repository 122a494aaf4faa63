"""The next live day before it begins: its past is there, and nothing comes in yet."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from dashboard.core.market import INDICES, Frame, Source, Universe
from dashboard.core.ports import DaySummary
from dashboard.pipeline.days import Tools
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.past import Past
from dashboard.pipeline.pipeline import Pipeline, make_pipeline
from dashboard.pipeline.prepare import Progress
from dashboard.pipeline.snapshot import Silhouette


@dataclass
class WaitingDay:
    """A `Day` of the indices alone, on which nothing is recorded."""

    tools: Tools
    day: date
    source: Source = Source.LIVE
    hours: Hours = field(init=False)

    def __post_init__(self) -> None:
        self.hours = trading_hours(self.tools.calendar, self.day)
        self._universe = Universe(tuple(INDICES.values()))
        self._past = Past()

    def load(self, progress: Progress) -> None:
        """Read what came before the day."""
        tools = self.tools
        self._past = tools.past(tools.store, self._universe, self.day, self.source)

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame | None]]:
        """Return the pipeline before its first message; none will come."""
        tools = self.tools
        made = make_pipeline(
            self.day, self._universe, tools.calendar, tools.decoder, tools.signals, self._past
        )
        return made, iter(())

    def summary(self) -> DaySummary:
        """Return that nothing is recorded."""
        return DaySummary(
            day=self.day,
            source=self.source,
            fidelity=(),
            instruments=0,
            underlyings=(),
            messages=0,
            ticks=0,
            stored_bytes=0,
            first_ns=None,
            last_ns=None,
            gaps=(),
            prepared=True,
        )

    def silhouette(self, underlying: str) -> Silhouette:
        """Return no minutes."""
        return np.empty(0, dtype=np.int64), np.empty(0)
