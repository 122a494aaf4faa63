"""The states of an API key's token, drawn as a table. Nothing here asks, waits or keeps.

::

    event             VALID        EXPIRED      REQUIRED     REFRESHING
    FOUND             EXPIRED      EXPIRED      EXPIRED      ·
    AGED              EXPIRED      ·            ·            ·
    TRYING            VALID        REFRESHING   ·            ·
    SIGNING           REFRESHING   REFRESHING   REFRESHING   REFRESHING
    CONFIRMED         VALID        VALID        ·            ·
    TAKEN             VALID        ·            ·            VALID
    GRANTED           ·            ·            VALID        VALID
    UNANSWERED        VALID        ·            ·            EXPIRED
    REFUSED           REQUIRED     REQUIRED     REQUIRED     REQUIRED
    FORGOTTEN         REQUIRED     REQUIRED     REQUIRED     REQUIRED

A dot is an event that changes nothing: it comes too late, or is about a token that is not
used any more. So no tick that was still on its way brings a refused token back.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from dashboard.core.clock import IST, from_ns, to_ns
from dashboard.core.kite import SessionState

VALID, EXPIRED = SessionState.VALID, SessionState.EXPIRED
REQUIRED, REFRESHING = SessionState.REQUIRED, SessionState.REFRESHING

TOKENS_END = time(6)  # in IST, each morning; Kite Connect's documentation of access tokens


class Event(StrEnum):
    """What can happen to a token."""

    FOUND = "found"  # it is kept: from before the start, or another process signed in
    AGED = "aged"  # 06:00 IST has passed since Kite last took it
    TRYING = "trying"  # Kite is about to be asked whether it takes it
    SIGNING = "signing"  # a person came back from Kite; a new one is about to be had
    CONFIRMED = "confirmed"  # ticks, or a good answer to others, came with it
    TAKEN = "taken"  # Kite was asked, and takes it
    GRANTED = "granted"  # a new one was had
    UNANSWERED = "unanswered"  # Kite could not say, about it or about a new one
    REFUSED = "refused"  # Kite does not take it
    FORGOTTEN = "forgotten"  # a person signed out


TRANSITIONS = {
    Event.FOUND: {VALID: EXPIRED, EXPIRED: EXPIRED, REQUIRED: EXPIRED},
    Event.AGED: {VALID: EXPIRED},
    Event.TRYING: {VALID: VALID, EXPIRED: REFRESHING},
    Event.SIGNING: dict.fromkeys(SessionState, REFRESHING),
    Event.CONFIRMED: {VALID: VALID, EXPIRED: VALID},
    Event.TAKEN: {VALID: VALID, REFRESHING: VALID},
    Event.GRANTED: {REQUIRED: VALID, REFRESHING: VALID},  # the old one was refused meanwhile
    Event.UNANSWERED: {VALID: VALID, REFRESHING: EXPIRED},
    Event.REFUSED: dict.fromkeys(SessionState, REQUIRED),
    Event.FORGOTTEN: dict.fromkeys(SessionState, REQUIRED),
}


def next_state(state: SessionState, event: Event) -> SessionState | None:
    """Return the state after an event; None where the event changes nothing."""
    return TRANSITIONS[event].get(state)


def last_end(now_ns: int) -> int:
    """Return when tokens ended last: 06:00 IST of today or of yesterday, nanoseconds."""
    now = from_ns(now_ns)
    end = datetime.combine(now.date(), TOKENS_END, tzinfo=IST)
    return to_ns(end if end <= now else end - timedelta(days=1))
