"""``/health``: whether Tezi answers, is ready to, and what it depends on."""

from typing import Any

from fastapi import APIRouter, Response

from dashboard.api.callers import Parts, Reader
from dashboard.api.documents.health import (
    OK,
    dependency,
    health_document,
    of_desk,
    of_kite,
    of_scheduler,
    of_stage,
)
from dashboard.api.models.health import Alive, Health
from dashboard.api.parts import ApiParts
from dashboard.api.problems import problems
from dashboard.api.replies import JSON, NO_STORE, dumps
from dashboard.core.errors import StoreError
from dashboard.core.health import DOWN

router = APIRouter(prefix="/health", tags=["health"])


@router.get(
    "/live",
    operation_id="health_live",
    summary="Whether Tezi answers",
    responses={200: {"model": Alive}},
)
async def live() -> Response:
    """Return that it does; nothing is looked at."""
    return _reply({"status": OK})


@router.get(
    "/ready",
    operation_id="health_ready",
    summary="Whether Tezi is ready to answer",
    responses={200: {"model": Alive}, 503: {"model": Alive, "description": "Not yet, or no more"}},
)
def ready(parts: Parts) -> Response:
    """Return 200 once the database answers and the shared desk, if any, has a picture."""
    shared = parts.room.desks.shared
    latest = shared.hub.latest if shared else None
    waits = shared is not None and (latest is None or latest.status in ("loading", "failed"))
    is_ready = not waits and _database(parts)["status"] == OK
    return _reply({"status": OK if is_ready else DOWN}, 200 if is_ready else 503)


@router.get(
    "",
    operation_id="health",
    summary="What Tezi depends on, one by one",
    responses={200: {"model": Health}, **problems(401, 403, 429)},
)
def health(parts: Parts, _identity: Reader) -> Response:
    """Return how database, desk, feed, Kite, scheduler and tape are."""
    shared, operations = parts.room.desks.shared, parts.operations()
    latest = shared.hub.latest if shared else None
    now_ns = parts.clock.now_ns()
    dependencies = {
        "database": _database(parts),
        "desk": of_desk(latest, shared=shared is not None),
        "feed": of_stage(latest, "Feed"),
        "kite": of_kite(operations, now_ns),
        "scheduler": of_scheduler(operations, now_ns),
        "tape": of_stage(latest, "Tape"),
    }
    return _reply(health_document(dependencies))


def _database(parts: ApiParts) -> dict[str, Any]:
    try:
        parts.store.accounts.count_accounts()
    except StoreError as error:
        return dependency(DOWN, str(error))
    return dependency(OK, "Answers")


def _reply(document: Any, status: int = 200) -> Response:
    return Response(dumps(document), status, NO_STORE, JSON)
