"""What is said and heard over a socket, and what happens when it is lost. It does no I/O.

`follow` is a generator of steps like a call, with four more of them: `Open`, `Tell`, `Hear`
and `Hand`, which brings an item to whoever reads the stream.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgpack
import orjson

from dashboard.core.clock import IST
from dashboard.research.trading import errors
from dashboard.research.trading.line import Line
from dashboard.research.trading.values import DeskNews, Tick, tick_of
from dashboard.research.trading.wire import Pause

T = TypeVar("T")
Payload = str | bytes
NOT_SIGNED_IN, FORBIDDEN, NO_DESK, TOO_MANY = 4401, 4403, 4404, 4409  # codes of a close
NOT_READY = "not_ready"  # code of an error frame: the desk's day is being opened
POLICY, TOO_BIG = 1008, 1009
FINAL: Mapping[int, type[errors.TradingError]] = {
    FORBIDDEN: errors.NotAllowedError,
    NO_DESK: errors.NotFoundError,
    TOO_MANY: errors.TooManyRequestsError,
    POLICY: errors.RefusedError,
    TOO_BIG: errors.RefusedError,
}


@dataclass(frozen=True, slots=True)
class Open:
    """Open a socket with these headers."""

    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message."""

    text: str


@dataclass(frozen=True, slots=True)
class Hear:
    """Return the next frame, or None where none came in time [s]."""

    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class Hand:
    """Bring an item to the reader."""

    item: Any


class Lost(Exception):  # noqa: N818 - drivers tell it to `follow`, nobody else sees it
    """Tell that a socket could not be opened or is closed; `code` is that of the close."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.code = code


class Wish(ABC, Generic[T]):
    """What a socket is opened for."""

    path: str

    @abstractmethod
    def greetings(self, connected: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """Return what to say to a server's first frame."""

    @abstractmethod
    def items(self, frame: Mapping[str, Any]) -> Iterable[T]:
        """Return what a frame brings."""


class TicksWish(Wish[Tick]):
    """Ticks of instruments, from the last frame that was seen on."""

    path = "/ws/ticks"

    def __init__(self, names: list[str | int], interval_ms: int) -> None:
        self._names, self._interval_ms = names, interval_ms
        self._stream: str | None = None
        self._seq: int | None = None

    def greetings(self, connected: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """Say the form, where we were, and what we want; in that order."""
        yield {"action": "configure", "format": "msgpack", "interval_ms": self._interval_ms}
        if self._seq is not None and self._stream == connected["stream"]:
            yield {"action": "resume", "stream": self._stream, "seq": self._seq}
        else:
            self._seq = None
        self._stream = connected["stream"]
        yield {"action": "subscribe", "tokens": self._names}

    def items(self, frame: Mapping[str, Any]) -> Iterable[Tick]:
        """Return the ticks; only once all were taken has the frame been seen."""
        if frame["type"] == "desk_changed":
            self._stream, self._seq = frame["stream"], None
        if frame["type"] != "tick":
            return
        at = datetime.fromisoformat(frame["at"]).astimezone(IST)
        for each in frame["ticks"]:
            yield tick_of(each, at, frame["source"], frame["seq"])
        self._seq = frame["seq"]


class DeskWish(Wish[DeskNews]):
    """Documents of a desk; each is told whole, so that none has to be asked for again."""

    path = "/ws/desk"

    def __init__(self, topics: list[str | int]) -> None:
        self._topics = topics

    def greetings(self, connected: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """Say the form and the topics."""
        yield {"action": "configure", "format": "msgpack"}
        yield {"action": "subscribe", "topics": self._topics}

    def items(self, frame: Mapping[str, Any]) -> Iterable[DeskNews]:
        """Return the document."""
        if frame["type"] == "desk":
            yield DeskNews(frame["topic"], frame["seq"], frame["data"])


def follow(
    line: Line, wish: Wish[T], desk: Mapping[str, str], timeout_s: float | None
) -> Generator[Any, Any, None]:
    """Open, tell and hear; when the socket is lost, wait and go on where it was.

    Raises
    ------
    TradingError
        If it cannot be gone on: nobody may, or nobody answered for long.
    """
    path = wish.path + (f"?{urlencode(desk)}" if desk else "")
    place = f"{line.address}{wish.path}"
    failures, lost_s, was_open, renewed = 0, line.clock.monotonic(), False, False
    while True:
        try:
            yield from line.renewed(refused=False)
            yield Open(path, dict(line.session.headers()))
            connected = read_frame((yield Hear(line.patience.longest_s)), place)
            for message in wish.greetings(connected):
                yield Tell(orjson.dumps(message).decode())
            was_open, renewed = True, False
            while True:
                payload = yield Hear(timeout_s)
                if payload is None:
                    return
                failures = 0
                for item in wish.items(read_frame(payload, place)):
                    yield Hand(item)
        except Lost as lost:
            gone = lost
        if failures == 0:
            lost_s = line.clock.monotonic()
        failures += 1
        if gone.code == NOT_SIGNED_IN and not renewed:
            renewed = True
            if (yield from line.renewed(refused=True)):
                continue
        _give_up(line, gone, place, failures, lost_s if was_open else None)
        yield Pause(line.patience.wait_s(failures))


def read_frame(payload: Payload | None, place: str) -> Mapping[str, Any]:
    """Return a frame.

    Raises
    ------
    RefusedError
        If it says that a message of ours cannot be used.
    Lost
        If there is none, or it says that the desk is not ready.
    ServerError
        If it is none: this is not Tezi.
    """
    if payload is None:
        raise Lost("The socket was opened, and then nothing came")
    try:
        frame = orjson.loads(payload) if isinstance(payload, str) else msgpack.unpackb(payload)
        kind = frame["type"]
    except (ValueError, TypeError, LookupError, msgpack.UnpackException):
        raise errors.ServerError(f"A frame cannot be read ({place})") from None
    if kind == "error" and frame["code"] == NOT_READY:
        raise Lost(str(frame["detail"]))
    if kind == "error":
        raise errors.RefusedError(f"{frame['detail']} ({place})", dict(frame))
    found: Mapping[str, Any] = frame
    return found


def _give_up(line: Line, lost: Lost, place: str, failures: int, since_s: float | None) -> None:
    """Raise what the loss of a socket means, if it is not to be opened again."""
    patience, words = line.patience, f"{lost} ({place})"
    if lost.code == NOT_SIGNED_IN:
        raise errors.SignInError(words)
    final = FINAL.get(lost.code or 0)
    if final is not None:
        raise final(words)
    if since_s is None and failures >= patience.tries:
        raise errors.ConnectionFailedError(words)
    if since_s is not None and line.clock.monotonic() - since_s > patience.lost_s:
        raise errors.ConnectionFailedError(words)
