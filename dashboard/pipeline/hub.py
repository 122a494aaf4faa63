"""The latest snapshot of a desk, and those who want to hear of the next one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog

from dashboard.pipeline.snapshot import Snapshot

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Interest:
    """What a listener looks at; charts and provisional readings are made for it only.

    With `options` it is the option desk in place of the chart, at an expiry; None is the
    nearest one. `explain` is the section that is read about.
    """

    underlying: str
    timeframe: str
    options: bool = False
    expiry: date | None = None
    explain: str | None = None


class Hub:
    """Hold the latest snapshot. Safe to use from any thread.

    Listeners are called from the desk's thread and must only hand the snapshot on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._listeners: dict[int, tuple[Callable[[Snapshot], None], Interest | None]] = {}
        self._next = 0

    @property
    def latest(self) -> Snapshot | None:
        """Return the latest snapshot, None before the first."""
        return self._latest

    @property
    def is_listened_to(self) -> bool:
        """Say whether anybody listens."""
        return bool(self._listeners)

    def listen(self, listener: Callable[[Snapshot], None], interest: Interest | None = None) -> int:
        """Register a listener; the number returned takes it away again.

        Without `interest` it is told what every snapshot holds anyway.
        """
        with self._lock:
            self._next += 1
            self._listeners[self._next] = (listener, interest)
            return self._next

    def look_at(self, number: int, interest: Interest) -> None:
        """Change what a listener looks at."""
        with self._lock:
            if number in self._listeners:
                self._listeners[number] = (self._listeners[number][0], interest)

    def leave(self, number: int) -> None:
        """Take a listener away."""
        with self._lock:
            self._listeners.pop(number, None)

    def interests(self) -> set[Interest]:
        """Return what somebody looks at."""
        with self._lock:
            return {interest for _, interest in self._listeners.values() if interest}

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the latest snapshot and tell everyone; one that fails does not stop the rest."""
        self._latest = snapshot
        with self._lock:
            listeners = [listener for listener, _ in self._listeners.values()]
        for listener in listeners:
            try:
                listener(snapshot)
            except Exception:
                log.exception("listener failed")
