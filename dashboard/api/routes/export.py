"""``/v1/export``: a stored day as a file, read and sent piece by piece."""

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from dashboard.api.callers import Exporter, Parts
from dashboard.api.exporting import reading
from dashboard.api.exporting.writing import MEDIA_TYPES, WRITERS
from dashboard.api.finding import unknown
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problems
from dashboard.api.roll import LIKE, NEAR
from dashboard.api.routes.bars import Timeframe
from dashboard.api.routes.days import OfSource
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary, Gap

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/v1", tags=["export"])

What = Literal["bars", "chain", "readings", "ticks"]
Form = Literal["csv", "parquet", "arrow"]
SCHEMAS = {
    "bars": reading.BARS,
    "chain": reading.CHAIN,
    "readings": reading.READINGS_SCHEMA,
    "ticks": reading.TICKS,
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, under a name that says what it holds",
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in MEDIA_TYPES.values()
        },
    }
}


@router.get(
    "/export",
    operation_id="export",
    summary="A stored day as a file",
    response_class=StreamingResponse,
    responses={**FILES, **problems(401, 403, 404, 409, 422, 429, 503)},
)
def export(
    parts: Parts,
    _identity: Exporter,
    day: Annotated[date, Query(description="Date of the session.", examples=["2026-11-30"])],
    what: Annotated[What, Query(description="What of it.", examples=["bars"])] = "bars",
    form: Annotated[
        Form, Query(alias="format", description="Kind of the file.", examples=["csv"])
    ] = "csv",
    source: OfSource = None,
    instrument: Annotated[
        str | None,
        Query(
            max_length=40,
            description="Symbol or token; for chain and readings its underlying counts. Absent: "
            "everything.",
            examples=["NIFTY 50"],
        ),
    ] = None,
    timeframe: Annotated[Timeframe, Query(description="Of bars.", examples=["1m"])] = "1m",
) -> StreamingResponse:
    """Send bars, chain minutes, readings or ticks of a day; times are in Asia/Kolkata."""
    summary = parts.store.day(day, Source(source) if source else None)
    if what in ("bars", "chain") and not (summary.prepared or _is_played(parts, summary)):
        raise Problem(409, f"{day} is not prepared: open it once, or run `tezi prepare`", "day")
    wanted = _wanted(parts, summary, instrument, timeframe)
    pieces = WRITERS[form](SCHEMAS[what], _batches(parts, wanted, what))
    name = "-".join(filter(None, ("tezi", str(day), summary.source.value, what)))
    if what == "bars":
        name += f"-{timeframe}"
    return StreamingResponse(
        pieces,
        media_type=MEDIA_TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "Cache-Control": "no-store",
        },
    )


def _wanted(
    parts: ApiParts, summary: DaySummary, instrument: str | None, timeframe: str
) -> reading.Wanted:
    universe = parts.store.universe(summary.day, summary.source)
    found = None
    if instrument is not None:
        roll = parts.rolls.of(universe)
        found = roll.find(instrument)
        if found is None:
            near = get_close_matches(instrument.strip().upper(), roll.symbols, NEAR, LIKE)
            raise unknown(instrument, near, "instrument")
    sections = sorted(parts.room.desks.tools.signals)
    return reading.Wanted(summary, universe, found, timeframe, sections)


def _batches(parts: ApiParts, wanted: reading.Wanted, what: str) -> Iterator[Any]:
    if what == "ticks":
        decoder = parts.room.desks.tools.decoder
        return reading.read_ticks(parts.store, wanted, decoder, _left_out)
    readers = {
        "bars": reading.read_bars,
        "chain": reading.read_chain,
        "readings": reading.read_readings,
    }
    return readers[what](parts.store, wanted)


def _left_out(gap: Gap) -> None:
    log.warning("a damaged minute was left out of an export", reason=gap.reason)


def _is_played(parts: ApiParts, summary: DaySummary) -> bool:
    """Say whether the shared desk derives that day as it goes."""
    shared = parts.room.desks.shared
    return shared is not None and shared.day.day == summary.day
