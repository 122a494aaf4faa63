"""What Tezi knows of Kite Connect: sessions, connections, and what is asked of its API.

`feeds` implements the protocols with the real client, `storage` keeps the tokens,
`dashboard.operations` owns the one state machine of each API key.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Instrument

SHOWN_OF_KEY = 4  # characters of an API key that a page or a log may show


class SessionState(StrEnum):
    """Where an API key's access token stands."""

    VALID = "valid"  # ticks or a good answer of the API came with it
    EXPIRED = "expired"  # older than the last 06:00 IST: it is tried once before a person is asked
    REQUIRED = "required"  # there is none, or Kite refused it: a person must sign in
    REFRESHING = "refreshing"  # a sign-in, or the trial of a kept token, is under way


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where Kite is. Others than Kite's own serve tests."""

    rest: str = "https://api.kite.trade"
    login: str = "https://kite.zerodha.com/connect/login"
    socket: str = "wss://ws.kite.trade"


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, and whom it was given to. It is never shown, logged or kept in clear."""

    api_key: str
    access_token: str = field(repr=False)
    user_id: str
    issued_ns: int


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What may be told of an API key's session."""

    key: str  # the end of the API key: see `shown_key`
    state: SessionState
    since_ns: int
    reason: str  # a sentence: why it is so, and what to do where something is to be done
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """One WebSocket to Kite.

    `state` is "connecting", "silent" (open, no tick since it was opened), "flowing", "waiting"
    (before the next attempt), "refused" (its token is dead: nothing is tried) or "closed".
    """

    number: int
    key: str
    state: str
    tokens: int  # subscribed on it
    since_ns: int  # of the state
    last_ns: int | None  # arrival of the last message
    messages: int
    attempts: int  # in a row without a tick
    reason: str = ""


def shown_key(api_key: str) -> str:
    """Return what may be shown of an API key: its last characters."""
    return f"…{api_key[-SHOWN_OF_KEY:]}"


class KiteApi(Protocol):
    """Kite's REST interface for one API key. Every call blocks: never on the server's loop.

    Each raises `KiteTokenError` where Kite says that the token is dead (403),
    `KiteLimitError` on 429, and `KiteError` for everything else, in one sentence without any
    secret.
    """

    @property
    def api_key(self) -> str:
        """Return the key; show it only through `shown_key`."""
        ...

    def login_url(self, state: str) -> str:
        """Return where a person signs in; Kite hands `state` back with the request token."""
        ...

    def exchange(self, request_token: str) -> Grant:
        """Return the access token that a request token is good for, once."""
        ...

    def check(self, access_token: str) -> str:
        """Return the user id a token belongs to."""
        ...

    def instruments(self, access_token: str) -> bytes:
        """Return the day's instruments dump: CSV of all exchanges."""
        ...

    def last_prices(
        self, access_token: str, instruments: Sequence[Instrument]
    ) -> Mapping[int, float]:
        """Return last prices [INR] by token; what Kite does not know is left out."""
        ...

    def candles(
        self, access_token: str, token: int, timeframe: str, start: datetime, end: datetime
    ) -> npt.NDArray[np.void]:
        """Return historical candles that start in [start, end), as BAR_DTYPE.

        `timeframe` is one of `TIMEFRAMES` or "1d". Long ranges are asked in parts, at most
        three requests a second.
        """
        ...


class GrantKeeper(Protocol):
    """Keep access tokens, encrypted."""

    def load(self, api_key: str) -> Grant | None:
        """Return the token kept for a key; None if there is none or it cannot be read."""
        ...

    def save(self, grant: Grant) -> None:
        """Keep a token in the place of the one before."""
        ...

    def forget(self, api_key: str) -> None:
        """Drop a key's token."""
        ...


class TickPool(Protocol):
    """All connections to Kite of the system. Every method may be called from any thread."""

    def grant(self, grants: Collection[Grant]) -> None:
        """Use these tokens from now on: connect at once, drop connections of others."""
        ...

    def want(self, owner: str, tokens: Collection[int]) -> None:
        """Say which instruments `owner` needs from now on; those nobody needs are dropped."""
        ...

    def expect_ticks(self, expected: bool) -> None:
        """Say whether instruments trade now: only then are heartbeats alone not enough."""
        ...

    def check(self) -> None:
        """Look for connections that fell silent, and try what is due; call it once a second."""
        ...

    def connections(self) -> tuple[ConnectionStatus, ...]:
        """Return what each connection is doing."""
        ...

    def ages_s(self) -> Mapping[int, float]:
        """Return seconds since the last tick of each wanted instrument (inf before the first)."""
        ...

    def close(self) -> None:
        """Close every connection; `grant` opens them again."""
        ...
