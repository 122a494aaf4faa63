"""Tezi's API in this process: the same answers without a server.

Requests and sockets go to the application itself, on a loop that runs in a thread of its own.
Whoever uses it is the person at this machine: a researcher whose account lies in a database
that goes away, so that nothing of yours is signed in to or written to.
"""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Mapping, MutableMapping
from datetime import datetime, time
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from cryptography.fernet import Fernet

from dashboard.api.app import make_app
from dashboard.api.parts import ApiParts, make_parts
from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import SCOPES, Role
from dashboard.composition import make_tools
from dashboard.core.clock import IST, SystemClock, from_ns
from dashboard.core.errors import InputError
from dashboard.desk_room import DeskRoom
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.research.client import RecordedDay, my_store
from dashboard.research.trading.following import Lost, Payload
from dashboard.settings import Mode, Settings
from storage.accounts import SqlAccounts
from storage.schema import open_database
from storage.sealing import Seal
from storage.store import SqlStore

T = TypeVar("T")
ADDRESS = "http://tezi.here"  # no name of a host; it is not looked up
NAME = "here"
NO_PASSWORD = "!"  # noqa: S105 - no password has this hash
FRAMES = 16  # of a socket that wait to be read; then the desk's latest state waits instead
GOODBYE_S = 5.0


class Here:
    """An API that nobody serves. `key` is good in it alone."""

    def __init__(
        self,
        day: RecordedDay | None = None,
        *,
        at: str | None = None,
        store: SqlStore | None = None,
    ) -> None:
        """Open the desk of `day` as it stood at `at`, or what `store` has; see `here`."""
        if day is None and at is not None:
            raise InputError("`at` is a time of a day: give the day too")
        begin = _instant(day, at) if day is not None else None
        self._own_store = None if day is not None or store is not None else my_store()
        self._folder = Path(tempfile.mkdtemp(prefix="tezi-"))
        self._database = open_database(f"sqlite:///{self._folder / 'accounts.sqlite'}")
        clock = SystemClock()
        opened = _store_of(day) if day is not None else store or self._own_store
        assert opened is not None
        tools = day.stored.tools if day is not None else make_tools(opened)
        self._room = DeskRoom(Desks(tools, clock), opened, Mode.REPLAY)
        self.accounts = Accounts(
            SqlAccounts(self._database), clock, seal=Seal(Fernet.generate_key())
        )
        self.parts: ApiParts = make_parts(
            Settings(home=self._folder), clock, self.accounts, self._room, lambda: None
        )
        self.app = make_app(self.parts)
        account_id = self.join(NAME, NO_PASSWORD)
        scopes = SCOPES[Role.RESEARCHER]
        self.key = self.accounts.make_api_key(account_id, NAME, scopes).key
        if day is not None:
            _share(self._room, day, begin)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="tezi-here", daemon=True)
        self._thread.start()

    def join(self, name: str, password_hash: str) -> int:
        """Make an account for a researcher and return its number."""
        accounts = SqlAccounts(self._database)
        return accounts.create_account(name, password_hash, Role.RESEARCHER.value).id

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what comes of `work`, done on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def awaited(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the same to another loop, which goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def close(self) -> None:
        """End desks, thread and loop and give the store back; a second time does nothing."""
        if self.loop.is_closed():
            return
        self.parts.looking.forget()
        self._room.stop()
        self.run(_finish())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        self._database.close()
        if self._own_store is not None:
            self._own_store.close()
        rmtree(self._folder, ignore_errors=True)


def _store_of(day: RecordedDay) -> SqlStore:
    store = day.stored.tools.store
    assert isinstance(store, SqlStore)
    return store


def _share(room: DeskRoom, day: RecordedDay, begin: datetime | None) -> None:
    """Let the day's desk be the one that is meant where none is named; it stands still."""
    stored, tools = day.stored, room.desks.tools
    fresh = StoredDay(tools, stored.day, stored.source)
    desk = Desk(fresh, tools.calendar, room.desks.clock, shared=True, begin=begin)
    room.desks.share(desk)
    desk.start(playing=False)


def _instant(day: RecordedDay, at: str | None) -> datetime | None:
    """Return a time of a day, or its end."""
    if at is not None:
        try:
            return datetime.combine(day.stored.day, time.fromisoformat(at), IST)
        except ValueError:
            raise InputError(f"{at!r} is no time of a day; one is 13:42") from None
    last_ns = day.stored.summary().last_ns
    return from_ns(last_ns) if last_ns else None


async def _finish() -> None:
    """Let whatever still runs come to its end."""
    loop = asyncio.get_running_loop()
    others = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


# -- requests --------------------------------------------------------------------------------
async def _asked(here: Here, request: httpx2.Request) -> httpx2.Response:
    transport = httpx2.ASGITransport(here.app, raise_app_exceptions=False)
    response = await transport.handle_async_request(request)
    raw = b"".join([piece async for piece in response.aiter_raw()])
    return httpx2.Response(response.status_code, headers=response.headers, content=raw)


class HereTransport(httpx2.BaseTransport):
    """Hand requests to the application."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the application's answer."""
        return self._here.run(_asked(self._here, request))


class AsyncHereTransport(httpx2.AsyncBaseTransport):
    """Hand requests to the application, and await."""

    def __init__(self, here: Here) -> None:
        self._here = here

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the application's answer."""
        return await self._here.awaited(_asked(self._here, request))


# -- sockets ---------------------------------------------------------------------------------
class _Pipe:
    """A WebSocket of the application, without a wire. Used on the application's loop."""

    def __init__(self, here: Here, path: str, headers: Mapping[str, str]) -> None:
        self._said: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue(FRAMES)
        self._closed: Lost | None = None
        self._said.put_nowait({"type": "websocket.connect"})
        self._task = here.loop.create_task(self._serve(here, _scope(path, headers)))

    async def _serve(self, here: Here, scope: MutableMapping[str, Any]) -> None:
        try:
            await here.app(scope, self._said.get, self._heard.put)
        finally:
            self._closed = self._closed or Lost("The socket ended")
            if not self._heard.full():
                self._heard.put_nowait({"type": "websocket.close"})

    async def tell(self, text: str) -> None:
        if self._closed is not None:
            raise self._closed
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self, timeout_s: float | None) -> Payload | None:
        while True:
            if self._closed is not None and self._heard.empty():
                raise self._closed
            try:
                async with asyncio.timeout(timeout_s):
                    message = await self._heard.get()
            except TimeoutError:
                return None
            if message["type"] == "websocket.close":
                self._closed = Lost(message.get("reason") or "Closed", message.get("code"))
                raise self._closed
            if message["type"] == "websocket.send":
                text = message.get("text")
                payload: Payload = text if text is not None else message["bytes"]
                return payload

    async def close(self) -> None:
        self._closed = self._closed or Lost("The socket is closed")
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        while not self._heard.empty():  # what waits to be told must not wait for ever
            self._heard.get_nowait()
        done, _ = await asyncio.wait({self._task}, timeout=GOODBYE_S)
        if not done:
            self._task.cancel()


async def _pipe(here: Here, path: str, headers: Mapping[str, str]) -> _Pipe:
    return _Pipe(here, path, headers)


class HereSocket:
    """A socket to the application."""

    def __init__(self, here: Here, path: str, headers: Mapping[str, str]) -> None:
        self._here = here
        self._pipe = here.run(_pipe(here, path, headers))

    def tell(self, text: str) -> None:
        """Send a message."""
        self._here.run(self._pipe.tell(text))

    def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""
        return self._here.run(self._pipe.hear(timeout_s))

    def close(self) -> None:
        """Close it."""
        if not self._here.loop.is_closed():
            self._here.run(self._pipe.close())

    def abandon(self) -> None:
        """Let go of it without waiting."""
        loop, pipe = self._here.loop, self._pipe
        loop.call_soon_threadsafe(lambda: loop.create_task(pipe.close()))


class AsyncHereSocket:
    """A socket to the application, awaited."""

    def __init__(self, here: Here, pipe: _Pipe) -> None:
        self._here, self._pipe = here, pipe

    @classmethod
    async def open(cls, here: Here, path: str, headers: Mapping[str, str]) -> "AsyncHereSocket":
        """Return an open one."""
        return cls(here, await here.awaited(_pipe(here, path, headers)))

    async def tell(self, text: str) -> None:
        """Send a message."""
        await self._here.awaited(self._pipe.tell(text))

    async def hear(self, timeout_s: float | None) -> Payload | None:
        """Return the next frame, None where none came in time."""
        return await self._here.awaited(self._pipe.hear(timeout_s))

    async def close(self) -> None:
        """Close it."""
        if not self._here.loop.is_closed():
            await self._here.awaited(self._pipe.close())


def _scope(path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(path)
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("tezi.here", 80),
        "subprotocols": [],
        "extensions": {},
        "state": {},
    }
