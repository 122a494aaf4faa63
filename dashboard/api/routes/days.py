"""``/v1/days``: what is stored."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from dashboard.api.callers import Parts, Reader
from dashboard.api.documents.days import day_document
from dashboard.api.models.days import StoredDay, StoredDays
from dashboard.api.on_desk import UNCHANGED
from dashboard.api.paging import Page
from dashboard.api.problems import problems
from dashboard.api.replies import answer
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary

router = APIRouter(prefix="/v1/days", tags=["days"])

REFUSALS = problems(401, 403, 422, 429, 503)
DayPath = Annotated[date, Path(description="Date of the session.", examples=["2026-11-30"])]
OfSource = Annotated[
    Literal["LIVE", "RECORDED", "MOCK"] | None,
    Query(
        description="MOCK for a generated day; absent: a recorded one before a generated one.",
        examples=["RECORDED"],
    ),
]


@router.get(
    "",
    operation_id="days",
    summary="Stored days, latest first",
    responses={200: {"model": StoredDays}, **UNCHANGED, **REFUSALS},
)
def days(request: Request, parts: Parts, _identity: Reader, page: Page) -> Response:
    """Return what is stored, recorded days before generated ones of the same date."""
    everything, after = parts.store.days(), page.after(str)
    places = [_place(each) for each in everything]
    first = places.index(after) + 1 if after in places else 0
    if after is not None and after not in places:  # it was dropped meanwhile
        first = next((n for n, place in enumerate(places) if place[:10] < after[:10]), len(places))
    shown = everything[first : first + page.limit]
    more = len(everything) > first + page.limit
    document, headers = page.document(
        [day_document(each) for each in shown], _place(shown[-1]) if more else None
    )
    return answer(request, document, headers=headers)


@router.get(
    "/{day}",
    operation_id="day",
    summary="One stored day",
    responses={200: {"model": StoredDay}, **UNCHANGED, **problems(404), **REFUSALS},
)
def one_day(
    request: Request, parts: Parts, _identity: Reader, day: DayPath, source: OfSource = None
) -> Response:
    """Return what a day holds and how true it is."""
    found = parts.store.day(day, Source(source) if source else None)
    return answer(request, day_document(found))


def _place(day: DaySummary) -> str:
    return f"{day.day} {day.source.value}"
