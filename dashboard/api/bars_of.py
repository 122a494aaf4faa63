"""The bars of an instrument as a desk knows them, its own day's and those before it."""

import numpy as np

from dashboard.api.documents.bars import Bars, closed_by, in_span
from dashboard.api.parts import ApiParts
from dashboard.core.clock import SECOND_NS, day_start_s, to_ns
from dashboard.core.hours import windows
from dashboard.core.market import TIMEFRAMES, Instrument
from dashboard.core.ports import BAR_DTYPE
from dashboard.core.table import DAY_S, IST_OFFSET_S
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.snapshot import Snapshot

DAILY = "1d"
NAMES = (*TIMEFRAMES, DAILY)


def bars_of(
    parts: ApiParts,
    desk: Desk,
    snapshot: Snapshot,
    instrument: Instrument,
    timeframe: str,
    span: tuple[int, int],
    limit: int,
) -> Bars:
    """Return the first `limit` bars that start in a span and had closed at the desk's time.

    Reads the database: never on the server's loop.

    Parameters
    ----------
    parts, desk, snapshot
        `snapshot` is of that desk; its time is the last one that is looked at.
    instrument : Instrument
    timeframe : str
        1m, 5m, 15m, 30m or 1d.
    span : (int, int)
        First second since the epoch, and the first one after.
    limit : int

    Returns
    -------
    array of BAR_DTYPE
        In order.
    """
    earlier = parts.store.history(
        snapshot.source, instrument.symbol, timeframe, span, snapshot.day, limit
    )
    if len(earlier) >= limit or span[1] <= day_start_s(snapshot.day):
        return earlier
    today = in_span(_today(parts, desk, snapshot, instrument, timeframe), span)
    return np.concatenate([earlier, today])[:limit]


def _today(
    parts: ApiParts, desk: Desk, snapshot: Snapshot, instrument: Instrument, timeframe: str
) -> Bars:
    at_s, midnight = to_ns(snapshot.at) // SECOND_NS, day_start_s(snapshot.day)
    if timeframe == DAILY:
        spans = windows((midnight + IST_OFFSET_S) // DAY_S, instrument.segment)
        if spans is None or at_s < spans[-1][1]:
            return np.empty(0, BAR_DTYPE)
        return _stored(parts, snapshot, instrument, timeframe, midnight + DAY_S)
    pipeline = desk.pipeline
    if pipeline is not None and instrument.token in pipeline.series.tokens:
        bars = pipeline.series.get(instrument.token, timeframe).since(midnight)
    else:
        bars = _stored(parts, snapshot, instrument, timeframe, at_s)
    return closed_by(bars, at_s, instrument.segment, TIMEFRAMES[timeframe])


def _stored(
    parts: ApiParts, snapshot: Snapshot, instrument: Instrument, timeframe: str, until: int
) -> Bars:
    token = instrument.token
    return parts.store.bars(snapshot.day, snapshot.source, [token], timeframe, until)[token]
