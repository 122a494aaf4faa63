"""Sockets as streams use them: to a server, by a thread or on a loop."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.asyncio.client import connect as async_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, reconnect

from dashboard.research.trading.following import Lost, Payload
from dashboard.research.trading.hushing import socket_logger
from dashboard.research.trading.line import is_loopback

OPEN_S, CLOSE_S, PING_S = 10.0, 2.0, 20.0
MOST_BYTES = 64 * 1024 * 1024  # of a frame
STATUS_CODES = {401: 4401, 403: 4403, 404: 4404, 429: 4409}  # before a socket is open
FAILURES = (OSError, TimeoutError, WebSocketException)


class Socket(Protocol):
    """A socket that a thread waits for. Each method raises `Lost` once it is closed."""

    def tell(self, text: str) -> None:
        """Send a message."""

    def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""

    def close(self) -> None:
        """Close it, from any thread; a second time does nothing."""

    def abandon(self) -> None:
        """Let go of it without waiting: garbage is collected by whichever thread."""


class AsyncSocket(Protocol):
    """A socket that is awaited."""

    async def tell(self, text: str) -> None:
        """Send a message."""

    async def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""

    async def close(self) -> None:
        """Close it; a second time does nothing."""


class _Connect(reconnect):
    """Follow no redirect: it would be shown the key."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class _AsyncConnect(async_connect):
    """Follow no redirect: it would be shown the key."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class RemoteSocket:
    """A socket to a server."""

    def __init__(self, address: str, path: str, headers: Mapping[str, str]) -> None:
        self._opened = ExitStack()
        opening = _Connect(_url(address, path), **_settings(address, headers))
        try:
            self._connection: ClientConnection = self._opened.enter_context(opening)
        except FAILURES as error:
            failure = _lost(error)
        else:
            return
        raise failure

    def tell(self, text: str) -> None:
        """Send a message."""
        try:
            self._connection.send(text)
        except FAILURES as error:
            failure = _lost(error)
        else:
            return
        raise failure

    def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""
        try:
            return self._connection.recv(timeout_s)
        except TimeoutError:
            return None
        except FAILURES as error:
            failure = _lost(error)
        raise failure

    def close(self) -> None:
        """Close it."""
        self._opened.close()

    def abandon(self) -> None:
        """Let go of it without waiting."""
        self._connection.socket.shutdown(socket.SHUT_RDWR)


class AsyncRemoteSocket:
    """A socket to a server, awaited."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, address: str, path: str, headers: Mapping[str, str]) -> "AsyncRemoteSocket":
        """Return an open one."""
        try:
            return cls(await _AsyncConnect(_url(address, path), **_settings(address, headers)))
        except FAILURES as error:
            failure = _lost(error)
        raise failure

    async def tell(self, text: str) -> None:
        """Send a message."""
        try:
            await self._connection.send(text)
        except FAILURES as error:
            failure = _lost(error)
        else:
            return
        raise failure

    async def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connection.recv()
        except TimeoutError:
            return None
        except FAILURES as error:
            failure = _lost(error)
        raise failure

    async def close(self) -> None:
        """Close it."""
        await self._connection.close()


def _url(address: str, path: str) -> str:
    return "ws" + address.removeprefix("http") + path


def _settings(address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "additional_headers": dict(headers),
        "proxy": None if is_loopback(address) else True,
        "open_timeout": OPEN_S,
        "close_timeout": CLOSE_S,
        "ping_interval": PING_S,
        "ping_timeout": PING_S,
        "max_size": MOST_BYTES,
        "compression": None,  # frames may be compressed by themselves
        "logger": socket_logger(),
    }


def _lost(error: Exception) -> Lost:
    """Return what happened, without the error: it may hold what was sent."""
    if isinstance(error, ConnectionClosed):
        code = error.rcvd.code if error.rcvd else None
        reason = error.rcvd.reason if error.rcvd else ""
        return Lost(reason or "The connection was lost", code)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return Lost(f"Status {status}", STATUS_CODES.get(status))
    return Lost(f"No connection: {error or type(error).__name__}")
