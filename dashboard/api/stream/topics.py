"""What /ws/desk tells: documents of a desk by topic.

A topic is a kind and its arguments with colons between: ``chain:NIFTY:2026-12-08``. `MAKERS`
is the list of kinds; another one is a function there.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from dashboard.api.documents.chain import chain_document
from dashboard.api.stream.codes import Fault
from dashboard.api.stream.view import View
from dashboard.core.errors import InputError
from dashboard.core.market import INDICES, TIMEFRAMES, UNDERLYINGS, BarFlag
from dashboard.indicators import parse
from dashboard.pipeline.hub import Interest

OPTIONS_TIMEFRAME = "5m"  # an interest has one; the option desk does not look at it
MOST_INDICATORS = 20  # of a topic: they are made on the server's loop
WHERE = "topics"


def whole(document: Any) -> Any:
    """Return all of a document."""
    return document


@dataclass(frozen=True, slots=True)
class Topic:
    """A document that is told whenever it changed.

    `document` returns None where the desk has nothing of it yet. `interest` is what the desk
    has to be asked for. `news` returns the part of the document whose change is worth telling.
    """

    name: str
    document: Callable[[View], Any]
    interest: Interest | None = None
    news: Callable[[Any], Any] = whole


Maker = Callable[[str, list[str], View], Topic]


def find_topic(name: Any, view: View) -> Topic:
    """Return the topic of a name.

    Raises
    ------
    Fault
        Where there is none.
    """
    if not isinstance(name, str):
        raise Fault("malformed", "A topic is a text", WHERE)
    kind, *arguments = name.split(":")
    maker = MAKERS.get(kind)
    if maker is None:
        raise Fault("unknown_topic", f"Topics are {', '.join(sorted(MAKERS))}", WHERE)
    return maker(name, arguments, view)


def underlying_in(arguments: list[str]) -> str:
    """Return the underlying that a topic names first; raise `Fault` where it names none."""
    if not arguments or arguments[0] not in UNDERLYINGS:
        raise Fault("unknown_topic", f"Its underlying is one of {', '.join(UNDERLYINGS)}", WHERE)
    return arguments[0]


def timeframe_in(arguments: list[str]) -> str:
    """Return the timeframe that a topic names second; raise `Fault` where it names none."""
    if len(arguments) < 2 or arguments[1] not in TIMEFRAMES:
        raise Fault("unknown_topic", f"Its timeframe is one of {', '.join(TIMEFRAMES)}", WHERE)
    return arguments[1]


def _indices(name: str, _arguments: list[str], _view: View) -> Topic:
    return Topic(name, _all_indices, news=_without_ages)


def _all_indices(view: View) -> Any:
    return {
        underlying: {key: value for key, value in asdict(quote).items() if key != "spark"}
        for underlying, quote in view.snapshot.indices.items()
    }


def _without_ages(document: dict[str, dict[str, Any]]) -> Any:
    return {
        underlying: {key: value for key, value in quote.items() if key != "age_s"}
        for underlying, quote in document.items()
    }


def _machine(name: str, _arguments: list[str], _view: View) -> Topic:
    return Topic(name, _of_machine)


def _of_machine(view: View) -> Any:
    snapshot = view.snapshot
    timeline = snapshot.timeline
    return {
        "desk": view.envelope(),
        "speed": snapshot.speed,
        "progress": snapshot.progress,
        "error": snapshot.error,
        "phase": asdict(snapshot.phase),
        "timeline": {"start": timeline.start, "end": timeline.end, "edge": timeline.edge},
        "ticks": snapshot.ticks,
    }


def _stages(name: str, _arguments: list[str], _view: View) -> Topic:
    return Topic(name, lambda view: list(map(asdict, view.snapshot.stages)), news=_states)


def _states(document: list[dict[str, Any]]) -> Any:
    return [
        {key: value for key, value in stage.items() if key not in ("age_s", "rate", "detail")}
        for stage in document
    ]


def _signals(name: str, arguments: list[str], _view: View) -> Topic:
    underlying, timeframe = underlying_in(arguments), timeframe_in(arguments)

    def document(view: View) -> Any:
        found = {
            kind: {
                section: reading.as_dict()
                for (of, section, frame), reading in readings.items()
                if (of, frame) == (underlying, timeframe)
            }
            for kind, readings in (
                ("final", view.snapshot.final),
                ("provisional", view.snapshot.provisional),
            )
        }
        return {"underlying": underlying, "timeframe": timeframe, **found}

    return Topic(name, document, Interest(underlying, timeframe))


def _chain(name: str, arguments: list[str], view: View) -> Topic:
    underlying = underlying_in(arguments)
    expiry = _expiry(underlying, arguments[1], view) if len(arguments) > 1 else None

    def document(view: View) -> Any:
        options = view.snapshot.options.get((underlying, expiry))
        return options and chain_document(view.desk_id, view.snapshot, options)

    interest = Interest(underlying, OPTIONS_TIMEFRAME, options=True, expiry=expiry)
    return Topic(name, document, interest, _without_desk)


def _without_desk(document: dict[str, Any]) -> Any:
    return {key: value for key, value in document.items() if key != "desk"}


def _expiry(underlying: str, text: str, view: View) -> date | None:
    """Return the expiry that is named, None for the nearest."""
    quotes = view.quotes
    expiries = quotes.universe.expiries(underlying, view.snapshot.day) if quotes else []
    found = [each for each in expiries if each.isoformat() == text]
    if not found:
        known = ", ".join(each.isoformat() for each in expiries) or "none"
        raise Fault("unknown_topic", f"Expiries of {underlying} here: {known}", WHERE)
    return None if found[0] == expiries[0] else found[0]


def _indicators(name: str, arguments: list[str], _view: View) -> Topic:
    """Tell indicators of an index at each closed bar; its bars are those that charts hold."""
    index = INDICES.get(arguments[0]) or BY_SYMBOL.get(arguments[0]) if arguments else None
    if index is None or index.underlying not in UNDERLYINGS:
        raise Fault("unknown_topic", f"Told of the indices alone: {', '.join(UNDERLYINGS)}", WHERE)
    underlying, timeframe = index.underlying, timeframe_in(arguments)
    ids = ":".join(arguments[2:]).split(",")
    if len(ids) > MOST_INDICATORS:
        raise Fault("limit", f"At most {MOST_INDICATORS} indicators in a topic", WHERE)
    try:
        named = [parse(each) for each in ids]
    except InputError as error:
        raise Fault("unknown_topic", str(error), WHERE) from error
    if any(one.indicator.needs_volume for one in named):
        raise Fault("unknown_topic", "None is told that needs volume: ask /v1/indicators", WHERE)

    def document(view: View) -> Any:
        chart = view.snapshot.charts.get((underlying, timeframe))
        if chart is None:
            return None
        bars = chart.bars[(chart.bars["flags"].to_numpy() & BarFlag.AUCTION) == 0]
        if bars.empty:
            return None
        values = {
            one.id: {key: column[-1] for key, column in one.arrays(bars).items()} for one in named
        }
        return {
            "instrument": index.symbol,
            "timeframe": timeframe,
            "bar_ts": bars.index[-1].isoformat(),
            "values": values,
        }

    return Topic(name, document, Interest(underlying, timeframe))


BY_SYMBOL = {one.symbol: one for one in INDICES.values()}

MAKERS: Mapping[str, Maker] = {
    "chain": _chain,
    "indicators": _indicators,
    "indices": _indices,
    "machine": _machine,
    "signals": _signals,
    "stages": _stages,
}
