"""One API key: its token, the state of it, and what is under way with it.

Plain state, without a lock, a thread or a call to Kite: `KiteSessions` holds its lock
while it calls these, and every method says whether there is something to tell.
"""

from dataclasses import dataclass
from math import inf

import structlog

from dashboard.core.clock import MINUTE_S, SECOND_NS, Clock, from_ns
from dashboard.core.errors import AuthError
from dashboard.core.kite import Grant, SessionState, SessionStatus, shown_key
from dashboard.operations.kite_states import Event, last_end, next_state

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 5.0  # after a trial that Kite did not answer; doubled each time
LONGEST_WAIT_S = 60.0  # nothing is received meanwhile, in trading hours too
DOUBLINGS = 16  # more would not matter, and too many cannot be counted
PROOF_S = 10 * MINUTE_S  # a token that nothing came with for so long is asked about
LONGEST_REASON = 300

NEVER_HAD = "Nobody has signed in to Kite yet: sign in."


class Work:
    """A trial or a sign-in that is under way; only what is of the present one counts."""


@dataclass(slots=True, eq=False)
class Key:
    """What is known of one API key."""

    api_key: str
    clock: Clock
    state: SessionState = SessionState.REQUIRED
    since_ns: int = 0
    reason: str = NEVER_HAD
    grant: Grant | None = None  # what may be used or tried; None when it was refused
    kept: Grant | None = None  # what the keeper held when it was last looked at
    work: Work | None = None
    signing: bool = False  # the work is a person's sign-in
    proven_ns: int = 0  # when Kite last took the token
    failures: int = 0  # trials in a row that Kite did not answer
    next_trial: float = -inf  # on the monotonic clock, seconds

    @property
    def status(self) -> SessionStatus:
        """Return what may be told of it."""
        user = self.grant.user_id if self.grant else ""
        return SessionStatus(shown_key(self.api_key), self.state, self.since_ns, self.reason, user)

    # -- the keeper --------------------------------------------------------------------------

    def found(self, kept: Grant | None) -> bool:
        """Take over what is kept now: another process signed in or out, or this one started."""
        had, self.kept = self.kept, kept
        if kept == had:
            return False
        if kept is None:
            self.grant = None
            words = f"Another process signed out of Kite by {self._now()}: sign in."
            return self._change(Event.FORGOTTEN, words)
        self._prove(kept, kept.issued_ns)
        words = f"A token of {self._at(kept.issued_ns)} is kept, and will be tried."
        return self._change(Event.FOUND, words)

    # -- trials ------------------------------------------------------------------------------

    def aged(self) -> bool:
        """Notice that 06:00 IST has passed since Kite last took the token."""
        end_ns = last_end(self.clock.now_ns())
        if self.work is not None or self.proven_ns >= end_ns:
            return False
        words = f"Tokens ended at {self._at(end_ns)}, as each morning; this one will be tried."
        changed = self._change(Event.AGED, words)
        if changed:
            self.failures, self.next_trial = 0, -inf
        return changed

    def trial_is_due(self) -> bool:
        """Say whether Kite should be asked about the token now."""
        if self.grant is None or self.work is not None:
            return False
        if self.clock.monotonic() < self.next_trial:
            return False
        if self.state is SessionState.VALID:
            return self.clock.now_ns() - self.proven_ns >= PROOF_S * SECOND_NS
        return self.state is SessionState.EXPIRED

    def trying(self, work: Work, grant: Grant) -> bool:
        """Begin a trial. One of a VALID token is quiet: it stays VALID meanwhile."""
        self.work, self.signing = work, False
        words = f"The token of {self._at(grant.issued_ns)} is being tried."
        return self._change(Event.TRYING, words)

    def tried(self, work: Work, event: Event, told: str, wait_s: float) -> bool:
        """End a trial; without effect when a person signed in or out, or Kite refused, since."""
        if self.work is not work:
            return False
        self.work = None
        if self.grant is None:
            return False
        if event is Event.REFUSED:
            return self.refused(told)
        if event is Event.TAKEN:
            self._prove(self.grant, self.clock.now_ns())
            return self._change(event, f"Kite took the token at {self._now()}.")
        again = self._back_off(wait_s)
        return self._change(event, f"Kite could not be asked: {self.scrubbed(told)} {again}")

    # -- what others notice ------------------------------------------------------------------

    def confirmed(self) -> bool:
        """Hear that ticks or a good answer came with the token."""
        words = f"Ticks or an answer of Kite's came with the token at {self._now()}."
        changed = self._change(Event.CONFIRMED, words)
        if self.state is SessionState.VALID and self.grant:
            self._prove(self.grant, self.clock.now_ns())
        return changed

    def refused(self, told: str) -> bool:
        """Hear that Kite does not take the token: it is not used or tried again."""
        words = f"Kite refused the token at {self._now()}: {_advised(self.scrubbed(told))}"
        self.grant = None
        return self._change(Event.REFUSED, words)

    # -- what a person does --------------------------------------------------------------------

    def signing_in(self, work: Work) -> bool:
        """Begin a sign-in; the outcome of a trial does not count any more.

        Raises
        ------
        AuthError
            If one is under way: the later of two tokens would end the other.
        """
        if self.work is not None and self.signing:
            raise AuthError("Another sign-in with this API key is being completed: wait for it.")
        self.work, self.signing = work, True
        return self._change(Event.SIGNING, "A sign-in is being completed with Kite.")

    def granted(self, work: Work, grant: Grant, *, kept: bool) -> bool:
        """End a sign-in with its token.

        Raises
        ------
        AuthError
            If somebody signed out meanwhile, and meant it.
        """
        if self.work is not work:
            raise AuthError("Somebody signed out of Kite meanwhile: sign in again if it is needed.")
        self.work = None
        self.kept = grant if kept else self.kept
        self._prove(grant, self.clock.now_ns())
        words = f"Signed in to Kite as {grant.user_id} at {self._now()}."
        lost = "" if kept else " The token could not be kept: after a restart, sign in again."
        return self._change(Event.GRANTED, words + lost)

    def not_granted(self, work: Work, told: str) -> bool:
        """End a sign-in without one: try the token of before, or ask a person again."""
        if self.work is not work:
            return False
        self.work, self.next_trial = None, -inf
        words = f"The sign-in of {self._now()} failed: {self.scrubbed(told)}"
        if self.grant is None:
            return self._change(Event.REFUSED, _advised(words))
        return self._change(Event.UNANSWERED, f"{words} The token of before will be tried.")

    def forgotten(self) -> bool:
        """Sign out: nothing that is under way brings the token back."""
        self.grant = self.work = None
        words = f"Signed out of Kite at {self._now()}: sign in when it is needed."
        return self._change(Event.FORGOTTEN, words)

    # -- inside --------------------------------------------------------------------------------

    def scrubbed(self, text: str, *secrets: str) -> str:
        """Return a sentence of others without what must not be told, and ended."""
        tokens = (grant.access_token for grant in (self.grant, self.kept) if grant)
        for secret in (self.api_key, *tokens, *secrets):
            text = text.replace(secret, "…") if secret else text
        text = text.strip()[:LONGEST_REASON] or "it gave no reason"
        return text if text.endswith((".", "!", "?")) else f"{text}."

    def _change(self, event: Event, reason: str) -> bool:
        """Let an event happen. While the state stays so does its reason: how it came about."""
        state = next_state(self.state, event)
        if state is None or state is self.state:
            return False
        self.state, self.reason, self.since_ns = state, reason, self.clock.now_ns()
        log.info("Kite session", key=shown_key(self.api_key), state=state.value, why=reason)
        return True

    def _prove(self, grant: Grant, at_ns: int) -> None:
        self.grant, self.proven_ns = grant, at_ns
        self.failures, self.next_trial = 0, -inf

    def _back_off(self, wait_s: float) -> str:
        wait_s = max(wait_s, min(FIRST_WAIT_S * 2.0**self.failures, LONGEST_WAIT_S))
        self.failures = min(self.failures + 1, DOUBLINGS)
        self.next_trial = self.clock.monotonic() + wait_s
        at_ns = self.clock.now_ns() + round(wait_s * SECOND_NS)
        return f"It is asked again at {from_ns(at_ns):%H:%M:%S} IST."

    def _now(self) -> str:
        return self._at(self.clock.now_ns())

    def _at(self, at_ns: int) -> str:
        at, today = from_ns(at_ns), from_ns(self.clock.now_ns()).date()
        return f"{at:%H:%M} IST" if at.date() == today else f"{at:%a %d %b %H:%M} IST"


def _advised(words: str) -> str:
    """Return what went wrong with what to do, which Kite's errors often say already."""
    return words if "sign in" in words.lower() else f"{words} Sign in to Kite."
