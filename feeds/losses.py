"""Notice on the frames themselves that a connection was lost, and for how long.

A connection is lost from its last tick until the first tick after it was opened anew: that
a socket is open again says nothing.
"""

from dataclasses import dataclass, field

from dashboard.core.clock import SECOND_NS
from dashboard.core.market import NOTES, TEXT, Frame
from dashboard.core.ports import Gap

SHORTEST_NS = SECOND_NS  # a shorter one lost no more than a tick or two
SMALLEST_TICKS = 4  # bytes: a heartbeat is one, an empty message of packets two


def carries_ticks(frame: Frame) -> bool:
    """Say whether a frame carries packets."""
    payload = frame.payload
    return (
        len(payload) > SMALLEST_TICKS and frame.connection != NOTES and not payload.startswith(TEXT)
    )


@dataclass
class Losses:
    """What was heard last on each connection, and which are lost now (ns since the epoch)."""

    _heard: dict[int, int] = field(default_factory=dict)
    _lost: dict[int, int] = field(default_factory=dict)

    @property
    def heard_ns(self) -> int | None:
        """Return when ticks came last, None before the first."""
        return max(list(self._heard.values()), default=None)

    def see(self, frame: Frame) -> Gap | None:
        """Take in one frame; return the loss that it ends."""
        if not frame.payload and frame.connection in self._heard:
            self._lost.setdefault(frame.connection, self._heard[frame.connection])
        if not carries_ticks(frame):
            return None
        self._heard[frame.connection] = frame.received_ns
        since = self._lost.pop(frame.connection, None)
        if since is None or frame.received_ns - since < SHORTEST_NS:
            return None
        return Gap(since, frame.received_ns, f"Connection {frame.connection} was lost")
