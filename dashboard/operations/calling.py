"""Call a person when Kite asks for the one click of the day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dashboard.core.kite import SessionState, SessionStatus
from dashboard.operations.parts import Notifier
from dashboard.operations.plan import Plan

AGAIN_AFTER = timedelta(minutes=20)  # 08:50, 09:10, 09:30
MOST_CALLS = 3  # a day
TITLE = "Tezi needs your sign-in to Kite"
NOTHING = "Nothing is recorded until then."
LESS = "Less is recorded until then."


@dataclass
class Caller:
    """Send a notice when a sign-in is due, and again while it is, a few times a day."""

    notifier: Notifier
    _day: date | None = None
    _called: list[datetime] = field(default_factory=list)

    def look(self, plan: Plan, sessions: Sequence[SessionStatus], now: datetime) -> bool:
        """Call if it is time to; say whether anybody was called.

        A kept token that is still to be tried needs nobody.
        """
        if plan.day != self._day:
            self._day, self._called = plan.day, []
        due = [one for one in sessions if one.state is SessionState.REQUIRED]
        if not (plan.needs_token and due) or len(self._called) >= MOST_CALLS:
            return False
        if self._called and now - self._called[-1] < AGAIN_AFTER:
            return False
        self._called.append(now)
        self.notifier.tell(TITLE, _text(plan, sessions, due))
        return True


def _text(plan: Plan, sessions: Sequence[SessionStatus], due: Sequence[SessionStatus]) -> str:
    keys = ", ".join(one.key for one in due)
    is_part = any(one.state is SessionState.VALID for one in sessions)
    return f"Key {keys}: {due[0].reason} {LESS if is_part else NOTHING} {plan.sentence}."
