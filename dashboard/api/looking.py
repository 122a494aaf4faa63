"""What requests look at: an interest stays with its desk for a while after each of them.

Charts, chains and the option desk are made only while somebody looks. A request is nobody
for long, so its look stays for half a minute: the next one finds the answer made.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dashboard.api.problems import Problem
from dashboard.core.clock import Clock
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot

STAY_S = 30.0
WAIT_S = 10.0  # a day may have to be opened first
MOST = 48  # looks at once; the one that rested longest goes first


@dataclass(eq=False)
class _Look:
    desk: Desk
    number: int = 0
    used_s: float = 0.0
    waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=list)


class Looking:
    """Look at desks on behalf of requests. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[tuple[int, Interest | None], _Look] = {}

    async def see(
        self, desk: Desk, interest: Interest | None, has: Callable[[Snapshot], bool]
    ) -> Snapshot:
        """Return the desk's latest snapshot that `has` what the interest is after.

        Without `interest` it is what every snapshot holds anyway.

        Raises
        ------
        Problem
            503 where none came in time, or the desk failed; it says why.
        """
        look = self._look(desk, interest)
        latest = desk.hub.latest
        if latest is not None and has(latest):
            return latest
        deadline = self._clock.monotonic() + WAIT_S
        desk.refresh()
        while (left := deadline - self._clock.monotonic()) > 0:
            event = asyncio.Event()
            with self._lock:
                look.waiting.append((asyncio.get_running_loop(), event))
            latest = desk.hub.latest  # one may have come before we waited
            if latest is not None and has(latest):
                return latest
            if latest is not None and latest.status == "failed":
                break
            try:
                await asyncio.wait_for(event.wait(), left)
            except TimeoutError:
                break
        raise Problem(503, _why(desk), headers={"Retry-After": "2"})

    def forget(self) -> None:
        """End every look."""
        with self._lock:
            looks, self._looks = list(self._looks.values()), {}
        for look in looks:
            look.desk.hub.leave(look.number)

    def _look(self, desk: Desk, interest: Interest | None) -> _Look:
        now_s = self._clock.monotonic()
        with self._lock:
            self._drop_rested(now_s)
            look = self._looks.get((id(desk), interest))
            if look is None:
                look = self._looks[id(desk), interest] = _Look(desk)
                look.number = desk.hub.listen(lambda _snapshot: self._wake(look), interest)
            look.used_s = now_s
        return look

    def _drop_rested(self, now_s: float) -> None:
        by_age = sorted(self._looks.items(), key=lambda item: item[1].used_s)
        for at, (key, look) in enumerate(by_age):
            if now_s - look.used_s > STAY_S or len(by_age) - at > MOST:
                look.desk.hub.leave(look.number)
                del self._looks[key]

    def _wake(self, look: _Look) -> None:
        """Wake whoever waits; called in the desk's thread."""
        with self._lock:
            waiting, look.waiting = look.waiting, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


def _why(desk: Desk) -> str:
    latest = desk.hub.latest
    if latest is not None and latest.error:
        return f"The desk of {desk.day.day} failed: {latest.error}"
    return f"The desk of {desk.day.day} has nothing of this yet ({desk.status}): ask again"
