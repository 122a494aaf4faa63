"""One client: a task that reads what it says and one that tells it, each at its own pace.

What a client does not take waits in the desk's state and nowhere else. The task that tells
is blocked by its own client only, and finds the latest state when it goes on.
"""

import asyncio
import contextlib
import math
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from dashboard.api.callers import identify
from dashboard.api.desks import SHARED
from dashboard.api.problems import Problem
from dashboard.api.stream import codes
from dashboard.api.stream.codes import Fault, Refusal
from dashboard.api.stream.fanout import Fanout
from dashboard.api.stream.forms import Form
from dashboard.api.stream.limits import MESSAGE_BYTES, READY_S, TOKENS, TOPICS
from dashboard.api.stream.messages import Pace, read_message
from dashboard.api.stream.socket import Socket
from dashboard.api.stream.view import View
from dashboard.api.stream.wishes import read_form, read_interval_s
from dashboard.auth.identity import Identity, Scope
from dashboard.core.errors import TeziError

if TYPE_CHECKING:
    from dashboard.api.stream.room import StreamRoom

log = structlog.get_logger(__name__)

PROTOCOL = 1
ID_BYTES = 6
LOOK_S = 0.1  # at a day that loads
Action = Callable[[dict[str, Any]], Awaitable[None]]


class Client(ABC):
    """Follow a desk on behalf of one socket."""

    path: str

    def __init__(
        self, room: "StreamRoom", socket: Socket, identity: Identity, fanout: Fanout
    ) -> None:
        self.id = secrets.token_urlsafe(ID_BYTES)
        self.room, self.socket, self.identity, self.fanout = room, socket, identity, fanout
        self.form, self.interval_s = Form(), 0.0
        self._clock = room.parts.clock
        self._pace = Pace(self._clock)
        self._due_s = 0.0
        self._news, self._urgent = asyncio.Event(), asyncio.Event()
        self._stream: str | None = None
        self._is_gone = False
        self._ending: Refusal | None = None

    @property
    def follows_shared(self) -> bool:
        """Say whether it goes over to another desk when that is shared."""
        return self.fanout.id == SHARED

    @abstractmethod
    def actions(self) -> Mapping[str, Action]:
        """Return what its messages may ask for, besides what every client's may."""

    @abstractmethod
    async def tell(self, fanout: Fanout, view: View) -> None:
        """Send what the client lacks; the socket's lock is held."""

    @abstractmethod
    def forget_seen(self) -> None:
        """Take it that the client has seen nothing: the desk is another one."""

    @abstractmethod
    def close(self) -> None:
        """Give back what was asked of the desk: the client is gone."""

    def wake(self, *, ticked: bool) -> None:
        """Look at the desk's view."""
        if ticked or (self.fanout.view and self.fanout.view.stream != self._stream):
            self._news.set()

    def end(self, refusal: Refusal) -> None:
        """Close the socket; one that takes nothing is cut off."""
        self._ending = self._ending or refusal
        if self.socket.is_sending:
            self.socket.abort()
        self._hurry()

    def move(self, fanout: Fanout) -> None:
        """Go over to another desk."""
        if fanout is not self.fanout:
            self.room.leave(self)
            self.fanout = fanout
            self.room.join(self)
            self._hurry()

    async def run(self) -> None:
        """Serve the client until it is gone or shut out."""
        view = await self.fanout.first_view(READY_S)
        if view is None:
            raise Refusal(codes.TRY_LATER, "The desk has nothing to tell yet")
        self._stream = view.stream
        await self._send(
            {
                "type": "connected",
                "client": self.id,
                "protocol": PROTOCOL,
                "desk": view.envelope(),
                "limits": {"tokens": TOKENS, "topics": TOPICS, "message_bytes": MESSAGE_BYTES},
                "stream": view.stream,
            }
        )
        reader = asyncio.create_task(self._read())
        try:
            await self._write()
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader

    # -- what it is told -----------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            await self._gather()
            self._news.clear()
            if self._is_gone:
                return
            if self._ending is not None:
                raise self._ending
            async with self.socket.lock:
                fanout = self.fanout
                if fanout.view is not None:  # else the round that brings the first one wakes us
                    await self._tell_stream(fanout.view)
                    await self.tell(fanout, fanout.view)

    async def _gather(self) -> None:
        """Wait until the next frame is due; equal intervals are due at one time."""
        now_s = self._clock.monotonic()
        if self.interval_s and now_s < self._due_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), self._due_s - now_s)
        self._urgent.clear()
        if self.interval_s:
            passed = math.floor(self._clock.monotonic() / self.interval_s)
            self._due_s = (passed + 1) * self.interval_s

    async def _tell_stream(self, view: View) -> None:
        if view.stream == self._stream:
            return
        self._stream = view.stream
        self.forget_seen()
        changed = {"type": "desk_changed", "desk": view.envelope(), "stream": view.stream}
        await self.socket.send(self.form.write(changed))

    async def _send(self, document: Mapping[str, Any]) -> None:
        async with self.socket.lock:
            await self.socket.send(self.form.write(document))

    def _hurry(self) -> None:
        self._urgent.set()
        self._news.set()

    # -- what it says --------------------------------------------------------------------

    async def _read(self) -> None:
        actions: dict[str, Action] = {
            "ping": self._ping,
            "configure": self._configure,
            "auth": self._renew,
            **self.actions(),
        }
        try:
            while True:
                await self._answer(await self.socket.receive(), actions)
        except WebSocketDisconnect:
            self._is_gone = True
        except Refusal as refusal:
            self._ending = self._ending or refusal
        except Exception:
            log.exception("socket failed", path=self.path)
            self._ending = self._ending or Refusal(
                codes.GOING_AWAY, "Tezi failed; its log says why"
            )
        finally:
            self._hurry()

    async def _answer(self, payload: str | bytes, actions: Mapping[str, Action]) -> None:
        number = None
        try:
            self._pace.count()
            message = read_message(payload, self.form)
            number = message.get("id")
            action = actions.get(message["action"])
            if action is None:
                known = ", ".join(sorted(actions))
                raise Fault("unknown_action", f"Known here: {known}", "action")
            await action(message)
        except Fault as fault:
            await self.complain(fault, number)
        except Problem as problem:
            await self.complain(Fault("refused", problem.detail, problem.where), number)
        except TeziError as error:
            await self.complain(Fault("refused", str(error)), number)

    async def go_to_desk(self, message: Mapping[str, Any]) -> None:
        """Go over to the desk that a message names, if it names one."""
        name = message.get("desk")
        if name is None:
            return
        if not isinstance(name, str):
            raise Fault("malformed", "desk is the id of a replay of yours", "desk")
        self.move(await self.room.find(self.identity, name))

    async def open_view(self) -> View:
        """Return the desk's view; a day that loads is waited for, within reason."""
        for _ in range(round(READY_S / LOOK_S)):
            view = self.fanout.view
            if view is not None and view.quotes is not None:
                return view
            await asyncio.sleep(LOOK_S)
        raise Fault("not_ready", "The desk's day is not open yet: ask again", "desk")

    async def complain(self, fault: Fault, number: Any) -> None:
        """Say what was wrong with a message."""
        self.room.counters["errors"] += 1
        await self._send(
            {
                "type": "error",
                "code": fault.code,
                "detail": fault.detail,
                "where": fault.where,
                "id": number,
            }
        )

    async def _ping(self, message: dict[str, Any]) -> None:
        await self._send({"type": "pong", "id": message.get("id")})

    async def _configure(self, message: dict[str, Any]) -> None:
        form, interval_s = read_form(message, self.form), read_interval_s(message, self.interval_s)
        async with self.socket.lock:  # nothing may come between the answer and the new form
            await self.socket.send(
                self.form.write(
                    {
                        "type": "configured",
                        "format": form.format,
                        "compression": form.compression,
                        "interval_ms": round(interval_s * 1000),
                        "id": message.get("id"),
                    }
                )
            )
            self.form, self.interval_s, self._due_s = form, interval_s, 0.0
        self._hurry()

    async def _renew(self, message: dict[str, Any]) -> None:
        """Go on with a newer token, of the same account, before the one shown is over."""
        fresh = await shown_in(message, self.socket, self.room)
        if fresh.account_id != self.identity.account_id or not fresh.may(Scope.READ):
            raise Fault("forbidden", "This is another account's, or may not read", "token")
        self.identity = fresh
        await self._send({"type": "authenticated", "id": message.get("id")})


async def shown_in(message: Mapping[str, Any], socket: Socket, room: "StreamRoom") -> Identity:
    """Return who a message of action auth shows.

    Raises
    ------
    Fault
        Where it shows nothing.
    Problem
        Where that does not count.
    """
    token, key = message.get("token"), message.get("key")
    if not any(isinstance(each, str) and each for each in (token, key)):
        raise Fault("malformed", 'Send {"action": "auth", "token": ...} or "key"', "token")
    token = token if isinstance(token, str) else None
    key = key if isinstance(key, str) else None
    return await run_in_threadpool(identify, socket.websocket, room.parts, token, key)
