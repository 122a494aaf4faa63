"""``/v1/replay``: desks of one's own on stored days, to be played, stopped and sought."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from dashboard.api.asking import ask
from dashboard.api.callers import Parts, Replayer
from dashboard.api.desks import SHARED
from dashboard.api.documents.replay import replay_document
from dashboard.api.models.replay import Control, Replay, Replays, WantedReplay
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problems
from dashboard.api.replies import JSON, NO_STORE, answer, dumps
from dashboard.core.clock import IST, SECOND_NS, from_ns, to_ns
from dashboard.core.market import Source
from dashboard.pipeline.desk import SPEEDS, Desk
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.prepare import END_OF_TAPE_NS
from dashboard.pipeline.snapshot import Snapshot

router = APIRouter(prefix="/v1/replay", tags=["replay"])

ReplayId = Annotated[
    str, Path(max_length=64, description="Id of a desk of yours.", examples=["nJ8tQ0yWc1mK"])
]
REFUSALS = problems(401, 403, 404, 422, 429, 503)
HOW = "Give HH:MM or HH:MM:SS of the day in IST, or a time with its zone"
EARLY_S = 15 * 60  # before the session, in which a desk may stand


@router.post(
    "",
    operation_id="open_replay",
    summary="Open a desk on a stored day",
    status_code=201,
    responses={201: {"model": Replay}, **REFUSALS, **problems(409, 413)},
)
async def open_replay(parts: Parts, identity: Replayer, wanted: WantedReplay) -> Response:
    """Return a new desk that stands (or plays) at `at`. At most four an account.

    It is closed by DELETE, or when nobody has looked at it for a quarter of an hour.
    """
    speed = _speed(wanted.speed) if wanted.speed is not None else None

    def opened() -> tuple[str, Desk]:
        source = Source(wanted.source) if wanted.source else None
        found = parts.store.day(wanted.day, source)
        at = _instant(wanted.at, found.day) if wanted.at else None
        if at is not None:
            _check_in_day(parts, found.day, at, found.last_ns)
        own = parts.desks.open(identity, found.day, found.source, at, playing=wanted.playing)
        if speed is not None:
            own.desk.set_speed(speed)
        return own.id, own.desk

    desk_id, desk = await run_in_threadpool(opened)
    snapshot = await _seen(parts, desk, lambda s: s.status != "loading")
    headers = {**NO_STORE, "Location": f"/v1/replay/{desk_id}"}
    return Response(dumps(replay_document(desk_id, snapshot)), 201, headers, JSON)


@router.get(
    "",
    operation_id="replays",
    summary="Your desks",
    responses={200: {"model": Replays}, **problems(401, 403, 429)},
)
async def replays(request: Request, parts: Parts, identity: Replayer) -> Response:
    """Return the caller's desks, oldest first."""
    found = [(own.id, own.desk.hub.latest) for own in parts.desks.mine(identity)]
    items = [replay_document(name, latest) for name, latest in found if latest is not None]
    return answer(request, {"items": items}, headers=NO_STORE)


@router.get(
    "/{replay_id}",
    operation_id="replay",
    summary="How a desk stands",
    responses={200: {"model": Replay}, **REFUSALS},
)
async def replay(
    request: Request, parts: Parts, identity: Replayer, replay_id: ReplayId
) -> Response:
    """Return where a desk stands, and what its day holds."""
    desk = _own(parts, identity, replay_id)
    snapshot = await _seen(parts, desk, lambda _s: True)
    return answer(request, replay_document(replay_id, snapshot), headers=NO_STORE)


@router.post(
    "/{replay_id}/control",
    operation_id="control_replay",
    summary="Play, pause, seek, step, or change the speed",
    responses={200: {"model": Replay}, **REFUSALS, **problems(413)},
)
async def control(
    parts: Parts, identity: Replayer, replay_id: ReplayId, wanted: Control
) -> Response:
    """Return the desk once it has obeyed."""
    desk = _own(parts, identity, replay_id)
    command = await run_in_threadpool(_command, parts, desk, wanted)
    command()
    seq = await ask(desk, lambda: desk.hub.latest.seq if desk.hub.latest else 0)
    snapshot = await _seen(parts, desk, lambda s: s.seq > seq)
    return Response(dumps(replay_document(replay_id, snapshot)), 200, NO_STORE, JSON)


@router.delete(
    "/{replay_id}",
    operation_id="close_replay",
    summary="Close a desk",
    status_code=204,
    responses={204: {"description": "It is closed."}, **problems(401, 403, 404, 409, 422, 429)},
)
def close_replay(parts: Parts, identity: Replayer, replay_id: ReplayId) -> Response:
    """Close a desk of one's own; the shared one stays."""
    parts.desks.close(identity, replay_id)
    return Response(status_code=204, headers=NO_STORE)


def _own(parts: ApiParts, identity: Replayer, replay_id: str) -> Desk:
    if replay_id == SHARED:
        raise Problem(404, "The shared desk is everybody's; open one of your own", "replay_id")
    desk = parts.desks.find(identity, replay_id)
    desk.last_used_s = parts.clock.monotonic()
    return desk


def _command(parts: ApiParts, desk: Desk, wanted: Control) -> Callable[[], None]:
    """Return what to ask of the desk; raise `Problem` 422 where it cannot be done."""
    if wanted.action == "play":
        return desk.play
    if wanted.action == "pause":
        return desk.pause
    if wanted.action == "step":
        return lambda: desk.step(wanted.timeframe, wanted.count)
    if wanted.action == "speed":
        if wanted.speed is None:
            raise Problem(422, "Which speed?", "speed")
        speed = _speed(wanted.speed)
        return lambda: desk.set_speed(speed)
    if wanted.at is None:
        raise Problem(422, f"Where to? {HOW}", "at")
    at = _instant(wanted.at, desk.day.day)
    _check_in_day(parts, desk.day.day, at, desk.day.summary().last_ns)
    return lambda: desk.seek(at)


def _speed(speed: float) -> float:
    if speed not in SPEEDS:
        known = ", ".join(f"{each:g}" for each in SPEEDS)
        raise Problem(422, f"Speeds are {known}; 0 is as fast as it goes", "speed")
    return speed


def _instant(text: str, day: date) -> datetime:
    """Return an instant from a time of the day in IST, or one with its zone."""
    try:
        if len(text) <= len("13:42:00.000000"):
            at = datetime.combine(day, time.fromisoformat(text))
            if at.tzinfo is not None:
                raise ValueError
            return at.replace(tzinfo=IST)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(422, HOW, "at") from error
    if at.tzinfo is None:
        raise Problem(422, f"This time has no zone. {HOW}", "at")
    return at


def _check_in_day(parts: ApiParts, day: date, at: datetime, last_ns: int | None) -> None:
    """Refuse an instant in which the day has nothing, before its data or after them."""
    at_ns, begin, end = to_ns(at), *_bounds(parts, day, last_ns)
    if not begin <= at_ns <= end:
        first, last = f"{from_ns(begin):%H:%M}", f"{from_ns(end):%H:%M:%S}"
        raise Problem(422, f"{day} can be looked at from {first} to {last} IST", "at")


def _bounds(parts: ApiParts, day: date, last_ns: int | None) -> tuple[int, int]:
    hours = trading_hours(parts.calendar, day)
    begin = (hours.start - EARLY_S) * SECOND_NS
    end = last_ns + END_OF_TAPE_NS if last_ns else hours.end * SECOND_NS
    return begin, end


async def _seen(parts: ApiParts, desk: Desk, has: Callable[[Snapshot], bool]) -> Snapshot:
    return await parts.looking.see(desk, None, has)
