"""Times, roles, scopes, lifetimes and events as the account room says them."""

from dataclasses import dataclass

from dashboard.auth.identity import Role, Scope
from dashboard.auth.records import Event
from dashboard.core.clock import SECOND_NS, from_ns
from dashboard.core.wording import DASH, age
from dashboard.ui.phrases import clock_text, day_text, minute_text

NOW_S = 90  # what was seen within is seen now: the instant is kept to the minute

ROLES = {
    Role.OWNER: "Everything, and the accounts of others.",
    Role.RESEARCHER: "Reads, replays, and exports whole days.",
    Role.VIEWER: "Looks at the desk, and reads over the API.",
}
SCOPES = {
    Scope.READ: "Market data, chains, signals and indicators, and the sockets that stream them.",
    Scope.REPLAY: "Replay desks of its own: make, control and read them.",
    Scope.EXPORT: "Whole days as CSV, Parquet or Arrow.",
    Scope.MANAGE: "Accounts, invitations and the audit log. No notebook needs it.",
}
LIFETIMES = {
    "1": "1 day",
    "30": "30 days",
    "90": "90 days",
    "365": "365 days",
    "never": "No end",
}
EVENTS = {
    Event.SIGN_IN: "Signed in",
    Event.SIGN_IN_FAILED: "Sign-in failed",
    Event.SIGN_OUT: "Signed out",
    Event.SESSION_ENDED: "Session ended",
    Event.REFRESH_REUSED: "Refresh token used twice",
    Event.PASSWORD_CHANGED: "Password changed",
    Event.TOTP_ON: "One-time codes on",
    Event.TOTP_OFF: "One-time codes off",
    Event.INVITED: "Invitation made",
    Event.INVITATION_WITHDRAWN: "Invitation withdrawn",
    Event.ACCOUNT_CREATED: "Account created",
    Event.ROLE_CHANGED: "Role changed",
    Event.DISABLED: "Account disabled",
    Event.ENABLED: "Account enabled",
    Event.KEY_MADE: "API key made",
    Event.KEY_REVOKED: "API key revoked",
    Event.SIGNING_KEY_ROTATED: "Signing key rotated",
}


@dataclass(frozen=True, slots=True)
class Moments:
    """Instants in words, as seen at `now_ns` (nanoseconds since the epoch)."""

    now_ns: int

    def day_and_minute(self, at_ns: int | None) -> str:
        """Return "Tue 18 Aug 2026, 13:42 IST", "today" for today's date, a dash for None."""
        if at_ns is None:
            return DASH
        at, today = from_ns(at_ns), from_ns(self.now_ns).date()
        day = "today" if at.date() == today else f"{day_text(at.date())},"
        return f"{day} {minute_text(at)} IST"

    def to_the_second(self, at_ns: int) -> str:
        """Return "Tue 18 Aug 2026, 13:42:18 IST"."""
        at = from_ns(at_ns)
        return f"{day_text(at.date())}, {clock_text(at)} IST"

    def ago(self, at_ns: int | None) -> str:
        """Return "now", "5m ago" or the day; a dash for None."""
        if at_ns is None:
            return DASH
        seconds = max(0, (self.now_ns - at_ns) // SECOND_NS)
        if seconds < NOW_S:
            return "now"
        if seconds < 24 * 3600:
            return f"{age(seconds // 60 * 60)} ago"
        return day_text(from_ns(at_ns).date())

    def left(self, at_ns: int) -> str:
        """Return how long it is until an instant: "11h 50m"; "over" once it has passed."""
        seconds = (at_ns - self.now_ns) // SECOND_NS
        return age(seconds) if seconds > 0 else "over"

    def is_over(self, at_ns: int | None) -> bool:
        """Say whether an instant has passed; what does not end never has."""
        return at_ns is not None and at_ns <= self.now_ns


def event_words(event: str) -> str:
    """Return an event's name; one that is not known here stays as it was written."""
    return EVENTS[Event(event)] if event in set(Event) else event
