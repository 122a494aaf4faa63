"""The API served for real, on a free port of this machine, and sockets to it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.api.serving import ApiServer
from dashboard.api.stream.room import StreamRoom
from dashboard.auth.identity import Role
from tests.api.people import People
from tests.api.stream.waiting import PATIENCE_S, until

LOCAL = "127.0.0.1"


class Wire:
    """A client's end of a socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **message: Any) -> None:
        self.connection.send(orjson.dumps(message).decode())

    def hear(self) -> Any:
        """Return the next frame; bytes where it is no text."""
        heard = self.connection.recv(timeout=PATIENCE_S)
        return orjson.loads(heard) if isinstance(heard, str) else heard

    def hear_of(self, kind: str) -> Any:
        """Return the next frame of a type, whatever comes before it."""
        while True:
            heard = self.hear()
            if isinstance(heard, dict) and heard["type"] == kind:
                return heard

    def ask(self, **message: Any) -> Any:
        self.say(**message)
        return self.hear()


def closed(wire: Wire) -> int:
    """Return the code with which a socket is closed, whatever is told before."""
    with pytest.raises(ConnectionClosed) as caught:  # noqa: PT012 - frames come before it
        while True:
            wire.hear()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    """Serve the API; return where."""
    with socket.socket() as free:
        free.bind((LOCAL, 0))
        number: int = free.getsockname()[1]
    server, loop = ApiServer(app, LOCAL, number), asyncio.new_event_loop()

    async def serve() -> None:
        server.start(loop)
        assert server._task is not None
        await server._task

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    until(lambda: server.is_serving)
    yield number
    asyncio.run_coroutine_threadsafe(server.stop(), loop)
    thread.join(PATIENCE_S)
    loop.close()


@pytest.fixture
def open_socket(port: int) -> Iterator[Callable[..., Wire]]:
    """Return an opener of sockets with the headers that are given."""
    with ExitStack() as made:

        def opened(path: str = "/ws/ticks", **words: Any) -> Wire:
            opening = connect(f"ws://{LOCAL}:{port}{path}", proxy=None, close_timeout=1, **words)
            return Wire(made.enter_context(opening))

        yield opened


@pytest.fixture
def dial(open_socket: Callable[..., Wire], people: People) -> Callable[..., Wire]:
    """Return an opener of sockets that are signed in, up to the frame `connected`."""

    def dialled(path: str = "/ws/ticks", role: Role = Role.VIEWER) -> Wire:
        wire = open_socket(path, additional_headers=people.headers(role))
        wire.connected = wire.hear()  # type: ignore[attr-defined]
        assert wire.connected["type"] == "connected"  # type: ignore[attr-defined]
        return wire

    return dialled


@pytest.fixture
def streams(app: FastAPI, port: int) -> Callable[[], StreamRoom]:
    """Return the server's sockets, once there was one."""
    return lambda: app.state.streams
