"""``/v1/bars``: open, high, low, close, volume and open interest of intervals."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from dashboard.api.bars_of import bars_of
from dashboard.api.callers import Parts
from dashboard.api.documents.bars import bars_document, days_between
from dashboard.api.envelope import envelope
from dashboard.api.finding import find_instrument
from dashboard.api.models.bars import Bars
from dashboard.api.on_desk import REFUSALS, UNCHANGED, OnDesk, TheDesk, latest
from dashboard.api.paging import Page, Paging
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.api.replies import answer
from dashboard.api.times import end_second, first_second
from dashboard.core.clock import SECOND_NS, day_start_s, to_ns
from dashboard.pipeline.snapshot import Snapshot

router = APIRouter(prefix="/v1", tags=["bars"])

Timeframe = Literal["1m", "5m", "15m", "30m", "1d"]
MOST_DAYS = {"1m": 31, "5m": 100, "15m": 200, "30m": 370, "1d": 3700}  # of one range

InstrumentName = Annotated[
    str,
    Query(
        min_length=1,
        max_length=40,
        description="Symbol, token, or an underlying's name for its index.",
        examples=["NIFTY 50"],
    ),
]
From = Annotated[
    str | None,
    Query(
        alias="from",
        max_length=40,
        description="Date, or time with its zone, of the first bar; today of the desk if absent.",
        examples=["2026-11-30"],
    ),
]
To = Annotated[
    str | None,
    Query(
        alias="to",
        max_length=40,
        description="Date (all of it), or time with its zone, before which bars start; now of "
        "the desk if absent.",
        examples=["2026-11-30T15:30:00+05:30"],
    ),
]


@router.get(
    "/bars",
    operation_id="bars",
    summary="Bars of an instrument",
    responses={200: {"model": Bars}, **UNCHANGED, **REFUSALS},
)
async def bars(
    request: Request,
    parts: Parts,
    on: TheDesk,
    page: Page,
    instrument: InstrumentName,
    timeframe: Annotated[Timeframe, Query(description="Length of a bar.", examples=["5m"])] = "5m",
    start: From = None,
    end: To = None,
) -> Response:
    """Return closed bars, oldest first; never one that ended after the desk's own time.

    A range may be 31 days long at 1m, 100 at 5m, 200 at 15m, 370 at 30m, 3700 at 1d.
    """
    snapshot = await latest(parts, on.desk)
    span = span_of(snapshot, timeframe, start, end)
    return await run_in_threadpool(
        _answer, request, parts, on, snapshot, page, instrument, timeframe, span
    )


def span_of(
    snapshot: Snapshot, timeframe: str, start: str | None, end: str | None
) -> tuple[int, int]:
    """Return the range [s] that is asked for; raise `Problem` 422 where it cannot be one."""
    first = first_second(start, "from") if start else day_start_s(snapshot.day)
    after = end_second(end, "to") if end else to_ns(snapshot.at) // SECOND_NS + 1
    if first >= after and start:
        raise Problem(422, "The range ends before it begins", "from")
    if days_between((first, after)) > MOST_DAYS[timeframe] + 1:
        most = MOST_DAYS[timeframe]
        raise Problem(422, f"At most {most} days of {timeframe} bars at once", "from")
    return first, max(first, after)


def _answer(
    request: Request,
    parts: ApiParts,
    on: OnDesk,
    snapshot: Snapshot,
    page: Paging,
    name: str,
    timeframe: str,
    span: tuple[int, int],
) -> Response:
    after = page.after(int)
    if after is not None:
        span = max(span[0], after + 1), span[1]
    instrument = find_instrument(parts, snapshot, name)
    found = bars_of(parts, on.desk, snapshot, instrument, timeframe, span, page.limit + 1)
    shown = found[: page.limit]
    document, headers = page.document(
        bars_document(shown),
        int(shown["start"][-1]) if len(found) > page.limit else None,
        desk=envelope(on.id, snapshot),
        instrument=instrument.symbol,
        timeframe=timeframe,
    )
    return answer(request, document, headers=headers)
