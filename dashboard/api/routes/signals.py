"""``/v1/signals``: what the sections say now, and have said."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from dashboard.api.callers import Parts, Reader
from dashboard.api.envelope import envelope
from dashboard.api.models.signals import CurrentReading, CurrentReadings, Readings, Sections
from dashboard.api.on_desk import REFUSALS, UNCHANGED, OnDesk, TheDesk, latest
from dashboard.api.paging import Page, Paging
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problems
from dashboard.api.replies import answer
from dashboard.api.times import LATEST, end_second, first_second
from dashboard.api.underlyings import Underlying
from dashboard.core.clock import SECOND_NS, day_start_s, from_seconds, to_ns
from dashboard.core.market import Source
from dashboard.core.signal import Signal
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot

router = APIRouter(prefix="/v1/signals", tags=["signals"])

Timeframe = Literal["1m", "5m", "15m", "30m"]
SectionId = Annotated[str, Path(max_length=40, description="Of the catalogue.", examples=["vwap"])]
OfUnderlying = Annotated[Underlying, Query(description="Whose.", examples=["NIFTY"])]
OfTimeframe = Annotated[Timeframe, Query(description="Length of a bar.", examples=["5m"])]


@router.get(
    "",
    operation_id="signals",
    summary="The catalogue of sections",
    responses={200: {"model": Sections}, **UNCHANGED, **problems(401, 403, 429)},
)
async def catalogue(request: Request, parts: Parts, _identity: Reader) -> Response:
    """Return every section in display order."""
    return answer(request, {"items": [_section(one) for one in _signals(parts).values()]})


@router.get(
    "/current",
    operation_id="signals_current",
    summary="What every section says",
    responses={200: {"model": CurrentReadings}, **UNCHANGED, **REFUSALS},
)
async def current_of_all(
    request: Request,
    parts: Parts,
    on: TheDesk,
    underlying: OfUnderlying,
    timeframe: OfTimeframe = "5m",
) -> Response:
    """Return all readings of the last closed bars, and those of the forming ones.

    A section that has no such timeframe is left out.
    """
    snapshot = await _looked_at(parts, on, underlying, timeframe)
    keys = [(underlying, name, timeframe) for name in _signals(parts)]
    document = {
        "desk": envelope(on.id, snapshot),
        "underlying": underlying,
        "timeframe": timeframe,
        "readings": [snapshot.final[key].as_dict() for key in keys if key in snapshot.final],
        "provisional": [
            snapshot.provisional[key].as_dict() for key in keys if key in snapshot.provisional
        ],
    }
    return answer(request, document)


@router.get(
    "/{section}/current",
    operation_id="signal_current",
    summary="What a section says",
    responses={200: {"model": CurrentReading}, **UNCHANGED, **REFUSALS},
)
async def current(
    request: Request,
    parts: Parts,
    on: TheDesk,
    section: SectionId,
    underlying: OfUnderlying,
    timeframe: OfTimeframe = "5m",
) -> Response:
    """Return a section's reading of the last closed bar, and of the forming one."""
    _check(_signals(parts), section, timeframe)
    snapshot = await _looked_at(parts, on, underlying, timeframe)
    key = underlying, section, timeframe
    found, forming = snapshot.final.get(key), snapshot.provisional.get(key)
    document = {
        "desk": envelope(on.id, snapshot),
        "reading": found.as_dict() if found else None,
        "provisional": forming.as_dict() if forming else None,
    }
    return answer(request, document)


@router.get(
    "/{section}/history",
    operation_id="signal_history",
    summary="What a section said of each bar of a day",
    responses={200: {"model": Readings}, **UNCHANGED, **REFUSALS},
)
async def history(
    request: Request,
    parts: Parts,
    on: TheDesk,
    page: Page,
    section: SectionId,
    underlying: OfUnderlying,
    timeframe: OfTimeframe = "5m",
    day: Annotated[
        date | None, Query(description="The desk's if absent.", examples=["2026-11-30"])
    ] = None,
    start: Annotated[
        str | None,
        Query(alias="from", max_length=40, description="First bar.", examples=["2026-11-30"]),
    ] = None,
    end: Annotated[
        str | None,
        Query(
            alias="to", max_length=40, description="Bars start before it.", examples=["2026-12-01"]
        ),
    ] = None,
) -> Response:
    """Return final readings, oldest first; never of a bar that ended after the desk's time.

    They are those that were kept: of a day that was live, or was replayed from its begin.
    """
    _check(_signals(parts), section, timeframe)
    snapshot = await latest(parts, on.desk)
    span = _span(start, end)
    after = page.after(int)
    if after is not None:
        span = max(span[0], after + 1), span[1]
    asked = (section, underlying, timeframe)
    return await run_in_threadpool(
        _history, request, parts, on, snapshot, page, asked, day or snapshot.day, span
    )


def _history(
    request: Request,
    parts: ApiParts,
    on: OnDesk,
    snapshot: Snapshot,
    page: Paging,
    asked: tuple[str, str, str],
    day: date,
    span: tuple[int, int],
) -> Response:
    if day > snapshot.day:
        raise Problem(422, f"{day} is after the desk's day, {snapshot.day}", "day")
    section, underlying, timeframe = asked
    source = snapshot.source if day == snapshot.day else _of_the_past(parts, day, snapshot.source)
    rows = parts.store.readings(
        day, source, section=section, underlying=underlying, timeframe=timeframe
    )
    first, last = (from_seconds(at).isoformat() for at in span)
    now = snapshot.at.isoformat()
    found = [one for one in rows if first <= one["bar_ts"] < last and one["asof"] <= now]
    shown = found[: page.limit]
    more = len(found) > page.limit
    document, headers = page.document(
        shown, _second(shown[-1]) if more else None, desk=envelope(on.id, snapshot)
    )
    return answer(request, document, headers=headers)


async def _looked_at(parts: ApiParts, on: OnDesk, underlying: str, timeframe: str) -> Snapshot:
    """Return a snapshot that holds what forms, and the rest, of what is asked for."""
    look = Interest(underlying, timeframe)

    def has(snapshot: Snapshot) -> bool:
        if not snapshot.signals or snapshot.quotes is None:
            return False
        is_here = snapshot.quotes.universe.index(underlying) is not None
        return not is_here or (underlying, timeframe) in snapshot.charts

    return await parts.looking.see(on.desk, look, has)


def _of_the_past(parts: ApiParts, day: date, source: Source) -> Source:
    """Return under which source an earlier day is stored: generated days stay apart."""
    return parts.store.day(day, Source.MOCK if source is Source.MOCK else None).source


def _signals(parts: ApiParts) -> dict[str, Signal]:
    return dict(parts.room.desks.tools.signals)


def _check(signals: dict[str, Signal], section: str, timeframe: str) -> None:
    signal = signals.get(section)
    if signal is None:
        raise Problem(404, f"No section {section[:40]!r}: /v1/signals lists them", "section")
    if timeframe not in signal.timeframes:
        known = ", ".join(signal.timeframes)
        raise Problem(422, f"{signal.title} is defined on {known}", "timeframe")


def _section(signal: Signal) -> dict[str, Any]:
    return {
        "id": signal.id,
        "title": signal.title,
        "order": signal.order,
        "timeframes": list(signal.timeframes),
        "warmup": signal.warmup,
        "needs": list(signal.needs),
        "segment": signal.segment.value,
    }


def _span(start: str | None, end: str | None) -> tuple[int, int]:
    first = first_second(start, "from") if start else 0
    last = end_second(end, "to") if end else day_start_s(LATEST)
    if first >= last:
        raise Problem(422, "The range ends before it begins", "from")
    return first, last


def _second(reading: dict[str, Any]) -> int:
    return to_ns(datetime.fromisoformat(reading["bar_ts"])) // SECOND_NS
