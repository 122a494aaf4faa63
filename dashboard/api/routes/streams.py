"""Sockets, and how they fare."""

from fastapi import APIRouter, WebSocket
from starlette.requests import HTTPConnection

from dashboard.api.callers import parts_of
from dashboard.api.stream.room import StreamRoom
from dashboard.api.stream.ticks_client import TicksClient

router = APIRouter(tags=["streams"])


def room_of(connection: HTTPConnection) -> StreamRoom:
    """Return the sockets of the process."""
    state = connection.app.state
    if not hasattr(state, "streams"):
        state.streams = StreamRoom(parts_of(connection))
    room: StreamRoom = state.streams
    return room


@router.websocket("/ws/ticks")
async def ticks(websocket: WebSocket) -> None:
    """Tell the ticks of instruments as they come."""
    await room_of(websocket).serve(websocket, TicksClient)
