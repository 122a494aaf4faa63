"""Hand closed bars to every section and collect its readings.

Sections are pure functions, so a reading depends on what was closed and on nothing else:
the live desk, a replay and a seek come through the same lines. After a seek nothing is read
until somebody asks for it: what is looked at first, the rest when there is time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from dashboard.core.bars import AnyBars
from dashboard.core.clock import from_seconds
from dashboard.core.market import TIMEFRAMES, Segment
from dashboard.core.signal import Inputs, Reading, Signal, insufficient
from dashboard.pipeline.desk_inputs import DeskInputs, as_of
from dashboard.pipeline.series import Finished
from dashboard.pipeline.votes import VOTES, Ballot

log = structlog.get_logger(__name__)

Key = tuple[str, str, str]  # underlying, section, timeframe
Look = tuple[str, str]  # underlying, timeframe


@dataclass
class Sections:
    """The sections of one desk, and what they last said."""

    signals: Mapping[str, Signal]
    source: DeskInputs
    known: dict[Key, Reading] = field(default_factory=dict)
    tables: dict[Key, AnyBars] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    waiting: bool = False  # while a seek catches up: everything is read once, at its end
    _unread: dict[Look, list[str]] = field(default_factory=dict)
    _wanted: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    _sought: int = 0  # bars that had ended by this second are no news

    def __post_init__(self) -> None:
        self._late = [name for name, s in self.signals.items() if VOTES in s.needs]
        self._ballots = {name: Ballot(name) for name in self.source.underlyings}

    @property
    def final(self) -> dict[Key, Reading]:
        """Return the reading of every section, underlying and timeframe."""
        while self.read_more():
            pass
        return self.known

    # -- as the day goes on ----------------------------------------------------------------

    def read_closed(self, segment: Segment, finished: Iterable[Finished]) -> list[Reading]:
        """Return the readings of the bars of `segment` that became final."""
        if self.waiting:
            return []
        readings = []
        for bars in finished:
            names = self._names(bars.timeframe, segment)
            for underlying in self.source.touched(segment, bars):
                readings += self._read(underlying, bars.timeframe, names)
        return readings

    def read_votes(self, finished: Iterable[Finished]) -> list[Reading]:
        """Return the readings of sections that look at the others, once these have spoken."""
        if self.waiting or not self._late:
            return []
        readings = []
        for bars in finished:
            asked = [n for n in self._late if bars.timeframe in self.signals[n].timeframes]
            for underlying in self.source.touched(Segment.INDEX, bars) if asked else ():
                self._count(underlying)
                readings += self._read(underlying, bars.timeframe, asked)
        return readings

    def provisional(self, underlying: str, timeframe: str) -> dict[Key, Reading]:
        """Return readings that include the bar in progress; they leave no trace."""
        asked = [n for n, s in self.signals.items() if timeframe in s.timeframes]
        inputs = self._inputs(underlying, timeframe, asked, forming=True)
        leads: dict[str, Inputs] = {}
        return {
            (underlying, name, timeframe): self._evaluate(name, inputs, leads, final=False)[0]
            for name in asked
            if name not in self._late
        }

    # -- after a seek ------------------------------------------------------------------------

    def begin(self) -> None:
        """Stand at a moment: everything is still to be read, and nothing of it is news."""
        self.waiting = False
        self._sought = self.source.settling.until
        self._unread = {
            (underlying, timeframe): [
                name for name, s in self.signals.items() if timeframe in s.timeframes
            ]
            for underlying in self.source.underlyings
            for timeframe in TIMEFRAMES
        }

    def begin_again(self) -> None:
        """Read everything anew: bars of minutes long closed have changed, which is no news."""
        self.known.clear()
        self.tables.clear()  # nothing goes on from a table of the bars as they were
        self.source.forget()
        self._ballots = {name: Ballot(name) for name in self.source.underlyings}
        if not self.waiting:
            self.begin()

    def look_at(self, looks: Iterable[Look]) -> None:
        """Read what a page of these underlyings and timeframes shows."""
        if not self._unread:
            return
        for underlying, timeframe in looks:
            for own in {signal.nearest(timeframe) for signal in self.signals.values()}:
                names = self._unread.get((underlying, own), [])
                shown = [n for n in names if self.signals[n].nearest(timeframe) == own]
                names = [n for n in shown if n not in self._late]
                if names:
                    self._read(underlying, own, names)

    def read_more(self) -> bool:
        """Read a part of what is still unread; say whether there was any."""
        if not self._unread:
            return False
        early = next((k for k, names in self._unread.items() if set(names) - set(self._late)), None)
        underlying, timeframe = early or next(iter(self._unread))
        names = self._unread[underlying, timeframe]
        if early:
            names = [name for name in names if name not in self._late]
        else:
            self._count(underlying)
        self._read(underlying, timeframe, names)
        return True

    def _done(self, underlying: str, timeframe: str, names: Iterable[str]) -> None:
        """Cross out what is read by now."""
        left = [n for n in self._unread.get((underlying, timeframe), ()) if n not in names]
        if left:
            self._unread[underlying, timeframe] = left
        else:
            self._unread.pop((underlying, timeframe), None)

    # -- one section -------------------------------------------------------------------------

    def given(self, underlying: str, name: str, timeframe: str) -> Inputs:
        """Return what a section is given of its last closed bar."""
        return as_of(self._inputs(underlying, timeframe, [name]), self.signals[name].needs[0])

    def history(self, underlying: str, name: str, timeframe: str, since: int) -> list[Reading]:
        """Return what a section said of each bar of its table that starts from `since` [s] on.

        The table does not look ahead, so judging its first rows again gives what was said.
        """
        try:
            inputs = self.given(underlying, name, timeframe)
            return self.signals[name].history(inputs, since, as_of)
        except Exception as error:
            self._failed(name, underlying, error)
            return []

    def _names(self, timeframe: str, segment: Segment) -> list[str]:
        return [
            name
            for name, signal in self.signals.items()
            if timeframe in signal.timeframes
            and signal.segment is segment
            and name not in self._late
        ]

    def _inputs(
        self, underlying: str, timeframe: str, names: Iterable[str], *, forming: bool = False
    ) -> Inputs:
        asked = tuple(names)
        if asked not in self._wanted:
            self._wanted[asked] = wanted(self.signals[name] for name in asked)
        names = self._wanted[asked]
        votes = self._ballots[underlying].columns() if VOTES in names else None
        return self.source.inputs(underlying, timeframe, names, forming=forming, votes=votes)

    def _read(self, underlying: str, timeframe: str, names: list[str]) -> list[Reading]:
        inputs = self._inputs(underlying, timeframe, names)
        leads: dict[str, Inputs] = {}
        readings = []
        for name in names:
            key = (underlying, name, timeframe)
            reading, table = self._evaluate(name, inputs, leads, final=True)
            if self._was_read(key, reading):
                continue
            self.known[key] = reading
            if table is not None:
                self.tables[key] = table
            if reading.asof is not None and reading.asof > from_seconds(self._sought):
                readings.append(reading)
        if self._unread:
            self._done(underlying, timeframe, names)
        return readings

    def _was_read(self, key: Key, reading: Reading) -> bool:
        """Say that this bar was read before: its instrument had none in this minute."""
        before = self.known.get(key)
        return before is not None and reading.bar_ts is not None and before.bar_ts == reading.bar_ts

    def _evaluate(
        self, name: str, inputs: Inputs, leads: dict[str, Inputs], *, final: bool
    ) -> tuple[Reading, AnyBars | None]:
        """Return a section's reading; one that fails says so, and the others go on.

        `leads` keeps the inputs as of the last bar of each leading one.
        """
        signal = self.signals[name]
        try:
            lead = signal.needs[0]
            if lead not in leads:
                leads[lead] = as_of(inputs, lead)
            earlier = self.tables.get((inputs.underlying, name, inputs.timeframe))
            return signal.evaluate(leads[lead], final=final, earlier=earlier)
        except Exception as error:
            self._failed(name, inputs.underlying, error)
            verdict = insufficient(f"{type(error).__name__}: {error}", "failed")
            return signal.refused(inputs, verdict, final=final), None

    def _failed(self, name: str, underlying: str, error: Exception) -> None:
        if name not in self.failures:  # once: it fails every minute, and a trace is slow
            log.exception("section failed", section=name, underlying=underlying)
        self.failures[name] = f"{type(error).__name__}: {error}"

    def _count(self, underlying: str) -> None:
        """Bring the ballot of an underlying up to its last closed bar."""
        ballot = self._ballots[underlying]
        starts = self.source.today(underlying, ballot.timeframe)
        behind = ballot.missing(starts)
        if not behind:
            return
        voters = {
            n: s.nearest(ballot.timeframe) for n, s in self.signals.items() if n not in self._late
        }
        if behind == 1 and not self._unread:
            said = {
                n: [self.known[k]]
                for n, f in voters.items()
                if (k := (underlying, n, f)) in self.known
            }
        else:
            since = int(starts[-behind])
            said = {n: self.history(underlying, n, f, since) for n, f in voters.items()}
        missing = starts[-behind:]
        ballot.add(missing, self.source.ends(missing, ballot.timeframe), said)


def wanted(signals: Iterable[Signal]) -> frozenset[str]:
    """Return the names of the inputs that any of the sections looks at.

    Past sessions tell every section of bars whether the day opened with a gap.
    """
    names = (n for s in signals for n in (*s.needs, *s.optional, *s.context))
    return frozenset(("daily", *names))
