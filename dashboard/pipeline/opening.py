"""Open any minute of a prepared day: a query, and the ticks of that minute.

Bars up to the minute come from the store, the pipeline's state from the checkpoint at its
start; only the frames since then are played. The result equals playing the whole day.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import day_numbers
from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, day_start_s, to_ns
from dashboard.core.daily import session_days
from dashboard.core.hours import EPOCH_DAY, is_whole
from dashboard.core.market import (
    TIMEFRAMES,
    UNDERLYINGS,
    VIX,
    BarFlag,
    Frame,
    Segment,
    Source,
    Universe,
)
from dashboard.core.ports import Store
from dashboard.core.signal import Signal
from dashboard.options.chain import ChainSnapshot
from dashboard.pipeline.arrivals import ManyDecoder, groups
from dashboard.pipeline.chains import Chain
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.notes import read_backfill
from dashboard.pipeline.past import Past
from dashboard.pipeline.past_volume import stored_volume
from dashboard.pipeline.pipeline import Decoder, Pipeline, make_pipeline
from dashboard.pipeline.prepare import OnDamage, decompress, log_damage
from dashboard.pipeline.rolling import find_rolls
from dashboard.pipeline.series import WARMUP_BARS
from dashboard.pipeline.state import state_from_bytes
from dashboard.pipeline.unbroken import unbroken_since

DAILY_BARS = 60
SESSIONS_LOOKED_AT = 300  # more than any of them needs
VIX_SESSIONS = 252  # a year, for its percentile


def stored_past(store: Store, universe: Universe, day: date, source: Source) -> Past:
    """Return warm-up bars and past sessions of a day from the days stored before it.

    A contract's warm-up bars are its own, whichever month was the front one then. Nothing is
    taken from before a hole of more than a few sessions.
    """
    tokens = list(followed(universe, day))
    since = unbroken_since(store.sessions_before(day, source, SESSIONS_LOOKED_AT), day)
    since_s = day_start_s(since)
    warmup = {
        (token, name): bars[bars["start"] >= since_s]
        for name in TIMEFRAMES
        for token, bars in store.bars_before(day, source, tokens, name, WARMUP_BARS).items()
    }
    daily = {}
    for name in UNDERLYINGS:
        index = universe.index(name)
        if index is not None:
            sessions = _from(store.daily(day, source, index.token, DAILY_BARS), since)
            daily[name] = without_part(sessions, warmup[index.token, "1m"])
    vix = universe.index(VIX)
    if vix is not None:
        daily[VIX] = _from(store.daily(day, source, vix.token, VIX_SESSIONS), since)
    rolls = find_rolls(store, universe, day, source)
    volume = stored_volume(store, universe, day, source, since)
    return Past(warmup, daily, volume, rolls.switched, rolls.rolled)


def _from(daily: pd.DataFrame, since: date) -> pd.DataFrame:
    return daily[session_days(daily) >= (since - EPOCH_DAY).days] if len(daily) else daily


def without_part(daily: pd.DataFrame, bars: npt.NDArray[np.void]) -> pd.DataFrame:
    """Leave out the latest session of `daily` if its 1m `bars` are only a part of it.

    High and low of a part are not those of the session: no levels are drawn from them.
    """
    if not len(daily):
        return daily
    day = int(session_days(daily)[-1])
    own = bars["start"][
        (day_numbers(bars["start"]) == day) & ((bars["flags"] & BarFlag.AUCTION) == 0)
    ]
    if len(own) and is_whole(day, int(own[0]), int(own[-1]) + MINUTE_S, Segment.INDEX):
        return daily
    return daily.iloc[:-1]


def open_at(
    store: Store,
    day: date,
    source: Source,
    at: datetime | None,
    *,
    universe: Universe,
    past: Past,
    calendar: Calendar,
    decoder: Decoder,
    signals: Mapping[str, Signal],
    on_damage: OnDamage = log_damage,
    decode_many: ManyDecoder | None = None,
) -> tuple[Pipeline, Iterator[Frame]]:
    """Return a pipeline that has seen everything received up to `at`, and what comes next.

    With `at` None the day is about to begin. A minute that is damaged is told to `on_damage`
    when it is reached, here or in what comes next, and left out.

    Raises
    ------
    StoreError
        If the day is not there, or its checkpoint is damaged.
    """
    at_ns = to_ns(at) if at else 0
    found = store.checkpoint(day, source, at_ns // SECOND_NS) if at else None
    pipeline = make_pipeline(
        day,
        universe,
        calendar,
        decoder,
        signals,
        past,
        state_from_bytes(found[1], len(universe)) if found else None,
    )
    pipeline.sections.waiting = True
    try:
        if found:
            _restore(pipeline, store, day, source, found[0] * SECOND_NS)
        frames = store.frames(day, source, found[0] * SECOND_NS if found else None, on_damage)
        frames = _catch_up(pipeline, frames, at_ns, decode_many)
    except Exception:
        pipeline.close()
        raise
    pipeline.pass_time(at_ns)
    pipeline.sections.begin()
    return pipeline, frames


def _restore(pipeline: Pipeline, store: Store, day: date, source: Source, at_ns: int) -> None:
    """Load what was closed before the checkpoint at `at_ns`, each segment to its own minute."""
    segments = followed(pipeline.universe, day)
    filled = False
    for segment in Segment:
        tokens = [token for token, of in segments.items() if of is segment]
        until = pipeline.state.segments[segment].closed_until
        for name in TIMEFRAMES if tokens else ():
            bars = store.bars(day, source, tokens, name, until)
            if name != "1m":
                bars = {
                    t: rows[pipeline.is_over(segment, name, rows["start"])]
                    for t, rows in bars.items()
                }
            filled |= any(_is_filled(rows).any() for rows in bars.values())
            pipeline.series.restore(name, {t: rows[~_is_filled(rows)] for t, rows in bars.items()})
    if filled:
        _fill_again(pipeline, store.notes(day, source, at_ns))
    until = pipeline.state.segments[Segment.FNO].closed_until

    def snapshots(of: Chain) -> list[ChainSnapshot]:
        rows = store.chain(day, source, of.underlying, of.expiry, until)
        return [decompress(payload) for _, payload in rows]

    for underlying, nearest in pipeline.chains.chains.items():
        pipeline.chains.restore(underlying, snapshots(nearest))
    for later in pipeline.chains.later.values():  # no section reads them: when they are asked for
        later.earlier = partial(snapshots, later)


def _is_filled(bars: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Say which bars hold minutes that were filled later: they were not known from the first."""
    mask: npt.NDArray[np.bool_] = (bars["flags"] & BarFlag.BACKFILLED) != 0
    return mask


def _fill_again(pipeline: Pipeline, notes: Sequence[Frame]) -> None:
    """Fill what had been filled by the checkpoint, and leave empty what was filled after it."""
    segments = pipeline.state.segments
    pipeline.series.restore_longer({name: part.closed_until for name, part in segments.items()})
    for note in notes:
        pipeline.fill(read_backfill(note.payload))


def _catch_up(
    pipeline: Pipeline, frames: Iterator[Frame], at_ns: int, decode_many: ManyDecoder | None
) -> Iterator[Frame]:
    """Process frames received up to `at_ns`; return an iterator over the rest."""
    beyond: list[Frame] = []
    for group in groups(_until(frames, at_ns, beyond), decode_many):
        pipeline.process_group(group)
    return itertools.chain(beyond, frames)


def _until(frames: Iterator[Frame], at_ns: int, beyond: list[Frame]) -> Iterator[Frame]:
    """Yield frames received up to `at_ns`; the first one after it goes to `beyond`."""
    for frame in frames:
        if frame.received_ns > at_ns:
            beyond.append(frame)
            return
        yield frame
