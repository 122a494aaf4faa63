"""A replay of one's own: a desk that plays a stored day, for its owner alone.

Leaving its ``with`` closes it; one that nobody looks at is closed by the server after a while.
"""

from types import TracebackType
from typing import Any, Self

from dashboard.research.trading.both import Caller, call
from dashboard.research.trading.desk import AsyncDesk, Desk
from dashboard.research.trading.errors import NotFoundError
from dashboard.research.trading.values import ReplayState, replay_of
from dashboard.research.trading.wire import Request, Steps, get, post

PATH = "/v1/replay"


class ReplayCalls(Caller):
    """What a replay can do besides being asked."""

    id: str

    def _begin(self, driver: Any, document: dict[str, Any]) -> None:
        self._driver = driver
        self.id = document["desk"]["id"]
        self._desk = {"desk": self.id}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @call
    def state(self) -> Steps[ReplayState]:
        """Return where it stands."""
        return replay_of((yield from self._line.ask(get(f"{PATH}/{self.id}"))))

    @call
    def play(self, speed: float | None = None) -> Steps[ReplayState]:
        """Let time pass, at `speed` seconds of the market a second if it is given."""
        if speed is not None:
            yield from self._control("speed", speed=speed)
        return (yield from self._control("play"))

    @call
    def pause(self) -> Steps[ReplayState]:
        """Let time stand still."""
        return (yield from self._control("pause"))

    @call
    def seek(self, at: str) -> Steps[ReplayState]:
        """Go to HH:MM[:SS] IST."""
        return (yield from self._control("seek", at=at))

    @call
    def step(self, timeframe: str = "1m", count: int = 1) -> Steps[ReplayState]:
        """Go on by so many bars, or back where `count` is negative."""
        return (yield from self._control("step", timeframe=timeframe, count=count))

    @call
    def set_speed(self, speed: float) -> Steps[ReplayState]:
        """Let so many seconds of the market pass a second."""
        return (yield from self._control("speed", speed=speed))

    @call
    def close(self) -> Steps[None]:
        """End it; a second time does nothing."""
        try:
            yield from self._line.ask(Request("DELETE", f"{PATH}/{self.id}"))
        except NotFoundError:
            return

    def _control(self, action: str, **words: Any) -> Steps[ReplayState]:
        asked = post(f"{PATH}/{self.id}/control", {"action": action, **words})
        return replay_of((yield from self._line.ask(asked)))


class Replay(Desk, ReplayCalls):
    """A replay of one's own."""

    def __init__(self, driver: Any, document: dict[str, Any]) -> None:
        self._begin(driver, document)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncReplay(AsyncDesk, ReplayCalls):
    """A replay of one's own, awaited."""

    def __init__(self, driver: Any, document: dict[str, Any]) -> None:
        self._begin(driver, document)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()
