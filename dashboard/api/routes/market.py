"""``/v1/market``: the calendar, where the market is in its day, and what is traded."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dashboard.api.callers import Parts, Reader
from dashboard.api.documents.market import (
    calendar_document,
    instruments_document,
    status_document,
)
from dashboard.api.envelope import envelope
from dashboard.api.models.market import CalendarDays, Instruments, MarketStatus
from dashboard.api.on_desk import REFUSALS, UNCHANGED, TheDesk, latest, latest_or_less
from dashboard.api.paging import Page
from dashboard.api.problems import Problem, problems
from dashboard.api.replies import answer
from dashboard.api.routes.quotes import KINDS
from dashboard.core.market import Instrument

router = APIRouter(prefix="/v1/market", tags=["market"])

MOST_DAYS = 370


@router.get(
    "/status",
    operation_id="market_status",
    summary="Where the market is in its day",
    responses={200: {"model": MarketStatus}, **UNCHANGED, **REFUSALS},
)
async def status(request: Request, parts: Parts, on: TheDesk) -> Response:
    """Return the phase, and what comes next, at the desk's own time."""
    snapshot = await latest_or_less(parts, on.desk)
    return answer(request, status_document(on.id, snapshot, parts.calendar))


@router.get(
    "/calendar",
    operation_id="market_calendar",
    summary="Trading days, hours and expiries",
    responses={200: {"model": CalendarDays}, **UNCHANGED, **problems(401, 403, 422, 429)},
)
def calendar(
    request: Request,
    parts: Parts,
    _identity: Reader,
    first: Annotated[date, Query(alias="from", description="First date.", examples=["2026-11-30"])],
    last: Annotated[
        date, Query(alias="to", description="Last date, with it.", examples=["2026-12-04"])
    ],
) -> Response:
    """Return every date of a range of up to 370 days that the calendar covers."""
    covers = parts.calendar.covers
    for day, where in ((first, "from"), (last, "to")):
        if not covers[0] <= day <= covers[1]:
            raise Problem(422, f"The calendar covers {covers[0]} to {covers[1]}", where)
    if last < first:
        raise Problem(422, "The range ends before it begins", "from")
    if (last - first).days >= MOST_DAYS:
        raise Problem(422, f"At most {MOST_DAYS} days at once", "from")
    return answer(request, {"items": calendar_document(parts.calendar, first, last)})


@router.get(
    "/instruments",
    operation_id="market_instruments",
    summary="What is traded on a desk",
    responses={200: {"model": Instruments}, **UNCHANGED, **REFUSALS},
)
async def instruments(
    request: Request,
    parts: Parts,
    on: TheDesk,
    page: Page,
    underlying: Annotated[
        str | None, Query(max_length=40, description="On this one.", examples=["NIFTY"])
    ] = None,
    kind: Annotated[KINDS | None, Query(description="Of this kind.", examples=["CE"])] = None,
    expiry: Annotated[
        date | None, Query(description="That expire then.", examples=["2026-12-08"])
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=40, description="Whose symbol holds this.", examples=["24600"]),
    ] = None,
) -> Response:
    """Return a desk's instruments, by token, those of the filters that are given."""
    snapshot = await latest(parts, on.desk)
    after = page.after(int)
    wanted = (underlying or "").strip().upper()
    part = (q or "").strip().upper()

    def fits(one: Instrument) -> bool:
        return (
            (not wanted or one.underlying.upper() == wanted)
            and (kind is None or one.kind == kind)
            and (expiry is None or one.expiry == expiry)
            and part in one.symbol.upper()
            and (after is None or one.token > after)
        )

    everything = snapshot.quotes.universe.instruments if snapshot.quotes else ()
    found = [one for one in everything if fits(one)]
    shown = found[: page.limit]
    last = int(shown[-1].token) if len(found) > page.limit else None
    document, headers = page.document(
        instruments_document(shown), last, desk=envelope(on.id, snapshot)
    )
    return answer(request, document, headers=headers)
