"""Topics of indicators: ``indicators:NIFTY:5m:RSI_14,EMA_20``, told at each closed bar.

They are of what the desk itself follows, indices and front futures, because its bars are at
hand: nothing here waits for the database.
"""

from collections.abc import Sequence
from typing import Any

from dashboard.api.history_bars import Asked
from dashboard.api.indicating import Session, followed_session, values_document
from dashboard.api.stream.codes import Fault
from dashboard.api.stream.view import View
from dashboard.core.errors import InputError
from dashboard.core.market import INDICES, Instrument
from dashboard.indicators import Named, parse
from dashboard.pipeline.pipeline import Pipeline

MOST_IDS = 20
WHERE = "topics"


class IndicatorDocument:
    """The values at the last closed bar; made anew when a bar is new or another one."""

    def __init__(self, instrument: str, timeframe: str, named: Sequence[Named]) -> None:
        self._instrument, self._timeframe, self._named = instrument, timeframe, named
        self._known: tuple[tuple[int, ...], dict[str, Any]] | None = None

    def __call__(self, view: View) -> Any:
        """Return the document of a view; None where the desk has no such bar yet."""
        pipeline = view.desk.pipeline
        found = find_followed(pipeline, self._instrument) if pipeline else None
        if found is None:
            return None
        asked = Asked(view.desk, view.snapshot, found, self._timeframe)
        session = followed_session(asked, self._named)
        if session is None or not len(session.starts):
            return None
        made_of = _fingerprint(session)
        if self._known is None or self._known[0] != made_of:
            self._known = made_of, self._values(asked, session)
        return {"desk": view.envelope(), **self._known[1]}

    def _values(self, asked: Asked, session: Session) -> dict[str, Any]:
        last = len(session.starts) - 1
        try:
            return values_document(asked, session, last, 0, self._named)
        except InputError as error:  # as of volume where there is none
            return {"instrument": asked.instrument.symbol, "problem": str(error)}


def indicators_in(arguments: Sequence[str]) -> list[Named]:
    """Return the indicators that a topic names third; raise `Fault` where it names none."""
    if len(arguments) != 3 or not arguments[2]:
        raise Fault("unknown_topic", "As in indicators:NIFTY:5m:RSI_14,EMA_20", WHERE)
    ids = arguments[2].split(",")
    if len(ids) > MOST_IDS:
        raise Fault("limit", f"At most {MOST_IDS} indicators in a topic", WHERE)
    try:
        return [parse(one) for one in ids]
    except InputError as error:
        raise Fault("unknown_topic", str(error), WHERE) from error


def instrument_in(arguments: Sequence[str], view: View) -> str:
    """Return the instrument that a topic names first; raise `Fault` where it is not followed."""
    name, pipeline = arguments[0] if arguments else "", view.desk.pipeline
    if pipeline is not None and find_followed(pipeline, name) is None:
        known = ", ".join(one.symbol for one in _followed(pipeline))
        raise Fault("unknown_topic", f"Indicators are told of {known}", WHERE)
    return name


def find_followed(pipeline: Pipeline, name: str) -> Instrument | None:
    """Return what a desk follows by its symbol, or an index by its underlying; None of others."""
    wanted = INDICES[name].token if name in INDICES else None
    return next(
        (one for one in _followed(pipeline) if one.symbol == name or one.token == wanted), None
    )


def _followed(pipeline: Pipeline) -> list[Instrument]:
    universe = pipeline.universe
    rows = [universe.tokens.searchsorted(token) for token in pipeline.series.tokens]
    return [universe.instruments[int(row)] for row in rows]


def _fingerprint(session: Session) -> tuple[int, ...]:
    """Return what differs where any bar does: one may be filled later, and change others."""
    tables = [session.columns] if session.traded is None else [session.columns, session.traded]
    return tuple(
        hash(column.tobytes())
        for table in tables
        for column in (table.starts, *table.values.values())
    )
