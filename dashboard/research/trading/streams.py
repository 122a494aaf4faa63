"""Streams: what comes over a socket, one item after the other."""

import contextlib
from collections.abc import Generator, Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from dashboard.research.trading.driving import AsyncDriver, Driver
from dashboard.research.trading.following import (
    DeskWish,
    Hand,
    Hear,
    Lost,
    Open,
    Tell,
    TicksWish,
    follow,
)
from dashboard.research.trading.line import Line
from dashboard.research.trading.sessions import Secret
from dashboard.research.trading.sockets import AsyncSocket, Socket

T = TypeVar("T")
Following = Generator[Any, Any, None]
CLOSED = "This stream is closed"


class Stream(Secret, Generic[T]):
    """Iterate over what comes. Read it in one thread; `close` may be called from any."""

    def __init__(self, driver: Driver, following: Following) -> None:
        self._driver, self._steps = driver, following
        self._socket: Socket | None = None
        self._closed = False
        driver.streams.add(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        done, failure = None, None
        while not self._closed:
            try:
                step = self._steps.throw(failure) if failure else self._steps.send(done)
            except BaseException:
                self.close()
                raise
            if isinstance(step, Hand):
                return cast(T, step.item)
            done, failure = None, None
            try:
                done = self._do(step)
            except Exception as error:
                failure = error
        raise StopIteration

    def close(self) -> None:
        """End the stream; a second time does nothing."""
        self._closed = True
        if self._socket is not None:
            self._socket.close()

    def __del__(self) -> None:
        if self._socket is not None and not self._closed:  # a loop was left
            with contextlib.suppress(Exception):
                self._socket.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _do(self, step: Any) -> Any:
        if isinstance(step, Open):
            self._hang_up()
            self._socket = self._driver.open_socket(step.path, step.headers)
            if self._closed:
                self._socket.close()
            return None
        if isinstance(step, Tell):
            return self._open().tell(step.text)
        if isinstance(step, Hear):
            return self._open().hear(step.timeout_s)
        return self._driver.do(step)

    def _open(self) -> Socket:
        if self._socket is None:
            raise Lost(CLOSED)
        return self._socket

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class AsyncStream(Secret, Generic[T]):
    """Iterate over what comes, with ``async for``.

    It stays open until it is closed or its client is: a loop that may be left early belongs
    in an ``async with``.
    """

    def __init__(self, driver: AsyncDriver, following: Following) -> None:
        self._driver, self._steps = driver, following
        self._socket: AsyncSocket | None = None
        self._closed = False
        driver.streams.add(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        done, failure = None, None
        while not self._closed:
            try:
                step = self._steps.throw(failure) if failure else self._steps.send(done)
            except StopIteration:
                await self.close()
                break
            except BaseException:
                await self.close()
                raise
            if isinstance(step, Hand):
                return cast(T, step.item)
            done, failure = None, None
            try:
                done = await self._do(step)
            except Exception as error:
                failure = error
        raise StopAsyncIteration

    async def close(self) -> None:
        """End the stream; a second time does nothing."""
        self._closed = True
        self._driver.streams.discard(self)
        if self._socket is not None:
            await self._socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _do(self, step: Any) -> Any:
        if isinstance(step, Open):
            await self._hang_up()
            self._socket = await self._driver.open_socket(step.path, step.headers)
            if self._closed:
                await self._socket.close()
            return None
        if isinstance(step, Tell):
            return await self._open().tell(step.text)
        if isinstance(step, Hear):
            return await self._open().hear(step.timeout_s)
        return await self._driver.do(step)

    def _open(self) -> AsyncSocket:
        if self._socket is None:
            raise Lost(CLOSED)
        return self._socket

    async def _hang_up(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None


def follow_ticks(
    line: Line,
    names: list[str | int],
    desk: Mapping[str, str],
    interval_ms: int,
    timeout_s: float | None,
) -> Following:
    """Return the steps that bring ticks."""
    return follow(line, TicksWish(names, interval_ms), desk, timeout_s)


def follow_desk(
    line: Line, topics: list[str | int], desk: Mapping[str, str], timeout_s: float | None
) -> Following:
    """Return the steps that bring a desk's documents."""
    return follow(line, DeskWish(topics), desk, timeout_s)
