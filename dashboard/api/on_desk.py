"""The desk that a request is about, and its latest picture."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool

from dashboard.api.callers import Parts, Reader
from dashboard.api.desks import SHARED
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problems
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.snapshot import Snapshot

FAILED = "failed"
REFUSALS = problems(401, 403, 404, 422, 429, 503)  # of every route that looks at a desk

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "As it was, by its ETag"}}

DeskId = Annotated[
    str | None,
    Query(
        max_length=64,
        description="Id of a replay of yours; without it the shared desk, or, where none is "
        "shared, the latest recorded day at its end.",
        examples=[SHARED],
    ),
]


@dataclass(frozen=True, slots=True)
class OnDesk:
    """A desk, and the id that the caller knows it by."""

    id: str
    desk: Desk


async def on_desk(identity: Reader, parts: Parts, desk: DeskId = None) -> OnDesk:
    """Return the desk that is asked for.

    Raises
    ------
    Problem
        404 where there is no such desk of the caller's.
    """
    name = desk or SHARED
    if name == SHARED and parts.room.desks.shared is None:  # a day may have to be found first
        found = await run_in_threadpool(parts.desks.find, identity, name)
    else:
        found = parts.desks.find(identity, name)
    found.last_used_s = parts.clock.monotonic()
    return OnDesk(name, found)


TheDesk = Annotated[OnDesk, Depends(on_desk)]


async def latest(parts: ApiParts, desk: Desk) -> Snapshot:
    """Return a desk's latest snapshot with quotes; one that failed may have none.

    Raises
    ------
    Problem
        503 where none came in time.
    """
    found = desk.hub.latest
    if found is not None and _has_quotes(found):
        return found
    return await parts.looking.see(desk, None, _has_quotes)


async def latest_or_less(parts: ApiParts, desk: Desk) -> Snapshot:
    """Return the same; a desk that still loads is told as it is, without quotes."""
    try:
        return await latest(parts, desk)
    except Problem:
        found = desk.hub.latest
        if found is None:
            raise
        return found


def _has_quotes(snapshot: Snapshot) -> bool:
    return snapshot.quotes is not None or snapshot.status == FAILED
