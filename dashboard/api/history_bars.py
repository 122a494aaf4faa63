"""The bars that indicators are made of: a session's own, and up to 400 before it.

An exponential average depends on where it begins. Each session's bars begin as far before it
as the sections' do, and none is taken from before a hole of more than a few sessions. None
ended after the desk's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from dashboard.api.documents.bars import Bars, closed_by
from dashboard.api.longer_bars import longer_bars
from dashboard.api.parts import ApiParts
from dashboard.core.clock import SECOND_NS, day_start_s, to_ns
from dashboard.core.errors import StoreError
from dashboard.core.market import TIMEFRAMES, Instrument, Kind
from dashboard.core.table import DAY_S
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.opening import SESSIONS_LOOKED_AT
from dashboard.pipeline.rolling import front_month
from dashboard.pipeline.series import WARMUP_BARS, SeriesBook, regular
from dashboard.pipeline.snapshot import Snapshot
from dashboard.pipeline.unbroken import unbroken_since

MINUTE = "1m"


@dataclass(frozen=True, slots=True)
class Asked:
    """An instrument's bars on a desk at the moment of `snapshot`.

    `open_minutes` holds the desk's minutes in progress then, by token (BAR_DTYPE); None where
    closed bars alone are asked for.
    """

    desk: Desk
    snapshot: Snapshot
    instrument: Instrument
    timeframe: str
    open_minutes: Mapping[int, Bars] | None = None

    @property
    def at_s(self) -> int:
        """Return the desk's time in seconds since the epoch."""
        return to_ns(self.snapshot.at) // SECOND_NS

    @property
    def closed_s(self) -> int:
        """Return until when bars are closed: a minute waits for late trades, seconds after it."""
        pipeline = self.desk.pipeline
        if pipeline is None:
            return self.at_s
        return min(self.at_s, pipeline.state.segments[self.instrument.segment].closed_until)


def session_bars(parts: ApiParts, asked: Asked, day: date) -> Bars:
    """Return a session's closed bars and the warm-up before them, none of the closing auction.

    Where the desk does not follow the instrument, the database is read.
    """
    if day != asked.snapshot.day:
        return regular(_stored(parts, asked, day, day_start_s(day) + DAY_S))
    bars = followed_bars(asked)
    if bars is None:
        bars = _closed(asked, _stored(parts, asked, day, asked.closed_s))
    return regular(bars)


def bars_in_progress(parts: ApiParts, asked: Asked, closed: Bars) -> Bars:
    """Return the bars in progress, oldest first: one, or two in the seconds of grace.

    `closed` are the closed ones. None where they are not asked for, or nothing is in progress.
    """
    token, day = asked.instrument.token, asked.snapshot.day
    slots = (asked.open_minutes or {}).get(token)
    if slots is None:
        return closed[:0]
    minutes, midnight = followed_bars(asked, MINUTE), day_start_s(day)
    if minutes is None:
        minutes = _closed(asked, _of_day(parts, asked, day, MINUTE, asked.closed_s), MINUTE)
    slots = slots[~np.isin(slots["start"], minutes["start"])]
    book = SeriesBook({token: asked.instrument.segment}, trading_hours(parts.calendar, day))
    book.restore(MINUTE, {token: minutes[minutes["start"] >= midnight]})
    if asked.timeframe != MINUTE:
        book.restore(asked.timeframe, {token: closed[closed["start"] >= midnight]})
    found = book.open_bars(token, asked.timeframe, slots)
    return regular(np.concatenate([closed[:0], *found]))


def followed_bars(asked: Asked, timeframe: str | None = None) -> Bars | None:
    """Return the closed bars that the desk itself holds; None where it holds none of these."""
    pipeline, token = asked.desk.pipeline, asked.instrument.token
    if pipeline is None or token not in pipeline.series.tokens:
        return None
    bars = pipeline.series.get(token, timeframe or asked.timeframe).bars
    return _closed(asked, bars, timeframe)


def bars_before(parts: ApiParts, asked: Asked, count: int) -> Bars:
    """Return the last `count` bars of the sessions before the desk's day, or as many as are."""
    return _before(parts, asked, asked.snapshot.day, count)


def front_future(parts: ApiParts, asked: Asked, day: date) -> Instrument | None:
    """Return the future that the sections of a day read for an index, None where there is none."""
    followed = followed_future(asked.desk, asked.instrument)
    if day == asked.snapshot.day and followed is not None:
        return followed
    try:
        universe = parts.store.universe(day, asked.snapshot.source)
    except StoreError:
        return None  # bars without a tape, as those that Kite told later
    months = universe.futures(asked.instrument.underlying, day)
    return front_month(parts.store, months, day, asked.snapshot.source) if months else None


def followed_future(desk: Desk, index: Instrument) -> Instrument | None:
    """Return the future that a desk reads today for an index; None where it has none."""
    pipeline = desk.pipeline
    if pipeline is None or index.kind is not Kind.INDEX:
        return None
    contracts = pipeline.sections.source.contracts.get(index.underlying)
    return contracts.future if contracts else None


def read_open_minutes(desk: Desk, instrument: Instrument) -> dict[int, Bars]:
    """Return the minutes in progress of an instrument, and of its future, by token.

    To be called in the desk's own thread.
    """
    pipeline = desk.pipeline
    if pipeline is None:
        return {}
    wanted = [one for one in (instrument, followed_future(desk, instrument)) if one is not None]
    source = pipeline.sections.source
    return {one.token: source.open_slots(one) for one in wanted if pipeline.universe.row(one) >= 0}


def _closed(asked: Asked, bars: Bars, timeframe: str | None = None) -> Bars:
    minutes = TIMEFRAMES[timeframe or asked.timeframe]
    return closed_by(bars, asked.closed_s, asked.instrument.segment, minutes)


def _stored(parts: ApiParts, asked: Asked, day: date, until: int) -> Bars:
    source = asked.snapshot.source
    before = _before(parts, asked, day, WARMUP_BARS)
    since = unbroken_since(parts.store.sessions_before(day, source, SESSIONS_LOOKED_AT), day)
    before = before[before["start"] >= day_start_s(since)]
    return np.concatenate([before, _of_day(parts, asked, day, asked.timeframe, until)])


def _before(parts: ApiParts, asked: Asked, day: date, count: int) -> Bars:
    """Return the last `count` bars of the sessions before a day."""
    token, source, timeframe = asked.instrument.token, asked.snapshot.source, asked.timeframe
    if not _is_made_of_minutes(asked, timeframe):
        return parts.store.bars_before(day, source, [token], timeframe, count)[token]
    length = TIMEFRAMES[timeframe]
    minutes = parts.store.bars_before(day, source, [token], MINUTE, count * length)[token]
    return longer_bars(minutes, asked.instrument.segment, length)[-count:]


def _of_day(parts: ApiParts, asked: Asked, day: date, timeframe: str, until: int) -> Bars:
    token, source = asked.instrument.token, asked.snapshot.source
    if not _is_made_of_minutes(asked, timeframe):
        return parts.store.bars(day, source, [token], timeframe, until)[token]
    minutes = parts.store.bars(day, source, [token], MINUTE, until)[token]
    return longer_bars(minutes, asked.instrument.segment, TIMEFRAMES[timeframe])


def _is_made_of_minutes(asked: Asked, timeframe: str) -> bool:
    """Say whether the store has no bars of that length: of options it keeps minutes alone."""
    return asked.instrument.is_option and timeframe != MINUTE
