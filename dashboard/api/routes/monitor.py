"""``/v1/monitor``: an underlying and its options together, made once for all who ask.

Each snapshot of a desk becomes bytes once; a request only finds them and compares the tag.
Whoever was recognised a moment ago and asks for what is made already is answered before the
route's dependencies are worked out, which take longer than everything else together.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from dashboard.api.callers import Parts, parts_of_request, shown_by
from dashboard.api.documents.monitor import has_ticked, monitor_document
from dashboard.api.models.quotes import Monitor
from dashboard.api.on_desk import REFUSALS, UNCHANGED, OnDesk, TheDesk, latest_or_less
from dashboard.api.parts import ApiParts
from dashboard.api.prepared import IDENTITY, Body, coding_for
from dashboard.api.replies import JSON, dumps, is_known
from dashboard.api.underlyings import Underlying
from dashboard.auth.identity import Scope
from dashboard.pipeline.snapshot import Snapshot


class MadeRoute(APIRoute):
    """A route that answers with what is made, and asks its function for the rest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that looks first."""
        whole = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return _made_already(request) or await whole(request)

        return handler


def _made_already(request: Request) -> Response | None:
    """Return the shared desk's answer if it is made and the caller may have it, else None."""
    parts, shown = parts_of_request(request), shown_by(request)
    desk, asked = parts.room.desks.shared, request.query_params.multi_items()
    if desk is None or shown is None or len(asked) != 1 or asked[0][0] != UNDERLYING:
        return None
    identity, latest = parts.recognised.find(shown), desk.hub.latest
    if identity is None or latest is None or not identity.may(Scope.READ):
        return None
    body = parts.prepared.find(desk.hub, f"{SUBJECT}{asked[0][1]}", latest.seq)
    return None if body is None else _reply(request, body)


router = APIRouter(prefix="/v1/monitor", tags=["monitor"], route_class=MadeRoute)

UNDERLYING = "underlying"
SUBJECT = "monitor:"

VARY = "Authorization, Cookie, X-API-Key, Accept-Encoding"


@router.get(
    "/snapshot",
    operation_id="monitor_snapshot",
    summary="An underlying, its future and all its options",
    responses={200: {"model": Monitor}, **UNCHANGED, **REFUSALS},
)
async def snapshot(
    request: Request,
    parts: Parts,
    on: TheDesk,
    underlying: Annotated[Underlying, Query(description="Whose.", examples=["NIFTY"])],
) -> Response:
    """Return everything on one underlying at one moment.

    The index is never null once anything is known of it: before its first tick of the day it
    is told from its last stored bar, with that bar's age and `source` "bar". The ETag changes
    with the desk's `seq`.
    """
    latest = on.desk.hub.latest
    if latest is None or latest.quotes is None:
        latest = await latest_or_less(parts, on.desk)
    body = parts.prepared.find(on.desk.hub, f"{SUBJECT}{underlying}", latest.seq)
    if body is None:
        body = await _made(parts, on, latest, underlying)
    return _reply(request, body)


async def _made(parts: ApiParts, on: OnDesk, latest: Snapshot, underlying: str) -> Body:
    last = None
    if not has_ticked(latest, underlying):
        last = await run_in_threadpool(parts.last_closes.of, latest, underlying)
    roll = parts.rolls.of(latest.quotes.universe) if latest.quotes else None
    document = monitor_document(on.id, latest, roll, underlying, last)
    return parts.prepared.keep(on.desk.hub, f"{SUBJECT}{underlying}", latest.seq, dumps(document))


def _reply(request: Request, body: Body) -> Response:
    coding = coding_for(request.headers.get("accept-encoding", ""))
    tag = f'W/"{body.tag}"'  # weak: the same in every coding
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": VARY}
    if is_known(request, tag.removeprefix("W/")):
        return Response(status_code=304, headers=headers)
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    return Response(body.in_coding(coding), media_type=JSON, headers=headers)
