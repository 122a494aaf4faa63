"""Call a person when Kite asks for the one click of the day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dashboard.core.kite import SessionState, SessionStatus
from dashboard.operations.parts import Notifier
from dashboard.operations.plan import Plan

AGAIN_AFTER = timedelta(minutes=20)
MOST_CALLS = 3  # a day
TITLE = "Tezi needs your sign-in to Kite"
DUE = frozenset({SessionState.REQUIRED, SessionState.EXPIRED})


@dataclass
class Caller:
    """Send a notice when a sign-in is due, and again while it is, a few times a day."""

    notifier: Notifier
    _day: date | None = None
    _called: list[datetime] = field(default_factory=list)

    def look(self, plan: Plan, sessions: Sequence[SessionStatus], now: datetime) -> bool:
        """Call if it is time to; say whether anybody was called."""
        if plan.day != self._day:
            self._day, self._called = plan.day, []
        due = [one for one in sessions if one.state in DUE]
        if not (plan.needs_token and due) or len(self._called) >= MOST_CALLS:
            return False
        if self._called and now - self._called[-1] < AGAIN_AFTER:
            return False
        self._called.append(now)
        keys = ", ".join(one.key for one in due)
        text = f"Key {keys}: {due[0].reason} Nothing is recorded until then. {plan.sentence}."
        self.notifier.tell(TITLE, text)
        return True
