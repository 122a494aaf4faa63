"""All desks of the process: the shared one, and the replays that people opened.

Replays are bounded in number and closed when nobody has looked at them for a while.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import InputError
from dashboard.core.market import Source
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.desk import Desk

log = structlog.get_logger(__name__)

MOST_REPLAYS = 12
IDLE_S = 15 * 60.0


@dataclass
class Desks:
    """Open and close desks. Safe to use from any thread."""

    tools: Tools
    clock: Clock
    shared: Desk | None = None
    replays: list[Desk] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listeners: dict[int, Callable[[], None]] = field(default_factory=dict)
    _next: int = 0

    def open_replay(
        self, day: date, source: Source, at: datetime | None = None, *, playing: bool = True
    ) -> Desk:
        """Return a new desk on a stored day.

        Raises
        ------
        InputError
            If too many replays are open already.
        StoreError, CalendarError
            If the day is not stored or not in the calendar.
        """
        self.close_idle()
        stored = StoredDay(self.tools, day, source, growing=self._records(day, source))
        desk = Desk(stored, self.tools.calendar, self.clock, begin=at)
        with self._lock:
            if len(self.replays) >= MOST_REPLAYS:
                raise InputError(
                    f"{MOST_REPLAYS} replays are open, which is all this machine should carry: "
                    "close one, or wait until an idle one is closed"
                )
            self.replays.append(desk)
        desk.start(playing=playing)
        return desk

    def share(self, desk: Desk) -> None:
        """Let everyone see this desk from now on; the one before is stopped.

        Listeners are called in this thread; one that fails does not keep the rest from it.
        """
        with self._lock:
            before, self.shared = self.shared, desk
            listeners = list(self._listeners.values())
        if before is not None:
            before.stop(timeout_s=0)
        for listener in listeners:
            try:
                listener()
            except Exception:
                log.exception("listener failed")

    def listen(self, listener: Callable[[], None]) -> int:
        """Call `listener` whenever another desk is shared; the number takes it away again."""
        with self._lock:
            self._next += 1
            self._listeners[self._next] = listener
            return self._next

    def leave(self, number: int) -> None:
        """Take a listener away."""
        with self._lock:
            self._listeners.pop(number, None)

    def close(self, desk: Desk) -> None:
        """Close a replay; the shared desk stays."""
        with self._lock:
            if desk not in self.replays:
                return
            self.replays.remove(desk)
        desk.stop(timeout_s=0)  # the caller may be the server's loop: the thread ends by itself

    def _records(self, day: date, source: Source) -> bool:
        """Say whether the shared desk records that day now: it derives each minute of it."""
        shared = self.shared
        if shared is None or shared.status == "ended" or shared.day.day != day:
            return False
        return (shared.day.source is Source.MOCK) == (source is Source.MOCK)

    def close_idle(self) -> None:
        """Close the replays that nobody listens to or has asked anything of for long."""
        now_s = self.clock.monotonic()
        idle = [
            desk
            for desk in list(self.replays)
            if not desk.hub.is_listened_to and now_s - desk.last_used_s > IDLE_S
        ]
        for desk in idle:
            self.close(desk)

    def close_all(self) -> None:
        """Close everything, the shared desk too."""
        for desk in list(self.replays):
            self.close(desk)
        if self.shared:
            self.shared.stop()
