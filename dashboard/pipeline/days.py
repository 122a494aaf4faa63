"""Where a desk's frames come from: a stored day that can be opened anywhere."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

import numpy as np

from dashboard.core.calendar import Calendar
from dashboard.core.market import Frame, Source, Universe
from dashboard.core.ports import DaySummary, Gap, Store
from dashboard.core.signal import Signal
from dashboard.pipeline.arrivals import ManyDecoder
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.opening import open_at, stored_past
from dashboard.pipeline.past import Past
from dashboard.pipeline.pipeline import Decoder, Pipeline
from dashboard.pipeline.prepare import OnDamage, Progress, log_damage, prepare_day
from dashboard.pipeline.snapshot import Silhouette

PastSource = Callable[[Store, Universe, date, Source], Past]


@dataclass(frozen=True)
class Tools:
    """What every desk of the process shares; the composition root chooses them."""

    store: Store
    calendar: Calendar
    decoder: Decoder
    signals: Mapping[str, Signal]
    past: PastSource = stored_past
    decode_many: ManyDecoder | None = None  # of messages that are at hand together


class Day(Protocol):
    """A day that a desk can open."""

    day: date
    source: Source
    hours: Hours

    def load(self, progress: Progress) -> None:
        """Make the day ready to be opened; may take a while the first time."""
        ...

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame | None]]:
        """Return the desk's pipeline as of `at`, and the frames that follow.

        A None among them says that nothing more has come yet.
        """
        ...

    def summary(self) -> DaySummary:
        """Return what is recorded of the day."""
        ...

    def silhouette(self, underlying: str) -> Silhouette:
        """Return minutes (seconds) and closes of the whole recorded day."""
        ...


@dataclass
class StoredDay:
    """A day in the store: recorded, imported or generated before.

    A day that is `growing` is being recorded by this process, whose desk derives each
    minute as it goes: it is opened as it is. `on_damage` is told once of each minute that
    cannot be read; from then on it is one of the day's gaps.
    """

    tools: Tools
    day: date
    source: Source
    growing: bool = False
    on_damage: OnDamage = log_damage
    hours: Hours = field(init=False)
    _summary: DaySummary = field(init=False, repr=False)
    _universe: Universe = field(init=False, repr=False)
    _past: Past = field(init=False, repr=False)
    _damaged: list[Gap] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self.hours = trading_hours(self.tools.calendar, self.day)
        self._summary = self.tools.store.day(self.day, self.source)

    def load(self, progress: Progress) -> None:
        """Prepare the day if its tapes changed, and read what came before it."""
        tools = self.tools
        if not self._summary.prepared and not self.growing:
            prepare_day(
                tools.store,
                self.day,
                self.source,
                tools.calendar,
                tools.decoder,
                progress,
                self._skip,
                tools.decode_many,
            )
            self._summary = tools.store.day(self.day, self.source)
        self._universe = tools.store.universe(self.day, self.source)
        self._past = tools.past(tools.store, self._universe, self.day, self.source)

    def open(self, at: datetime | None) -> tuple[Pipeline, Iterator[Frame]]:
        """Return the pipeline as of `at`, and the frames that follow."""
        tools = self.tools
        return open_at(
            tools.store,
            self.day,
            self.source,
            at,
            universe=self._universe,
            past=self._past,
            calendar=tools.calendar,
            decoder=tools.decoder,
            signals=tools.signals,
            on_damage=self._skip,
            decode_many=tools.decode_many,
        )

    def summary(self) -> DaySummary:
        """Return what is recorded of the day."""
        if not self._damaged:
            return self._summary
        gaps = sorted((*self._summary.gaps, *self._damaged), key=lambda gap: gap.started_ns)
        return replace(self._summary, gaps=tuple(gaps))

    def _skip(self, gap: Gap) -> None:
        if gap not in self._damaged:  # it is read again whenever the day is opened before it
            self._damaged.append(gap)
            self.on_damage(gap)

    def silhouette(self, underlying: str) -> Silhouette:
        """Return minutes (seconds) and closes of the whole recorded day."""
        index = self._universe.index(underlying)
        if index is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        found = self.tools.store.bars(
            self.day, self.source, [index.token], "1m", self.hours.end
        ).get(index.token)
        if found is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return found["start"].astype(np.int64), found["close"].astype(np.float64)
