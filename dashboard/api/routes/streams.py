"""Sockets, and how they fare."""

from fastapi import APIRouter, Request, WebSocket
from starlette.requests import HTTPConnection

from dashboard.api.callers import Reader, parts_of_request
from dashboard.api.models.streams import StreamStats
from dashboard.api.problems import problems
from dashboard.api.stream.desk_client import DeskClient
from dashboard.api.stream.room import StreamRoom
from dashboard.api.stream.stats import stats_document
from dashboard.api.stream.ticks_client import TicksClient

router = APIRouter(prefix="/ws", tags=["streams"])


def room_of(connection: HTTPConnection) -> StreamRoom:
    """Return the sockets of the process."""
    state = connection.app.state
    if not hasattr(state, "streams"):
        state.streams = StreamRoom(parts_of_request(connection))
    room: StreamRoom = state.streams
    return room


@router.websocket("/ticks")
async def ticks(websocket: WebSocket) -> None:
    """Tell the ticks of instruments as they come."""
    await room_of(websocket).serve(websocket, TicksClient)


@router.websocket("/desk")
async def desk(websocket: WebSocket) -> None:
    """Tell the documents of a desk as they change."""
    await room_of(websocket).serve(websocket, DeskClient)


@router.get(
    "/stats",
    operation_id="stream_stats",
    summary="How the sockets fare",
    responses=problems(401, 403),
)
async def stats(request: Request, _identity: Reader) -> StreamStats:
    """Return how many clients there are, what they were sent, and how long rounds take."""
    return StreamStats(**stats_document(room_of(request)))
