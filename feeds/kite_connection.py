"""One numbered place for a WebSocket to Kite: what it carries, and how it is doing.

Everything but `status` belongs to the reactor's thread.
"""

from collections.abc import Callable
from typing import Protocol

import orjson

from dashboard.core.clock import Clock
from dashboard.core.kite import ConnectionStatus, Grant, shown_key
from dashboard.core.market import Frame
from feeds.kite_ages import Ages
from feeds.kite_ticker import Hears
from feeds.wire import tokens_of

CONNECTING, SILENT, FLOWING = "connecting", "silent", "flowing"
WAITING, REFUSED, CLOSED = "waiting", "refused", "closed"
OPEN = (SILENT, FLOWING)

MESSAGE_S = 10  # Kite sends a heartbeat about every second: without any message it is mute
TICK_S = 12  # heartbeats alone, while ticks are expected
LONGEST_TICK_S = 300  # once rebuilding did not help, as in a halt of the whole market
FLOWED_S = 5  # ticks up to here are the answer to a subscription, which comes in a halt too
LIVELY = 50  # instruments of which one ticks every few seconds, however far their strikes
INDEX_SEGMENT = 9  # the token's last byte; an index is computed every second
FULL = "full"


class Line(Protocol):
    """What a connection needs of a ticker."""

    def subscribe(self, instrument_tokens: list[int]) -> object:
        """Ask for ticks."""
        ...

    def unsubscribe(self, instrument_tokens: list[int]) -> object:
        """Ask for no more ticks."""
        ...

    def set_mode(self, mode: str, instrument_tokens: list[int]) -> object:
        """Ask for packets of a kind."""
        ...

    def hang_up(self) -> None:
        """Close it; its listener hears no more."""
        ...


Dial = Callable[[Grant, Hears], Line]


class Owner(Protocol):
    """Who decides when a connection is opened."""

    def on_open(self) -> None:
        """Hear that a connection is open."""
        ...

    def on_flow(self) -> None:
        """Hear of the first ticks after a connection was opened."""
        ...

    def on_lost(self, reason: str) -> None:
        """Hear that a connection is not there any more."""
        ...


class Connection:
    """See the module. It opens when told to, and tells its owner what became of it.

    Attributes
    ----------
    number : int
        As its frames carry it.
    tokens : frozenset of int
        Instruments it carries, or will once it is open.
    state : str
        As `ConnectionStatus` names it.
    opened_at : float
        When it was opened last, in seconds of the monotonic clock.
    """

    def __init__(
        self,
        number: int,
        clock: Clock,
        ages: Ages,
        emit: Callable[[Frame], None],
        dial: Dial,
    ) -> None:
        self.number = number
        self.tokens: frozenset[int] = frozenset()
        self.state = CLOSED
        self.opened_at = 0.0
        self.owner: Owner
        self._clock, self._ages, self._emit, self._dial = clock, ages, emit, dial
        self._line: Line | None = None
        self._since_ns = clock.now_ns()
        self._last_ns: int | None = None
        self._heard_at = 0.0
        self._messages = 0
        self._attempts = 0
        self._quiet_rebuilds = 0
        self._reason = ""
        self._secret = ""

    @property
    def is_open(self) -> bool:
        """Say whether messages can come."""
        return self.state in OPEN

    def status(self, api_key: str) -> ConnectionStatus:
        """Return what may be told of it."""
        return ConnectionStatus(
            number=self.number,
            key=shown_key(api_key),
            state=self.state,
            tokens=len(self.tokens),
            since_ns=self._since_ns,
            last_ns=self._last_ns,
            messages=self._messages,
            attempts=self._attempts,
            reason=self._reason,
        )

    def carry(self, tokens: frozenset[int]) -> None:
        """Carry these instruments from now on; only the difference is asked for."""
        before, self.tokens = self.tokens, tokens
        if tokens and self.is_open and self._line is not None:
            self._ask(self._line, tokens - before, before - tokens)
        elif not tokens and self.state not in (CLOSED, REFUSED):
            self.rest(CLOSED, "Nothing is asked of it")

    def open(self, grant: Grant) -> None:
        """Try to connect."""
        self._turn(CONNECTING, self._reason)
        self._secret = grant.access_token
        self._attempts += 1
        try:
            self._line = self._dial(grant, self)
        except Exception as error:  # an address that is none, a certificate that cannot be read
            self.lost(self._clean(f"No connection can be made: {error}"))

    def rest(self, state: str, reason: str) -> None:
        """Hang up, and stay in `state` until told otherwise."""
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()
        if state == CLOSED:
            self._attempts = 0
        self._turn(state, reason)

    def silence(self, now: float, ticks_expected_since: float | None) -> str | None:
        """Return why it must be rebuilt, None while it is as it should be."""
        if not self.is_open:
            return None
        without = now - self._heard_at
        if without > MESSAGE_S:
            return f"No message came for {without:.0f} s"
        if ticks_expected_since is None or not self._is_lively():
            return None
        newest = self._ages.newest(self.tokens)
        without = now - max(newest, self.opened_at, ticks_expected_since)
        if newest - self.opened_at > FLOWED_S:
            self._quiet_rebuilds = 0
        if without <= min(TICK_S * 2**self._quiet_rebuilds, LONGEST_TICK_S):
            return None
        self._quiet_rebuilds += 1
        return f"Heartbeats came, but no tick for {without:.0f} s"

    # -- what the ticker tells ---------------------------------------------------------------

    def opened(self) -> None:
        """Ask for all instruments, and mark in the frames that the connection is a new one."""
        self.opened_at = self._heard_at = self._clock.monotonic()
        self._turn(SILENT, "")
        self._emit(Frame(self._since_ns, self.number, b""))
        if self._line is not None:
            self._ask(self._line, self.tokens, frozenset())
        self.owner.on_open()

    def heard(self, payload: bytes, is_binary: bool) -> None:
        """Hand on a message, whatever it is, and learn from it that the connection lives."""
        received_ns = self._clock.now_ns()
        self._emit(Frame(received_ns, self.number, payload))
        self._last_ns, self._heard_at = received_ns, self._clock.monotonic()
        self._messages += 1
        if not is_binary:
            self._reason = self._clean(_error_in(payload)) or self._reason
        elif len(payload) > 2:
            self._ages.note(self._heard_at, payload)
            if self.state == SILENT and not self.tokens.isdisjoint(tokens_of(payload).tolist()):
                self._attempts = 0
                self._turn(FLOWING, self._reason)
                self.owner.on_flow()

    def lost(self, reason: str) -> None:
        """Wait for the next attempt."""
        self.rest(WAITING, reason)
        self.owner.on_lost(reason)

    # -- inside --------------------------------------------------------------------------------

    def _ask(self, line: Line, more: frozenset[int], less: frozenset[int]) -> None:
        if less:
            line.unsubscribe(sorted(less))
        if more:
            line.subscribe(sorted(more))
            line.set_mode(FULL, sorted(more))

    def _clean(self, reason: str) -> str:
        return reason.replace(self._secret, "…") if self._secret else reason

    def _turn(self, state: str, reason: str) -> None:
        if state != self.state:
            self._since_ns = self._clock.now_ns()
        self.state, self._reason = state, reason

    def _is_lively(self) -> bool:
        has_index = any(token & 0xFF == INDEX_SEGMENT for token in self.tokens)
        return has_index or len(self.tokens) >= LIVELY


def _error_in(text: bytes) -> str:
    """Return what a text message complains of; "" for orders and everything else."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(message, dict) or message.get("type") != "error":
        return ""
    return f"Kite says: {str(message.get('data'))[:200]}"
