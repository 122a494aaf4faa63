"""Do what calls ask for: while this thread waits, or awaited on a loop."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import httpx2

from dashboard.research.trading.errors import ConnectionFailedError
from dashboard.research.trading.hushing import hush
from dashboard.research.trading.line import Line, is_loopback
from dashboard.research.trading.sessions import Secret
from dashboard.research.trading.sockets import AsyncRemoteSocket, AsyncSocket, RemoteSocket, Socket
from dashboard.research.trading.wire import Answer, Pause, Renew, Send, Steps, Unreachable

T = TypeVar("T")
TIMEOUT = httpx2.Timeout(30.0, connect=5.0, pool=30.0)
LIMITS = httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=20.0)
AGENT = "tezi-sdk"
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
CLOSED = "This client is closed: make a new one"


class Driver(Secret):
    """Wait in the thread that calls."""

    def __init__(self, line: Line, transport: httpx2.BaseTransport | None = None) -> None:
        hush()
        self.line = line
        self.streams: WeakSet[Any] = WeakSet()  # closed with the client
        self._http = httpx2.Client(transport=transport, **settings(line))
        self._renewing = threading.Lock()

    def open_socket(self, path: str, headers: Mapping[str, str]) -> Socket:
        """Return an open socket; raise `Lost` where there is none to be had."""
        return RemoteSocket(self.line.address, path, headers)

    def run(self, steps: Steps[T]) -> T:
        """Return what a call comes to."""
        done, failure = None, None
        try:
            while True:
                step = steps.throw(failure) if failure else steps.send(done)
                done, failure = None, None
                try:
                    done = self.do(step)
                except Exception as error:
                    failure = error
        except StopIteration as end:
            result: T = end.value
            return result

    def do(self, step: Any) -> Any:
        """Do one step."""
        if isinstance(step, Send):
            return self._send(step)
        if isinstance(step, Renew):
            with self._renewing:
                return self.run(self.line.session.renew(self.line, step.stale))
        assert isinstance(step, Pause)
        return time.sleep(step.seconds)

    def close(self) -> None:
        """Sign out and give the connections back; a second time does nothing."""
        if self._http.is_closed:
            return
        for stream in list(self.streams):
            stream.close()
        with contextlib.suppress(Exception):  # where nobody answers there is nothing to end
            self.run(self.line.session.end(self.line))
        self._http.close()

    def _send(self, step: Send) -> Answer:
        if self._http.is_closed:
            raise ConnectionFailedError(CLOSED)
        failure = None
        try:
            with self._http.stream(**sent(self.line, step)) as response:
                if step.request.file is None or response.status_code != 200:
                    response.read()
                    return answer_of(response, response.content)
                with written(step.request.file) as put:
                    for piece in response.iter_bytes():
                        put(piece)
                return answer_of(response, b"")
        except httpx2.RequestError as error:
            failure = unreachable(error)
        raise failure


class AsyncDriver(Secret):
    """Let others go on meanwhile. Used on one loop."""

    def __init__(self, line: Line, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        hush()
        self.line = line
        self.streams: set[Any] = set()  # closed with the client
        self._http = httpx2.AsyncClient(transport=transport, **settings(line))
        self._renewing = asyncio.Lock()

    async def open_socket(self, path: str, headers: Mapping[str, str]) -> AsyncSocket:
        """Return an open socket; raise `Lost` where there is none to be had."""
        return await AsyncRemoteSocket.open(self.line.address, path, headers)

    async def run(self, steps: Steps[T]) -> T:
        """Return what a call comes to."""
        done, failure = None, None
        try:
            while True:
                step = steps.throw(failure) if failure else steps.send(done)
                done, failure = None, None
                try:
                    done = await self.do(step)
                except Exception as error:
                    failure = error
        except StopIteration as end:
            result: T = end.value
            return result

    async def do(self, step: Any) -> Any:
        """Do one step."""
        if isinstance(step, Send):
            return await self._send(step)
        if isinstance(step, Renew):
            async with self._renewing:
                return await self.run(self.line.session.renew(self.line, step.stale))
        assert isinstance(step, Pause)
        return await asyncio.sleep(step.seconds)

    async def close(self) -> None:
        """Sign out and give the connections back; a second time does nothing."""
        if self._http.is_closed:
            return
        for stream in list(self.streams):
            await stream.close()
        with contextlib.suppress(Exception):
            await self.run(self.line.session.end(self.line))
        await self._http.aclose()

    async def _send(self, step: Send) -> Answer:
        if self._http.is_closed:
            raise ConnectionFailedError(CLOSED)
        failure = None
        try:
            async with self._http.stream(**sent(self.line, step)) as response:
                if step.request.file is None or response.status_code != 200:
                    await response.aread()
                    return answer_of(response, response.content)
                with written(step.request.file) as put:
                    async for piece in response.aiter_bytes():
                        put(piece)
                return answer_of(response, b"")
        except httpx2.RequestError as error:
            failure = unreachable(error)
        raise failure


def settings(line: Line) -> dict[str, Any]:
    """Return what a client of HTTP is made with. Redirects are not followed: they carry keys."""
    return {
        "timeout": TIMEOUT,
        "limits": LIMITS,
        "headers": {"User-Agent": AGENT, "Accept": "application/json, */*"},
        "follow_redirects": False,
        "trust_env": not is_loopback(line.address),
    }


def sent(line: Line, step: Send) -> dict[str, Any]:
    """Return a request as the client of HTTP takes it."""
    request = step.request
    return {
        "method": request.method,
        "url": line.address + request.path,
        "params": dict(request.query) or None,
        "json": request.body,
        "headers": {**request.headers, **step.headers},
    }


def answer_of(response: httpx2.Response, content: bytes) -> Answer:
    """Return an answer as calls take it."""
    headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
    return Answer(response.status_code, headers, content)


def unreachable(error: httpx2.RequestError) -> Unreachable:
    """Return what a call is told; the error itself holds the headers that were sent."""
    why = str(error) or type(error).__name__
    return Unreachable(f"No answer: {why}", sent=not isinstance(error, NEVER_SENT))


@contextlib.contextmanager
def written(file: Path) -> Iterator[Any]:
    """Give a writer of a file that is there under its name only once it is whole."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out:
            yield out.write
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
