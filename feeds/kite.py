"""All WebSockets to Kite of the system: who wants what, on which connection, with which token.

    owners' wishes -> spread over connections -> tickers -> frames, stamped on arrival

Nothing is decoded here and nothing waits: a message is stamped and handed on in the
reactor's thread. Public methods leave word for that thread and return.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from functools import partial
from random import Random, SystemRandom
from typing import Any

import structlog

from dashboard.core.clock import Clock
from dashboard.core.kite import ConnectionStatus, Endpoints, Grant
from dashboard.core.market import Frame
from feeds.kite_ages import Ages
from feeds.kite_backoff import Backoff
from feeds.kite_connection import Connection, Dial
from feeds.kite_key import NO_TOKEN, Key
from feeds.kite_spread import PER_KEY, spread
from feeds.kite_ticker import dial, in_reactor, start_reactor

log = structlog.get_logger(__name__)

Run = Callable[[Callable[[], None]], None]


class KitePool:
    """Implement `dashboard.core.kite.TickPool` with Kite's own client.

    Parameters
    ----------
    clock : Clock
        Stamps frames, and paces attempts.
    on_frame : callable
        Takes each `Frame`, in the reactor's thread: it must be quick. What it raises is
        counted in `unheard` and drops no connection.
    on_confirmed : callable
        Takes an API key when the first ticks after an opening came with its token.
    on_refused : callable
        Takes an API key and Kite's words when Kite does not take its token any more.
    endpoints : Endpoints
        Where Kite is.
    trust_root
        Which authorities may vouch for Kite's host, as Twisted takes it; None for the usual.
    rng : Random
        Draws the jitter of waits.
    dial, run : callables
        How to connect, and how to run something in the thread of the connections.
    """

    def __init__(
        self,
        clock: Clock,
        on_frame: Callable[[Frame], None],
        on_confirmed: Callable[[str], None],
        on_refused: Callable[[str, str], None],
        endpoints: Endpoints = Endpoints(),  # noqa: B008  a frozen value
        trust_root: Any = None,
        rng: Random | None = None,
        dial: Dial | None = None,
        run: Run | None = None,
    ) -> None:
        self.unheard = 0
        self._clock = clock
        self._on_frame = on_frame
        self._on_confirmed, self._on_refused = on_confirmed, on_refused
        self._rng = rng or SystemRandom()
        self._dial = dial or partial(_dial, endpoints.socket, trust_root)
        self._run = run or _in_own_thread
        self._lock = threading.Lock()
        self._owners: dict[str, frozenset[int]] = {}
        self._ages = Ages()
        self._keys: dict[str, Key] = {}  # in the order of their first grant, for good
        self._shown: tuple[Key, ...] = ()  # the same, for other threads
        self._ticks_expected_since: float | None = None

    # -- from any thread -----------------------------------------------------------------------

    def grant(self, grants: Collection[Grant]) -> None:
        """Use these tokens from now on: connect at once, drop connections of others."""
        self._run(partial(self._use, {grant.api_key: grant for grant in grants}))

    def want(self, owner: str, tokens: Collection[int]) -> None:
        """Say which instruments `owner` needs from now on; those nobody needs are dropped."""
        with self._lock:
            self._owners[owner] = frozenset(int(token) for token in tokens)
            if not self._owners[owner]:
                del self._owners[owner]
            self._ages.watch(self._wanted())
        self._run(self._settle)

    def expect_ticks(self, expected: bool) -> None:
        """Say whether instruments trade now: only then are heartbeats alone not enough."""
        self._run(partial(self._expect, expected))

    def check(self) -> None:
        """Look for connections that fell silent and for attempts that are due."""
        self._run(self._look)

    def connections(self) -> tuple[ConnectionStatus, ...]:
        """Return what each connection is doing."""
        return tuple(status for key in self._shown for status in key.statuses())

    def ages_s(self) -> Mapping[int, float]:
        """Return seconds since the last tick of each wanted instrument (inf before the first)."""
        return self._ages.at(self._clock.monotonic())

    def close(self) -> None:
        """Close every connection; `grant` opens them again."""
        self._run(self._stop)

    # -- in the thread of the connections --------------------------------------------------------

    def _use(self, grants: Mapping[str, Grant]) -> None:
        for api_key in grants:
            if api_key not in self._keys:
                self._keys[api_key] = self._key(api_key, PER_KEY * len(self._keys))
        for api_key, key in self._keys.items():
            if api_key in grants:
                key.use(grants[api_key])
            else:
                key.stop(NO_TOKEN)
        self._shown = tuple(self._keys.values())
        self._settle()

    def _settle(self) -> None:
        """Let each connection carry its part, and open those that are needed."""
        with self._lock:
            wanted = self._wanted()
        connections = [c for key in self._shown for c in key.connections]
        usable = [key for key in self._shown if key.is_usable]
        if not usable:
            for connection in connections:
                connection.carry(connection.tokens & wanted)
            return
        carried = {connection.number: connection.tokens for connection in connections}
        numbers = [[c.number for c in key.connections] for key in usable]
        places, homeless = spread(wanted, carried, numbers)
        if homeless:
            log.warning("Kite's connections are full", instruments_without_ticks=len(homeless))
        for connection in connections:
            connection.carry(places.get(connection.number, frozenset()))
        for key in usable:
            key.open_due()

    def _expect(self, expected: bool) -> None:
        if not expected:
            self._ticks_expected_since = None
        elif self._ticks_expected_since is None:
            self._ticks_expected_since = self._clock.monotonic()

    def _look(self) -> None:
        for key in self._shown:
            key.look(self._ticks_expected_since)

    def _stop(self) -> None:
        for key in self._shown:
            key.stop("Closed")

    # -- what connections and keys tell ------------------------------------------------------------

    def _emit(self, frame: Frame) -> None:
        try:
            self._on_frame(frame)
        except Exception:
            self.unheard += 1
            if self.unheard == 1:  # one after the other would fill the disk
                log.exception("A frame found no taker", connection=frame.connection)

    def _confirmed(self, api_key: str) -> None:
        try:
            self._on_confirmed(api_key)
        except Exception:
            log.exception("Nobody heard that a token is good")

    def _refused(self, api_key: str, reason: str) -> None:
        try:
            self._on_refused(api_key, reason)
        except Exception:
            log.exception("Nobody heard that Kite refused a token")
        self._settle()  # its instruments go to the other keys

    # -- inside --------------------------------------------------------------------------------

    def _wanted(self) -> frozenset[int]:
        return frozenset().union(*self._owners.values())

    def _key(self, api_key: str, first: int) -> Key:
        connections = [
            Connection(number, self._clock, self._ages, self._emit, self._dial)
            for number in range(first, first + PER_KEY)
        ]
        backoff = Backoff(self._rng)
        return Key(api_key, connections, backoff, self._clock, self._confirmed, self._refused)


def _dial(root: str, trust_root: Any, grant: Grant, hears: Any) -> Any:
    return dial(grant, root, hears, trust_root)


def _in_own_thread(call: Callable[[], None]) -> None:
    start_reactor()
    in_reactor(call)
