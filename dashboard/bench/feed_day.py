"""The generated market as a desk's day, at real time and without a store."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from dashboard.core.clock import to_ns
from dashboard.core.market import Frame, Source, Universe
from dashboard.core.ports import DaySummary
from dashboard.pipeline.days import Tools
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.past import Past
from dashboard.pipeline.pipeline import Pipeline, make_pipeline
from dashboard.pipeline.prepare import Progress
from dashboard.pipeline.snapshot import Silhouette
from feeds.mock.feed import MockFeed


@dataclass
class FeedDay:
    """A `Day` of 442 instruments whose frames are made as they are played.

    `all_of` names the underlying that every option is of, where one chain is to be as large
    as the whole market.
    """

    tools: Tools
    day: date
    seed: int
    all_of: str | None = None
    source: Source = Source.MOCK
    hours: Hours = field(init=False)

    def __post_init__(self) -> None:
        self.hours = trading_hours(self.tools.calendar, self.day)
        self._feed = MockFeed(self.day, self.seed, self.tools.calendar)
        self.universe = self._feed.universe
        if self.all_of is not None:
            self.universe = Universe(
                tuple(
                    replace(one, underlying=self.all_of) if one.is_option else one
                    for one in self._feed.universe.instruments
                )
            )

    def load(self, progress: Progress) -> None:
        """Be ready at once."""

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame]]:
        """Return an empty pipeline, and the frames from `at` on."""
        tools = self.tools
        made = make_pipeline(
            self.day, self.universe, tools.calendar, tools.decoder, tools.signals, Past()
        )
        return made, self._feed.frames(to_ns(at) if at else None)

    def summary(self) -> DaySummary:
        """Return what is known of it."""
        return DaySummary(
            day=self.day,
            source=self.source,
            fidelity=("full ticks",),
            instruments=len(self.universe),
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
