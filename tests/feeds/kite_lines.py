"""A pool whose lines a test holds in its hands: no socket, no thread, a clock that is pushed."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random

from dashboard.core.clock import IST, ManualClock
from dashboard.core.kite import ConnectionStatus, Grant
from dashboard.core.market import Frame
from feeds.kite import KitePool
from feeds.kite_ticker import Hears

ELEVEN = datetime(2026, 8, 18, 11, 20, tzinfo=IST)
FORBIDDEN = (
    "The connection was closed (1006): WebSocket connection upgrade failed (403 - Forbidden)"
)


MONDAY = "token-of-monday"


class Steady(Random):
    """Draws the middle of every range: no jitter."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


class FakeLine:
    """A ticker that does nothing by itself."""

    def __init__(self, grant: Grant, hears: Hears) -> None:
        self.grant, self.hears = grant, hears
        self.sent: list[tuple[str, list[int]]] = []
        self.is_up = True

    def subscribe(self, instrument_tokens: list[int]) -> None:
        self.sent.append(("subscribe", instrument_tokens))

    def unsubscribe(self, instrument_tokens: list[int]) -> None:
        self.sent.append(("unsubscribe", instrument_tokens))

    def set_mode(self, mode: str, instrument_tokens: list[int]) -> None:
        self.sent.append((mode, instrument_tokens))

    def hang_up(self) -> None:
        self.is_up = False

    def lose(self, reason: str = "The connection was lost") -> None:
        self.is_up = False
        self.hears.lost(reason)


class Exchange:
    """The pool, its lines in the order in which they were dialled, and what it told."""

    def __init__(self) -> None:
        self.clock = ManualClock(ELEVEN)
        self.lines: list[FakeLine] = []
        self.frames: list[Frame] = []
        self.confirmed: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.dialled: list[float] = []
        self.on_dial: Callable[[FakeLine], None] = lambda line: None
        self._calls: deque[Callable[[], None]] = deque()
        self._is_running = False
        self._start = self.clock.monotonic()
        self.pool = KitePool(
            self.clock,
            self.frames.append,
            self.confirmed.append,
            lambda api_key, reason: self.refused.append((api_key, reason)),
            rng=Steady(),
            dial=self._dial,
            run=self.run,
        )

    def run(self, call: Callable[[], None]) -> None:
        """Run calls one after the other, as a reactor does."""
        self._calls.append(call)
        if self._is_running:
            return
        self._is_running = True
        while self._calls:
            self._calls.popleft()()
        self._is_running = False

    def seconds(self, count: int) -> None:
        """Let time pass, with a look every second."""
        for _ in range(count):
            self.clock.advance(1)
            self.pool.check()

    def beat(self, seconds: int, *lines: FakeLine, payload: bytes = b"\x00") -> None:
        """Let time pass, with a message on each line every second."""
        for _ in range(seconds):
            self.clock.advance(1)
            for line in lines:
                if line.is_up:
                    line.hears.heard(payload, is_binary=True)
            self.pool.check()

    def states(self) -> dict[int, str]:
        return {status.number: status.state for status in self.pool.connections()}

    def only(self) -> ConnectionStatus:
        (status,) = self.pool.connections()
        return status

    @property
    def open_lines(self) -> list[FakeLine]:
        return [line for line in self.lines if line.is_up]

    def _dial(self, grant: Grant, hears: Hears) -> FakeLine:
        line = FakeLine(grant, hears)
        self.lines.append(line)
        self.dialled.append(round(self.clock.monotonic() - self._start, 3))
        self.run(lambda: self.on_dial(line))
        return line


def granted(api_key: str = "key-one", token: str = MONDAY) -> Grant:
    return Grant(api_key, token, "AB1234", issued_ns=1)
