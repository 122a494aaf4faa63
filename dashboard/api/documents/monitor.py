"""An underlying with its future and all its options, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.api.documents.quotes import DIGITS, FIELDS, quote_cells, quotes_document
from dashboard.api.envelope import envelope
from dashboard.api.roll import Roll
from dashboard.core.clock import SECOND_NS, from_seconds, to_ns
from dashboard.core.market import INDICES, Instrument
from dashboard.pipeline.snapshot import IndexQuote, Snapshot

TICK, BAR = "tick", "bar"
OPTION_FIELDS = (*FIELDS, "expiry", "strike", "kind")


@dataclass(frozen=True, slots=True)
class LastClose:
    """The close [INR] of the last stored bar, and when that bar ended [s since the epoch]."""

    price: float
    at_s: int


def monitor_document(
    desk_id: str, snapshot: Snapshot, roll: Roll | None, underlying: str, last: LastClose | None
) -> dict[str, Any]:
    """Return the monitor's picture of one underlying.

    Parameters
    ----------
    desk_id, snapshot
    roll : Roll or None
        Of the snapshot's universe, None where it has no quotes.
    underlying : str
        NIFTY, BANKNIFTY or SENSEX.
    last : LastClose or None
        What is told of the index where it has not ticked today.
    """
    phase = snapshot.phase
    return {
        "desk": envelope(desk_id, snapshot),
        "underlying": _underlying(snapshot, roll, underlying, last),
        "future": _future(snapshot, roll, underlying),
        "options": _options(snapshot, roll, underlying),
        "phase": {"name": phase.name, "detail": phase.detail, "expiries": phase.expiries},
    }


def has_ticked(snapshot: Snapshot, underlying: str) -> bool:
    """Say whether the index has a price of its own in this snapshot."""
    card = snapshot.indices.get(underlying)
    return card is not None and card.price is not None


def _underlying(
    snapshot: Snapshot, roll: Roll | None, underlying: str, last: LastClose | None
) -> dict[str, Any]:
    index = INDICES[underlying]
    quote = _quote(snapshot, roll, index) or dict.fromkeys(FIELDS) | {
        "symbol": index.symbol,
        "token": index.token,
    }
    card = snapshot.indices.get(underlying)
    if card is not None and card.price is not None:
        quote |= _of_card(card)
        return {**quote, "title": index.symbol, "source": TICK}
    if last is not None:
        age_s = to_ns(snapshot.at) / SECOND_NS - last.at_s
        quote |= {"ltp": last.price, "time": from_seconds(last.at_s), "age_s": round(age_s, 3)}
        return {**quote, "title": index.symbol, "source": BAR}
    return {**quote, "title": index.symbol, "source": None}


def _of_card(card: IndexQuote) -> dict[str, Any]:
    """Return what an index's card knows better than its last tick: where the tick is silent."""
    told = {
        "open": card.open,
        "high": card.high,
        "low": card.low,
        "previous_close": card.previous_close,
        "change": card.change,
        "change_percent": card.change_percent,
    }
    return {name: None if each is None else round(each, DIGITS) for name, each in told.items()}


def _future(snapshot: Snapshot, roll: Roll | None, underlying: str) -> dict[str, Any] | None:
    future = roll.universe.future(underlying, snapshot.day) if roll else None
    return _quote(snapshot, roll, future) if future else None


def _quote(snapshot: Snapshot, roll: Roll | None, one: Instrument) -> dict[str, Any] | None:
    if roll is None or snapshot.quotes is None:
        return None
    row = roll.universe.row(one)
    if row < 0:
        return None
    return quotes_document(snapshot.quotes, roll, np.array([row]), to_ns(snapshot.at))[0]


def _options(snapshot: Snapshot, roll: Roll | None, underlying: str) -> Sequence[dict[str, Any]]:
    if roll is None or snapshot.quotes is None:
        return []
    at = roll.options(underlying)
    cells = quote_cells(snapshot.quotes, roll, at, to_ns(snapshot.at))
    instruments = [roll.universe.instruments[row] for row in at.tolist()]
    return [
        dict(zip(OPTION_FIELDS, (*row, one.expiry, one.strike, one.kind.value), strict=True))
        for row, one in zip(cells, instruments, strict=True)
    ]
