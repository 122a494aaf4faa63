"""All sockets of the process, and what they share."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from itertools import count
from weakref import WeakKeyDictionary

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.api.desks import SHARED
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.api.roll import Rolls
from dashboard.api.stream import codes
from dashboard.api.stream.client import Client
from dashboard.api.stream.codes import Refusal
from dashboard.api.stream.fanout import Fanout
from dashboard.api.stream.governor import Governor
from dashboard.api.stream.limits import ASK_EVERY, CLIENTS, CLIENTS_EACH, STALL_S, SWEEP_S
from dashboard.api.stream.signing_in import IN_URL, MOST_REASON, sign_in
from dashboard.api.stream.socket import Socket
from dashboard.api.stream.subscriptions import Subscriptions
from dashboard.auth.identity import Identity
from dashboard.core.clock import SECOND_NS
from dashboard.core.errors import TeziError
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Hub

log = structlog.get_logger(__name__)

NAME_BYTES = 6  # of a desk, so that streams differ from those of the process before
ENDED = "This sign-in is over or was ended: sign in again"


class StreamRoom:
    """Let clients in, follow desks while somebody does, and see that the dead are let go of.

    Used on one loop; while nobody is here it has no task, no timer and no listener.
    """

    def __init__(self, parts: ApiParts) -> None:
        self.parts = parts
        self.clients: set[Client] = set()
        self.fanouts: dict[int, Fanout] = {}
        self.subscriptions, self.rolls = Subscriptions(), Rolls()
        self.governor = Governor(parts.clock)
        self.counters: Counter[str] = Counter()
        self._names: WeakKeyDictionary[Hub, str] = WeakKeyDictionary()
        self._strangers = 0
        self._sweeper: asyncio.Task[None] | None = None
        self._listens = self._hears_of_ends = 0

    async def serve(self, websocket: WebSocket, make: Callable[..., Client]) -> None:
        """Serve one socket until it ends."""
        await websocket.accept()
        socket = Socket(websocket, self.parts.clock)
        self.counters["opened"] += 1
        try:
            await self._serve(socket, make)
        except WebSocketDisconnect:
            pass
        except Refusal as refusal:
            self.counters["refused"] += 1
            await self._say_goodbye(socket, refusal)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("socket failed", path=websocket.url.path)
            await self._say_goodbye(socket, Refusal(codes.GOING_AWAY, "The log says why"))
        finally:
            self.counters["frames"] += socket.frames
            self.counters["bytes"] += socket.bytes

    async def find(self, identity: Identity, name: str | None) -> Fanout:
        """Return what follows a desk; raise `Problem` where there is none of that name."""
        desk = await run_in_threadpool(self.parts.desks.find, identity, name)
        return self._following(desk, name or SHARED)

    def join(self, client: Client) -> None:
        """Let a client follow its desk."""
        self.fanouts[id(client.fanout.desk)] = client.fanout
        client.fanout.members.add(client)

    def leave(self, client: Client) -> None:
        """Let it follow no more; a desk that nobody follows is left."""
        fanout = client.fanout
        fanout.members.discard(client)
        if not fanout.members:
            self.counters["made"] += fanout.board.made + fanout.papers.made
            fanout.close()
            self.fanouts.pop(id(fanout.desk), None)

    def _following(self, desk: Desk, name: str) -> Fanout:
        """Return what follows a desk; whoever asked for it joins before anybody else asks."""
        found = self.fanouts.get(id(desk))
        if found is not None:
            return found
        stream = self._names.setdefault(desk.hub, secrets.token_urlsafe(NAME_BYTES))
        return Fanout(desk, name, stream, self.governor, self.parts.clock)

    async def _serve(self, socket: Socket, make: Callable[..., Client]) -> None:
        if len(self.clients) + self._strangers >= CLIENTS:
            raise Refusal(codes.TRY_LATER, f"{CLIENTS} clients are here, as many as there may be")
        self._strangers += 1
        try:
            identity = await sign_in(socket, self)
            name = socket.websocket.query_params.get(IN_URL)
            desk = await self._find_first(identity, name)
        finally:
            self._strangers -= 1
        self._refuse_too_many(identity)
        fanout = self._following(desk, name or SHARED)
        client = make(self, socket, identity, fanout)
        self._come(client)
        try:
            await client.run()
        finally:
            self._go(client)

    def _refuse_too_many(self, identity: Identity) -> None:
        mine = [one for one in self.clients if one.identity.account_id == identity.account_id]
        if len(mine) >= CLIENTS_EACH:
            raise Refusal(codes.TOO_MANY, f"{CLIENTS_EACH} sockets of this account are open")

    async def _find_first(self, identity: Identity, name: str | None) -> Desk:
        try:
            return await run_in_threadpool(self.parts.desks.find, identity, name)
        except (Problem, TeziError) as error:
            raise Refusal(codes.NO_DESK, str(error)) from error

    async def _say_goodbye(self, socket: Socket, refusal: Refusal) -> None:
        reason = refusal.reason.encode()[:MOST_REASON].decode(errors="ignore")
        try:
            await socket.close(refusal.code, reason)
        except WebSocketDisconnect:
            return

    # -- while somebody is here ----------------------------------------------------------

    def _come(self, client: Client) -> None:
        if not self.clients:
            self._begin()
        self.clients.add(client)
        self.join(client)

    def _go(self, client: Client) -> None:
        self.clients.discard(client)
        client.close()
        self.leave(client)
        if not self.clients:
            self._rest()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.create_task(self._sweep())

        def shared() -> None:  # by whichever thread
            loop.call_soon_threadsafe(self._follow_shared)

        def ended(credential: str) -> None:
            loop.call_soon_threadsafe(self._ended, credential)

        self._listens = self.parts.room.desks.listen(shared)
        self._hears_of_ends = self.parts.accounts.listen(ended)

    def _rest(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        self.parts.room.desks.leave(self._listens)
        self.parts.accounts.leave(self._hears_of_ends)

    def _follow_shared(self) -> None:
        """Go over to the desk that is shared now, with all who follow the shared one."""
        shared = self.parts.room.desks.shared
        followers = [client for client in self.clients if client.follows_shared]
        if shared is not None and followers:
            fanout = self._following(shared, SHARED)
            for client in followers:
                client.move(fanout)

    def _ended(self, credential: str) -> None:
        """Close what was opened with a sign-in or key that was ended."""
        for client in self.clients:
            if client.identity.credential == credential:
                client.end(Refusal(codes.NOT_SIGNED_IN, ENDED))

    async def _sweep(self) -> None:
        for number in count(1):
            await asyncio.sleep(SWEEP_S)
            for client in list(self.clients):
                self._look_at(client)
            if number % ASK_EVERY == 0:
                await self._ask_of_ends()

    async def _ask_of_ends(self) -> None:
        """Close what was ended by another process, as by the command line."""
        for credential in {client.identity.credential for client in self.clients}:
            try:
                if await run_in_threadpool(self.parts.accounts.is_over, credential):
                    self._ended(credential)
            except TeziError as error:  # the database is busy: ask later
                log.warning("cannot ask whether a sign-in is over", error=str(error))
                return

    def _look_at(self, client: Client) -> None:
        if client.socket.stalled_s() > STALL_S:
            self.counters["slow_closes"] += 1
            client.end(Refusal(codes.GOING_AWAY, "Nothing was taken for long"))
        expires_s = client.identity.expires_s
        if expires_s is not None and self.parts.clock.now_ns() >= expires_s * SECOND_NS:
            client.end(Refusal(codes.NOT_SIGNED_IN, ENDED))
        desks = self.parts.room.desks
        if not any(client.fanout.desk is one for one in (desks.shared, *desks.replays)):
            client.end(Refusal(codes.NO_DESK, "This desk was closed"))
