"""``/v1/indicators``: indicators of any instrument's closed bars."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from dashboard.api.asking import ask
from dashboard.api.callers import Parts, Reader
from dashboard.api.envelope import envelope
from dashboard.api.finding import find_instrument
from dashboard.api.history_bars import Asked, read_open_minutes
from dashboard.api.indicating import (
    MOST_OFFSET,
    Session,
    at_offset,
    bar_of,
    session_of,
    sessions_back,
    values_document,
)
from dashboard.api.models.indicators import (
    Batch,
    BatchAnswer,
    IndicatorHistory,
    Indicators,
    IndicatorValues,
    SubscriptionModel,
    Subscriptions,
    Unwanted,
    Wanted,
)
from dashboard.api.on_desk import REFUSALS, UNCHANGED, OnDesk, TheDesk, latest
from dashboard.api.paging import Page, Paging
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problem_of, problems
from dashboard.api.replies import JSON, NO_STORE, answer, dumps
from dashboard.api.routes.bars import From, InstrumentName, To, span_of
from dashboard.api.subscribed import Subscription
from dashboard.core.clock import day_start_s, from_ns
from dashboard.core.errors import InputError, TeziError
from dashboard.core.market import UNDERLYINGS, Floats, Kind
from dashboard.core.table import DAY_S
from dashboard.indicators import KNOWN, Indicator, Named, parse
from dashboard.pipeline.snapshot import Snapshot

router = APIRouter(prefix="/v1/indicators", tags=["indicators"])

MOST_IDS = 20

Timeframe = Literal["1m", "5m", "15m", "30m"]
OfTimeframe = Annotated[Timeframe, Query(description="Length of a bar.", examples=["5m"])]
Ids = Annotated[
    str,
    Query(
        min_length=1,
        max_length=400,
        description="Ids separated by commas.",
        examples=["RSI_14,EMA_20"],
    ),
]


@router.get(
    "",
    operation_id="indicators",
    summary="What is known",
    responses={200: {"model": Indicators}, **UNCHANGED, **problems(401, 403, 429)},
)
async def known(request: Request, _identity: Reader) -> Response:
    """Return every indicator, its parameters and their bounds."""
    return answer(request, {"items": [_shown(one) for one in KNOWN.values()]})


@router.get(
    "/current",
    operation_id="indicators_current",
    summary="Values at the last closed bar",
    responses={200: {"model": IndicatorValues}, **UNCHANGED, **REFUSALS},
)
async def current(
    request: Request,
    parts: Parts,
    on: TheDesk,
    ids: Ids,
    instrument: InstrumentName,
    timeframe: OfTimeframe = "5m",
    forming: Annotated[
        bool, Query(description="At the bar in progress, if there is one.", examples=[True])
    ] = False,
) -> Response:
    """Return the values of indicators at the last bar that has closed, or at the one in progress.

    Those of a bar in progress change until it closes: `final` is then false.
    """
    wanted = ids.split(",")
    if forming:
        return await _at_forming(request, parts, on, wanted, instrument, timeframe)
    return await _at(request, parts, on, wanted, instrument, timeframe, 0)


@router.get(
    "/at-offset",
    operation_id="indicators_at_offset",
    summary="Values some bars back",
    responses={200: {"model": IndicatorValues}, **UNCHANGED, **REFUSALS},
)
async def back(
    request: Request,
    parts: Parts,
    on: TheDesk,
    ids: Ids,
    instrument: InstrumentName,
    offset: Annotated[
        int,
        Query(ge=0, le=MOST_OFFSET, description="Bars before the last closed.", examples=[3]),
    ],
    timeframe: OfTimeframe = "5m",
) -> Response:
    """Return the values as they were `offset` bars before the last closed one (0 is that one)."""
    return await _at(request, parts, on, ids.split(","), instrument, timeframe, offset)


@router.get(
    "/history",
    operation_id="indicator_history",
    summary="One indicator, bar by bar",
    responses={200: {"model": IndicatorHistory}, **UNCHANGED, **REFUSALS},
)
async def history(
    request: Request,
    parts: Parts,
    on: TheDesk,
    page: Page,
    id: Annotated[str, Query(max_length=60, description="One id.", examples=["RSI_14"])],  # noqa: A002
    instrument: InstrumentName,
    timeframe: OfTimeframe = "5m",
    start: From = None,
    end: To = None,
) -> Response:
    """Return values of closed bars, oldest first; never of one that ended after the desk's time.

    Each session's values begin 400 bars before it, as those of `/current` do.
    """
    (named,) = _named([id], "id")
    snapshot = await latest(parts, on.desk)
    span = span_of(snapshot, timeframe, start, end)
    return await run_in_threadpool(
        _history, request, parts, on, snapshot, page, named, instrument, timeframe, span
    )


@router.post(
    "/batch",
    operation_id="indicators_batch",
    summary="Many at once",
    responses={200: {"model": BatchAnswer}, **REFUSALS, **problems(413)},
)
async def batch(parts: Parts, on: TheDesk, wanted: Batch) -> Response:
    """Return an answer or a problem for each request, in their order; all of one moment."""
    snapshot = await latest(parts, on.desk)

    def items() -> list[dict[str, Any]]:
        found = []
        for one in wanted.requests:
            head = {"instrument": one.instrument, "timeframe": one.timeframe, "offset": one.offset}
            try:
                asked = _asked(parts, on, snapshot, one.instrument, one.timeframe)
                found.append(_values(parts, asked, _named(one.ids, "ids"), one.offset))
            except (TeziError, Problem) as error:
                refused = problem_of(error)
                problem = {"status": refused.status, "detail": refused.detail}
                found.append({**head, "problem": {**problem, "where": refused.where}})
        return found

    document = {"desk": envelope(on.id, snapshot), "items": await run_in_threadpool(items)}
    return Response(dumps(document), 200, NO_STORE, JSON)


@router.post(
    "/subscribe",
    operation_id="subscribe_indicators",
    summary="Be told at each closed bar",
    status_code=201,
    responses={201: {"model": SubscriptionModel}, **REFUSALS, **problems(409, 413)},
)
async def subscribe(parts: Parts, identity: Reader, on: TheDesk, wanted: Wanted) -> Response:
    """Return a subscription, and the topic under which /ws/desk tells its values.

    It is of one of the three indices, and of indicators that need no volume.
    """
    named = _named(wanted.ids, "ids")
    snapshot = await latest(parts, on.desk)
    found = await run_in_threadpool(find_instrument, parts, snapshot, wanted.instrument)
    if found.kind is not Kind.INDEX or found.underlying not in UNDERLYINGS:
        raise Problem(422, "The socket tells indicators of the three indices", "instrument")
    if any(one.indicator.needs_volume for one in named):
        raise Problem(422, "The socket tells none that need volume: ask /current", "ids")
    ids = tuple(one.id for one in named)
    made = parts.subscribed.add(identity, ids, found.symbol, found.underlying, wanted.timeframe)
    return Response(dumps(_subscription(made)), 201, NO_STORE, JSON)


@router.post(
    "/unsubscribe",
    operation_id="unsubscribe_indicators",
    summary="End a subscription",
    status_code=204,
    responses={
        204: {"description": "It is over."},
        **problems(401, 403, 404, 413, 422, 429),
    },
)
async def unsubscribe(parts: Parts, identity: Reader, wanted: Unwanted) -> Response:
    """End one of the caller's subscriptions."""
    parts.subscribed.remove(identity, wanted.subscription)
    return Response(status_code=204, headers=NO_STORE)


@router.get(
    "/subscriptions",
    operation_id="indicator_subscriptions",
    summary="Your subscriptions",
    responses={200: {"model": Subscriptions}, **UNCHANGED, **problems(401, 403, 429)},
)
async def subscriptions(request: Request, parts: Parts, identity: Reader) -> Response:
    """Return the caller's subscriptions, oldest first."""
    items = [_subscription(one) for one in parts.subscribed.of(identity)]
    return answer(request, {"items": items})


async def _at(
    request: Request,
    parts: ApiParts,
    on: OnDesk,
    ids: Iterable[str],
    instrument: str,
    timeframe: str,
    offset: int,
) -> Response:
    named = _named(ids, "ids")
    snapshot = await latest(parts, on.desk)

    def made() -> dict[str, Any]:
        asked = _asked(parts, on, snapshot, instrument, timeframe)
        return {"desk": envelope(on.id, snapshot), **_values(parts, asked, named, offset)}

    return answer(request, await run_in_threadpool(made))


async def _at_forming(
    request: Request,
    parts: ApiParts,
    on: OnDesk,
    ids: Iterable[str],
    instrument: str,
    timeframe: str,
) -> Response:
    named = _named(ids, "ids")
    snapshot = await latest(parts, on.desk)
    found = await run_in_threadpool(find_instrument, parts, snapshot, instrument)
    at_ns, minutes = await ask(
        on.desk, lambda: (on.desk.pace.at_ns, read_open_minutes(on.desk, found))
    )
    if at_ns:  # the desk may have gone on since its snapshot
        snapshot = replace(snapshot, at=from_ns(at_ns))

    def made() -> dict[str, Any]:
        asked = Asked(on.desk, snapshot, found, timeframe, minutes)
        return {"desk": envelope(on.id, snapshot), **_values(parts, asked, named, 0)}

    return answer(request, await run_in_threadpool(made))


def _asked(
    parts: ApiParts, on: OnDesk, snapshot: Snapshot, instrument: str, timeframe: str
) -> Asked:
    return Asked(on.desk, snapshot, find_instrument(parts, snapshot, instrument), timeframe)


def _values(parts: ApiParts, asked: Asked, named: list[Named], offset: int) -> dict[str, Any]:
    try:
        session, at = at_offset(parts, asked, offset, named)
        return values_document(asked, session, at, offset, named)
    except InputError as error:  # as of volume where there is none
        raise Problem(422, str(error), "ids") from error


def _history(
    request: Request,
    parts: ApiParts,
    on: OnDesk,
    snapshot: Snapshot,
    page: Paging,
    named: Named,
    instrument: str,
    timeframe: str,
    span: tuple[int, int],
) -> Response:
    after = page.after(int)
    first = span[0] if after is None else max(span[0], after + 1)
    asked = _asked(parts, on, snapshot, instrument, timeframe)
    rows: list[tuple[int, dict[str, float]]] = []
    for day in reversed(sessions_back(parts, asked)):
        midnight = day_start_s(day)
        if midnight + DAY_S <= first or midnight >= span[1] or len(rows) > page.limit:
            continue
        session = session_of(parts, asked, day, [named])
        outputs = _outputs(session, named)
        columns = [column.tolist() for column in outputs.values()]
        for start, *values in zip(session.starts.tolist(), *columns, strict=True):
            if first <= start < span[1]:
                rows.append((start, dict(zip(outputs, values, strict=True))))
    shown = rows[: page.limit]
    document, headers = page.document(
        [{"bar_ts": bar_of(start), "values": values} for start, values in shown],
        shown[-1][0] if len(rows) > page.limit else None,
        desk=envelope(on.id, snapshot),
        instrument=asked.instrument.symbol,
        timeframe=timeframe,
        id=named.id,
    )
    return answer(request, document, headers=headers)


def _outputs(session: Session, named: Named) -> dict[str, Floats]:
    try:
        return session.values(named)
    except InputError as error:  # as of volume where there is none
        raise Problem(422, str(error), "id") from error


def _named(ids: Iterable[str], where: str) -> list[Named]:
    try:
        found = [parse(one) for one in ids]
    except InputError as error:
        raise Problem(422, str(error), where) from error
    if len(found) > MOST_IDS:
        raise Problem(422, f"At most {MOST_IDS} indicators at once", where)
    return found


def _shown(one: Indicator) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "example": one.with_values().id,
        "parameters": [
            {"name": p.name, "default": p.default, "min": p.low, "max": p.high, "whole": p.whole}
            for p in one.parameters
        ],
        "outputs": list(one.outputs),
        "unit": one.unit,
        "source": one.source,
        "warmup": one.with_values().warmup,
        "needs_volume": one.needs_volume,
    }


def _subscription(one: Subscription) -> dict[str, Any]:
    return {
        "subscription": one.id,
        "topic": one.topic,
        "ids": list(one.ids),
        "instrument": one.instrument,
        "timeframe": one.timeframe,
    }
