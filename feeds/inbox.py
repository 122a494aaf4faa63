"""Where frames come in from Kite's thread: to the tape first, then to the desk.

Stamps never go back, whatever the host's clock does, and none is before an instant that the
desk was told to be the edge: so the desk may let its clock pass to that edge, and a replay
finds everything in the order in which it was processed.
"""

import threading
from collections import deque
from collections.abc import Callable

from dashboard.core.clock import Clock
from dashboard.core.market import Frame

MICROSECOND_NS = 1000


class Inbox:
    """Frames on their way. `put` may be called from any thread, `take` from the desk's.

    `keep` puts a frame on the tape's queue and must not block; `wake` rouses the desk.
    """

    def __init__(
        self, clock: Clock, keep: Callable[[Frame], None], wake: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._keep = keep
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting: deque[Frame] = deque()
        self._edge_ns = clock.now_ns()

    def put(self, frame: Frame) -> None:
        """Take a frame in."""
        with self._lock:
            if frame.received_ns <= self._edge_ns:
                frame = frame._replace(received_ns=self._edge_ns + 1)
            self._edge_ns = frame.received_ns
            self._keep(frame)
            self._waiting.append(frame)
        self._wake()

    def take(self) -> Frame | None:
        """Return the next frame, None if nothing has come."""
        return self._waiting.popleft() if self._waiting else None

    def now_ns(self) -> int:
        """Return an instant that every later frame comes after."""
        with self._lock:
            self._edge_ns = max(self._edge_ns, self._clock.now_ns())
            return self._edge_ns

    def cut(self) -> int:
        """Forget what waits, and return the instant that parts it from what comes later.

        Whoever calls it reads the earlier frames from the tape. It is a whole microsecond.
        """
        with self._lock:
            edge_ns = max(self._edge_ns, self._clock.now_ns())
            self._edge_ns = -(-edge_ns // MICROSECOND_NS) * MICROSECOND_NS
            self._waiting.clear()
            return self._edge_ns
