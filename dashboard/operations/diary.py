"""What operations did and saw today, in the order in which it happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog

from dashboard.core.clock import Clock, from_ns
from dashboard.core.health import Transition
from dashboard.core.kite import ConnectionStatus, SessionStatus

log = structlog.get_logger(__name__)

MOST = 500  # of a day; a connection that flaps must not fill the memory
TOLD_CONNECTIONS = ("flowing", "waiting", "refused")  # what lies between is on the way


@dataclass
class Diary:
    """Note transitions, each once; a new date begins a new page."""

    clock: Clock
    _day: date | None = None
    _entries: list[Transition] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[Transition, ...]:
        """Return what happened today, oldest first."""
        return tuple(self._entries)

    def note(self, what: str) -> None:
        """Write something down."""
        at_ns = self.clock.now_ns()
        day = from_ns(at_ns).date()
        if day != self._day:
            self._day, self._entries = day, []
        self._entries = [*self._entries[1 - MOST :], Transition(at_ns, what)]
        log.info("operations", what=what)

    def change(self, subject: str, state: str, what: str) -> None:
        """Write `what` down if the state of a subject is another than before."""
        if self._known.get(subject) != state:
            self._known[subject] = state
            self.note(what)

    def see_sessions(self, sessions: Sequence[SessionStatus]) -> None:
        """Note what became of Kite's sessions."""
        for one in sessions:
            self.change(f"key {one.key}", one.state, f"Kite {one.key} {one.state}: {one.reason}")

    def see_connections(self, connections: Sequence[ConnectionStatus]) -> None:
        """Note what became of connections."""
        for one in connections:
            if one.state in TOLD_CONNECTIONS:
                why = f": {one.reason}" if one.reason and one.state != "flowing" else ""
                words = f"Connection {one.number} {one.state}{why}"
                self.change(f"connection {one.number}", one.state, words)
