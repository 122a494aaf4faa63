"""The shape every section has, and the envelope every reading comes in.

A section is a pure function from DataFrames to a DataFrame (`calculate`) and a judgement
of its last rows (`judge`). `Signal.evaluate` adds what is the same for all of them: inputs
that a recording lacks, the warm-up gate, missing bars, the opening gap, and values that JSON
can carry.

Flags that begin with ``fresh_`` tell of something that happened on the last bar itself (a
cross, a flip); they are what alerts wait for.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from dashboard.core.bars import AnyBars, infer_timeframe, last_row, rows, starts_s
from dashboard.core.clock import from_seconds
from dashboard.core.closing import closing_flags
from dashboard.core.continuity import missing_bars, opens_with_gap
from dashboard.core.errors import InputError
from dashboard.core.hours import bar_end
from dashboard.core.market import TIMEFRAMES, Segment
from dashboard.core.table import Columns, Row
from dashboard.core.view import View

GAP_LIMIT = 5  # more missing than this, of the last 60 expected bars, flags the window
GAP_CAP = 50  # and caps the strength
HALT = "halt_suspected"  # a flag: see `Inputs.reopened`
UNEVEN = ("chain", "votes")  # inputs that are no bars of a price
PAST = ("daily", "vix_daily", "past_volume")  # inputs that no minute adds to
LAST_BAR = "last bar"  # a fact of bars: see `LastBar`
VALUES = "values"  # a fact of a table: its last row as a reading carries it
MADE_FROM = "made from"  # a fact of a table: past sessions, and which inputs there were not


class Stance(StrEnum):
    """What a section says."""

    BEARISH = "bearish"
    NEUTRAL = "neutral"
    BULLISH = "bullish"
    INSUFFICIENT = "insufficient_data"


class PriceLevel(NamedTuple):
    """A named price [INR] that a section points at."""

    label: str
    price: float


@dataclass(frozen=True, slots=True)
class Warmup:
    """How many bars there are, and how many a state needs."""

    have: int
    need: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A section's judgement of its last closed bar.

    `reason` is a sentence without the state's own word, at most 44 characters where it
    can be: "Close 24,300.70 < 24,337.42; both agree". `warmup` replaces the count of bars
    where a section waits for something else, such as the bars of the opening range.
    """

    stance: Stance
    strength: float
    reason: str
    flags: tuple[str, ...] = ()
    levels: tuple[PriceLevel, ...] = ()
    warmup: Warmup | None = None


def insufficient(reason: str, *flags: str, warmup: Warmup | None = None) -> Verdict:
    """Return the verdict of a section that cannot say anything."""
    return Verdict(Stance.INSUFFICIENT, 0.0, reason, flags, warmup=warmup)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a section may ask for, by the names that `Signal.needs` uses.

    Every input is a DataFrame, or the `Columns` that a desk hands over. Bars have the
    columns open high low close volume oi and are indexed by bar start in Asia/Kolkata;
    warm-up sessions come first. `index` and `vix` carry regular bars only (none of the closing
    auction). `future` is the front contract named `contract`, `next_future` the contract of
    the month after it. `index_15m` are the index's closed bars of 15 minutes, whatever the
    timeframe. `daily` has one row a past session (open high low close, column ``official``
    saying whether close is the exchange's), indexed by midnight of its date; `vix_daily` is
    the same of India VIX. `past_volume` tells what the future's rank traded in earlier regular
    sessions: one row a minute of them (index: start of the minute, Asia/Kolkata), column
    ``volume`` [units] being the session's running total at that minute's close and column
    ``expiry`` 1.0 on days when the contract's month expired, else 0.0. `votes` has one row a
    bar and one column a section: what it said by then as -1 (bearish, strength 100) to +1,
    NaN where it was insufficient; with ``adx14`` and ``vix_factor``. `chain` is described in
    `dashboard.options.chain`. `average_price` [INR] is the exchange's own VWAP of the future's
    session as of the last bar. `rolled` says that the front contract is another one than in the
    session before. `reopened` are the starts [s] of today's minutes with which trading went on
    after a suspected halt. `missing` says, by name, why an input is not there.
    """

    underlying: str = ""
    timeframe: str = "1m"
    index: AnyBars | None = None
    future: AnyBars | None = None
    next_future: AnyBars | None = None
    index_15m: AnyBars | None = None
    vix: AnyBars | None = None
    daily: AnyBars | None = None
    vix_daily: AnyBars | None = None
    past_volume: AnyBars | None = None
    votes: AnyBars | None = None
    chain: AnyBars | None = None
    contract: str | None = None
    expiry: date | None = None
    average_price: float | None = None
    rolled: bool = False
    reopened: tuple[int, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


class LastBar:
    """What every section says of the last bar of `lead`, found out once for all of them.

    Parameters
    ----------
    start : int
        When the bar starts [s].
    inputs : Inputs
        What the sections were given.
    lead : str
        Which of the inputs the bar is of.
    segment : Segment
        Whose hours it keeps.
    """

    def __init__(self, start: int, inputs: Inputs, lead: str, segment: Segment) -> None:
        self.start, self.timeframe, self.daily = start, inputs.timeframe, inputs.daily
        self.reopened, self.expiry = inputs.reopened, inputs.expiry
        self.segment, self.minutes = segment, TIMEFRAMES[inputs.timeframe]
        end = bar_end(start, segment, self.minutes)
        self.bar_ts, self.asof = from_seconds(start), from_seconds(end)
        self.reopens = any(start <= at < end for at in inputs.reopened)
        self.closing = tuple(closing_flags(start, (lead,), lead, inputs.expiry))
        self.closing_of_chain = tuple(closing_flags(start, ("chain",), lead, inputs.expiry))
        self._breaks: tuple[bool, bool] | None = None

    def is_of(self, start: int, inputs: Inputs) -> bool:
        """Say whether the same holds for a bar that starts at `start` [s], given these inputs."""
        return (
            self.start == start
            and self.daily is inputs.daily
            and self.timeframe == inputs.timeframe
            and self.reopened == inputs.reopened
            and self.expiry == inputs.expiry
        )

    def breaks(self, bars: AnyBars) -> tuple[bool, bool]:
        """Return whether bars are missing before it, and whether the day opened with a gap."""
        if self._breaks is None:
            self._breaks = (
                missing_bars(bars, self.segment, self.minutes) > GAP_LIMIT,
                opens_with_gap(bars, self.daily),
            )
        return self._breaks


@dataclass(frozen=True, slots=True)
class Reading:
    """What one section says of one bar of one instrument."""

    id: str
    underlying: str
    instrument: str
    timeframe: str
    bar_ts: datetime | None
    asof: datetime | None
    final: bool
    state: Stance
    strength: float
    values: Mapping[str, float | str | None]
    levels: tuple[PriceLevel, ...]
    reason: str
    flags: tuple[str, ...]
    warmup: Warmup

    def as_dict(self) -> dict[str, Any]:
        """Return the envelope as JSON can carry it: ISO times, None for unknown."""
        return {
            "id": self.id,
            "underlying": self.underlying,
            "instrument": self.instrument,
            "timeframe": self.timeframe,
            "bar_ts": self.bar_ts.isoformat() if self.bar_ts else None,
            "asof": self.asof.isoformat() if self.asof else None,
            "final": self.final,
            "state": self.state.value,
            "strength": self.strength,
            "values": dict(self.values),
            "levels": [{"label": lv.label, "price": lv.price} for lv in self.levels],
            "reason": self.reason,
            "flags": list(self.flags),
            "warmup": {"have": self.warmup.have, "need": self.warmup.need},
        }


@dataclass(frozen=True, slots=True)
class Signal:
    """One section, under the name of its module.

    `needs` names the inputs that `calculate` takes, in order; the first one gives the index
    of its answer and the hours that apply. `optional` names those it takes after them, or
    None. `context` names further inputs that only `judge` looks at. A state is given from
    `warmup` bars on.

    `resume`, where a section has one, takes the table of all bars but the last and then what
    `calculate` takes, as `Columns`; it returns the row of the last bar, the very values that
    `calculate` gives, or None where it cannot tell. What it needs besides the table's columns
    both leave as the table's `state`.
    """

    title: str
    order: int
    needs: tuple[str, ...]
    calculate: Callable[..., Any]
    judge: Callable[[Any, Inputs], Verdict]
    view: View
    warmup: int = 1
    timeframes: tuple[str, ...] = tuple(TIMEFRAMES)
    optional: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    resume: Callable[..., Row | None] | None = None
    id: str = ""
    takes: tuple[str, ...] = field(init=False, repr=False)  # what `calculate` takes, by name

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes", (*self.needs, *self.optional))

    def named(self, name: str) -> "Signal":
        """Return the same section under its module's name."""
        return replace(self, id=name)

    @property
    def segment(self) -> Segment:
        """Return the segment whose hours the section's bars keep."""
        return Segment.FNO if self.needs[0] in ("future", "chain") else Segment.INDEX

    def read(self, *frames: AnyBars, **context: Any) -> Reading:
        """Return the reading of the last bar of `frames`, given as `calculate` takes them.

        `context` may set the other fields of `Inputs`, and `final`; the timeframe is the
        spacing of the bars unless it is given.
        """
        final = context.pop("final", True)
        if frames and "timeframe" not in context:
            context["timeframe"] = infer_timeframe(frames[0])
        given: dict[str, Any] = dict(zip(self.takes, frames, strict=False))
        inputs = Inputs(**given, **context)
        return self.evaluate(inputs, final=final)[0]

    def refused(self, inputs: Inputs, verdict: Verdict, *, final: bool = True) -> Reading:
        """Return the reading of a section that could not be calculated at all."""
        return self._reading(inputs, verdict, None, None, final)

    def evaluate(
        self, inputs: Inputs, *, final: bool = True, earlier: AnyBars | None = None
    ) -> tuple[Reading, AnyBars | None]:
        """Return the reading of the last bar, and the table it was read from.

        A missing input or a short history is a reading too (`insufficient_data`). `earlier` is
        the section's table of these bars without the last one, if it is known: it saves work.
        """
        for name in self.needs:
            if getattr(inputs, name) is None:
                reason = inputs.missing.get(name, f"No {name} in this recording")
                verdict = insufficient(reason, "not_in_recording")
                return self._reading(inputs, verdict, None, None, final), None
        frames = [getattr(inputs, name) for name in self.takes]
        try:
            self._check(inputs)
            table = self._table(frames, earlier)
        except InputError as error:
            return self._reading(inputs, insufficient(str(error)), None, None, final), None
        return self._judged(table, inputs, final), table

    def _table(self, frames: Sequence[Any], earlier: AnyBars | None) -> AnyBars:
        """Return the table of all bars: the earlier one and a row, or calculated anew."""
        lead = frames[0]
        if self.resume is None or not isinstance(lead, Columns):
            anew: AnyBars = self.calculate(*frames)
            return anew
        past = tuple(
            [f if n in PAST else f is None for n, f in zip(self.takes[1:], frames[1:], strict=True)]
        )
        row = None
        if isinstance(earlier, Columns) and _continues(lead, earlier, past):
            row = self.resume(earlier, *frames)
        if isinstance(earlier, Columns) and row is not None:
            table = earlier.extended(lead.times, row)
            if row.values is earlier.last and VALUES in earlier.facts:  # a day's levels
                table.facts[VALUES] = earlier.facts[VALUES]
        else:
            table = self.calculate(*frames)
        table.facts[MADE_FROM] = past
        return table

    def _check(self, inputs: Inputs) -> None:
        """Refuse what no section can read: an unknown timeframe, bars without order or zone."""
        if inputs.timeframe not in TIMEFRAMES:
            known = ", ".join(TIMEFRAMES)
            raise InputError(f"No timeframe {inputs.timeframe!r}: {known} are known")
        lead = getattr(inputs, self.needs[0])
        if self.needs[0] not in UNEVEN and not isinstance(lead, Columns):
            starts_s(lead)

    def history(
        self, inputs: Inputs, since: int, as_of: Callable[[Inputs, str], Inputs]
    ) -> list[Reading]:
        """Return the final readings of the lead's bars that start from `since` [s] on.

        The table does not look ahead, so its first rows are what it was then. `as_of` cuts
        the other inputs to the last bar of the named one.
        """
        if any(getattr(inputs, name) is None for name in self.needs):
            return []
        lead = self.needs[0]
        bars = getattr(inputs, lead)
        try:
            table = self.calculate(*(getattr(inputs, name) for name in self.takes))
        except InputError:
            return []
        first = int(np.searchsorted(starts_s(table), since))
        return [
            self._judged(
                rows(table, 0, count),
                as_of(replace(inputs, **{lead: rows(bars, 0, count)}), lead),
                True,
            )
            for count in range(first + 1, len(table) + 1)
        ]

    def nearest(self, timeframe: str) -> str:
        """Return the section's own timeframe that is shown on a page of `timeframe`.

        It is the same where there is such a one, else the longest shorter one, else its first.
        """
        if timeframe in self.timeframes:
            return timeframe
        shorter = [t for t in self.timeframes if TIMEFRAMES[t] < TIMEFRAMES[timeframe]]
        return shorter[-1] if shorter else self.timeframes[0]

    def _judged(self, table: AnyBars, inputs: Inputs, final: bool) -> Reading:
        """Return the reading of a table's last row."""
        if len(table) < max(1, self.warmup):
            verdict = insufficient(f"Needs {self.warmup} bars, has {len(table)}")
        else:
            verdict = self.judge(table, inputs)
        if not len(table):
            return self._reading(inputs, verdict, None, None, final)
        bar = self._last_bar(table, inputs)
        if self.needs[0] not in UNEVEN:
            verdict = _continuous(verdict, bar, getattr(inputs, self.needs[0]))
        return self._reading(inputs, verdict, table, bar, final)

    def _last_bar(self, table: AnyBars, inputs: Inputs) -> LastBar:
        """Return what is known of a table's last bar; a desk's bars remember it."""
        lead = self.needs[0]
        bars = getattr(inputs, lead)
        if not (isinstance(bars, Columns) and isinstance(table, Columns)):
            return LastBar(int(starts_s(table)[-1]), inputs, lead, self.segment)
        start, known = table.times.last, (LAST_BAR, lead)
        bar: LastBar | None = bars.facts.get(known)
        if bar is None or not bar.is_of(start, inputs):
            bar = bars.facts[known] = LastBar(start, inputs, lead, self.segment)
        return bar

    def _reading(
        self,
        inputs: Inputs,
        verdict: Verdict,
        table: AnyBars | None,
        bar: LastBar | None,
        final: bool,
    ) -> Reading:
        have = 0 if table is None else len(table)
        silent = verdict.stance is Stance.NEUTRAL or verdict.stance is Stance.INSUFFICIENT
        return Reading(
            id=self.id,
            underlying=inputs.underlying,
            instrument=(inputs.contract or "") if self.needs[0] == "future" else inputs.underlying,
            timeframe=inputs.timeframe,
            bar_ts=bar.bar_ts if bar else None,
            asof=bar.asof if bar else None,
            final=final,
            state=verdict.stance,
            strength=0.0 if silent else _bounded(verdict.strength),
            values={} if table is None else _values(table),
            levels=_known_levels(verdict.levels),
            reason=verdict.reason,
            flags=self._flags(verdict.flags, bar, inputs, final),
            warmup=verdict.warmup or _warmup(min(have, self.warmup), self.warmup),
        )

    def _flags(
        self, own: tuple[str, ...], bar: LastBar | None, inputs: Inputs, final: bool
    ) -> tuple[str, ...]:
        """Return the flags of a reading: the section's own, and what holds for all of them."""
        found = own
        if bar is not None:
            if bar.reopens:
                found = (*_stale(found), HALT)
            found += bar.closing_of_chain if "chain" in self.needs else bar.closing
            if inputs.rolled and "future" in self.takes:
                found += ("rolled_contract",)
        if not final:
            found += ("provisional",)
        return tuple(dict.fromkeys(found)) if len(found) > 1 else found


def _continuous(verdict: Verdict, bar: LastBar, bars: AnyBars) -> Verdict:
    """Flag missing bars, which cap the strength, and an opening gap, which mutes crosses."""
    if verdict.stance is Stance.INSUFFICIENT:
        return verdict
    in_window, at_open = bar.breaks(bars)
    if not in_window and not at_open:
        return verdict
    strength, flags = verdict.strength, verdict.flags
    if in_window:
        strength, flags = min(strength, GAP_CAP), (*flags, "gap_in_window")
    if at_open:
        flags = (*_stale(flags), "gap_open")
    return replace(verdict, strength=strength, flags=flags)


def _stale(flags: Iterable[str]) -> tuple[str, ...]:
    """Return flags without those of what happened on the last bar itself."""
    return tuple([flag for flag in flags if not flag.startswith("fresh_")])


def _continues(lead: Columns, earlier: Columns, past: tuple[Any, ...]) -> bool:
    """Say whether `lead` has one bar more than it had for `earlier`, and all else is the same."""
    before, times, known = len(earlier), lead.times, earlier.times
    return (
        len(lead) == before + 1 > 1
        and times.before_last == known.last
        and times.first == known.first
        and all(map(is_, earlier.facts.get(MADE_FROM, (None,)), past))
    )


def _values(table: AnyBars) -> dict[str, float | str | None]:
    """Return the last row of a table as JSON can carry it."""
    facts = table.facts if isinstance(table, Columns) else {}
    if VALUES not in facts:
        isfinite = math.isfinite
        facts[VALUES] = {
            name: value if type(value) is float and isfinite(value) else _known(value)
            for name, value in last_row(table).items()
        }
    values: dict[str, float | str | None] = facts[VALUES]
    return values


def _known_levels(levels: tuple[PriceLevel, ...]) -> tuple[PriceLevel, ...]:
    return tuple([lv for lv in levels if math.isfinite(lv.price)]) if levels else ()


@lru_cache(maxsize=1024)
def _warmup(have: int, need: int) -> Warmup:
    """Return what nearly all readings say in the same words."""
    return Warmup(have=have, need=need)


def _bounded(strength: float) -> float:
    return min(100.0, max(0.0, float(strength))) if math.isfinite(strength) else 0.0


def _known(value: Any) -> float | str | None:
    """Return a value as JSON can carry it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str) else None if value is None else _known(float(value))
