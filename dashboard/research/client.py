"""Open stored days from a notebook, with the numbers that the page shows.

>>> day = open_day("2026-08-18")            # doctest: +SKIP
>>> moment = day.at("13:42")                # doctest: +SKIP
>>> moment.reading("vwap", "NIFTY", "5m")   # doctest: +SKIP
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

import pandas as pd

from dashboard.composition import make_tools
from dashboard.core.clock import IST, from_ns
from dashboard.core.errors import InputError
from dashboard.core.market import Source
from dashboard.core.signal import Inputs, Reading
from dashboard.core.table import Columns
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.replaying import Key, ReplayResult, replay_day
from dashboard.pipeline.standing import as_they_stand
from dashboard.settings import Settings
from storage.store import SqlStore, open_store


def my_store() -> SqlStore:
    """Return the store that the settings name, the one the page uses."""
    settings = Settings.from_env()
    settings.make_home()
    return open_store(settings.url_of_database)


def open_day(
    day: str | date, *, mock: bool = False, store: SqlStore | None = None
) -> "RecordedDay":
    """Return a stored day; the recorded one of that date, or with `mock` the generated one.

    A day that was imported and never opened is prepared first, which takes seconds. Without
    `store` it is the page's own, given back by `RecordedDay.close`.

    Raises
    ------
    StoreError
        If nothing of the day is stored.
    """
    opened = store or my_store()
    which = date.fromisoformat(day) if isinstance(day, str) else day
    source = opened.day(which, Source.MOCK if mock else None).source
    stored = StoredDay(make_tools(opened), which, source)
    stored.load(_silent)
    return RecordedDay(stored, _nothing if store else opened.close)


@dataclass(frozen=True)
class RecordedDay:
    """A day in the store. `release` gives back what was opened for it."""

    stored: StoredDay
    release: Callable[[], None]

    def __str__(self) -> str:
        known = self.stored.summary()
        hours = ""
        if known.first_ns is not None and known.last_ns is not None:
            hours = f", {from_ns(known.first_ns):%H:%M}–{from_ns(known.last_ns):%H:%M} IST"
        return (
            f"{known.day:%A} {known.day.day} {known.day:%B %Y}, {known.source}: "
            f"{' and '.join(known.fidelity)} of {known.instruments} instruments{hours}"
        )

    @property
    def source(self) -> Source:
        """Return RECORDED, or MOCK for a generated day."""
        return self.stored.source

    def at(self, text: str) -> "Moment":
        """Return the desk as it stood at HH:MM[:SS] IST. A query, not a replay."""
        at = self._instant(text)
        pipeline, _ = self.stored.open(at)
        pipeline.close()  # nothing more is played into it
        return Moment(at, pipeline)

    def replay(self, until: str | None = None) -> ReplayResult:
        """Play the day from its first message and return what came out, with its digest."""
        stored, end = self.stored, self._instant(until) if until else None
        return replay_day(stored.tools, stored.day, stored.source, end, keep=False)

    def close(self) -> None:
        """Give the database back; an example's goes away."""
        self.release()

    def _instant(self, text: str) -> datetime:
        return datetime.combine(self.stored.day, time.fromisoformat(text), tzinfo=IST)


@dataclass(frozen=True)
class Moment:
    """A desk at one instant."""

    instant: datetime
    pipeline: Pipeline

    def bars(self, underlying: str, timeframe: str = "1m") -> pd.DataFrame:
        """Return the closed bars of an index, warm-up sessions first (IST bar starts)."""
        return self._input("index", underlying, timeframe)

    def future(self, underlying: str, timeframe: str = "1m") -> pd.DataFrame:
        """Return the closed bars of the front future."""
        return self._input("future", underlying, timeframe)

    def chain(self, underlying: str, timeframe: str = "1m") -> pd.DataFrame:
        """Return the option chain minute by minute; see `dashboard.options.chain`."""
        return self._input("chain", underlying, timeframe)

    def inputs(self, underlying: str, timeframe: str = "1m") -> Inputs:
        """Return everything that sections are given for an underlying, as DataFrames."""
        names = frozenset(field.name for field in fields(Inputs))
        return _as_frames(self.pipeline.sections.source.inputs(underlying, timeframe, names))

    def given(self, section: str, underlying: str, timeframe: str = "1m") -> Inputs:
        """Return what a section was given for its reading, as DataFrames.

        They end with the bar that the reading is of; `confluence` is given the votes.
        """
        self.reading(section, underlying, timeframe)  # votes are counted by being read
        return _as_frames(self.pipeline.sections.given(underlying, section, timeframe))

    def table(self, section: str, underlying: str, timeframe: str = "1m") -> pd.DataFrame:
        """Return a section's table, calculated from the DataFrames that `given` returns.

        Raises
        ------
        InputError
            If an input that the section needs is not in the recording.
        """
        inputs = self.given(section, underlying, timeframe)
        signal = self.pipeline.sections.signals[section]
        for name in signal.needs:
            if getattr(inputs, name) is None:
                raise InputError(inputs.missing.get(name, f"No {name} of {underlying} here"))
        names = (*signal.needs, *signal.optional)
        table = signal.calculate(*(getattr(inputs, name) for name in names))
        assert isinstance(table, pd.DataFrame)
        return table

    def reading(self, section: str, underlying: str, timeframe: str = "1m") -> Reading:
        """Return what a section says of the last closed bar.

        Raises
        ------
        InputError
            If there is no such reading at this moment.
        """
        found = self.final.get((underlying, section, timeframe))
        if found is None:
            raise InputError(f"No {section} of {underlying} on {timeframe} at {self.instant:%H:%M}")
        return found

    @property
    def final(self) -> Mapping[Key, Reading]:
        """Return every reading by (underlying, section, timeframe), stale ones flagged."""
        return MappingProxyType(as_they_stand(self.pipeline, self.pipeline.sections.final))

    def readings(self, underlying: str, timeframe: str = "1m") -> pd.DataFrame:
        """Return what every section says, one row a section, in display order.

        ``bar`` is the start of the bar a reading is of (IST), ``strength`` is 0 to 100.
        """
        names = self.pipeline.sections.signals
        found = [self.final.get((underlying, name, timeframe)) for name in names]
        rows = [
            {
                "section": r.id,
                "bar": f"{r.bar_ts:%H:%M}" if r.bar_ts else None,
                "state": r.state.value,
                "strength": round(r.strength, 1),
                "reason": r.reason,
            }
            for r in found
            if r is not None
        ]
        columns = ["section", "bar", "state", "strength", "reason"]
        return pd.DataFrame(rows, columns=columns).set_index("section")

    def _input(self, name: str, underlying: str, timeframe: str) -> pd.DataFrame:
        inputs = self.inputs(underlying, timeframe)
        frame = getattr(inputs, name)
        if frame is None:
            raise InputError(inputs.missing.get(name, f"No {name} of {underlying} here"))
        assert isinstance(frame, pd.DataFrame)
        return frame


def _as_frames(inputs: Inputs) -> Inputs:
    found = {field.name: getattr(inputs, field.name) for field in fields(Inputs)}
    frames: dict[str, Any] = {
        name: bars.frame for name, bars in found.items() if isinstance(bars, Columns)
    }
    return replace(inputs, **frames)


def _silent(_share: float, _words: str) -> None:
    return


def _nothing() -> None:
    return
