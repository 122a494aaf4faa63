"""The table of states: every transition, and every one that must not happen."""

from datetime import datetime

import pytest

from dashboard.core.clock import IST, to_ns
from dashboard.core.kite import SessionState
from dashboard.operations.kite_states import Event, last_end, next_state

VALID, EXPIRED = SessionState.VALID, SessionState.EXPIRED
REQUIRED, REFRESHING = SessionState.REQUIRED, SessionState.REFRESHING

# Rows of the docstring, typed in: what each event makes of the four states.
EXPECTED = {
    #                 VALID       EXPIRED     REQUIRED    REFRESHING
    Event.FOUND: (EXPIRED, EXPIRED, EXPIRED, None),
    Event.AGED: (EXPIRED, None, None, None),
    Event.TRYING: (VALID, REFRESHING, None, None),
    Event.SIGNING: (REFRESHING, REFRESHING, REFRESHING, REFRESHING),
    Event.CONFIRMED: (VALID, VALID, None, None),
    Event.TAKEN: (VALID, None, None, VALID),
    Event.GRANTED: (None, None, VALID, VALID),
    Event.UNANSWERED: (VALID, None, None, EXPIRED),
    Event.REFUSED: (REQUIRED, REQUIRED, REQUIRED, REQUIRED),
    Event.FORGOTTEN: (REQUIRED, REQUIRED, REQUIRED, REQUIRED),
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize(
    ("column", "state"), list(enumerate((VALID, EXPIRED, REQUIRED, REFRESHING)))
)
def test_every_event_in_every_state(event: Event, column: int, state: SessionState):
    assert next_state(state, event) is EXPECTED[event][column]


def test_a_refused_token_is_brought_back_by_nothing_but_a_new_one():
    ways_out = {event for event in Event if next_state(REQUIRED, event) not in {None, REQUIRED}}
    assert ways_out == {Event.FOUND, Event.SIGNING, Event.GRANTED}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-08-18 06:00:00", "2026-08-18 06:00"),
        ("2026-08-18 05:59:59", "2026-08-17 06:00"),
        ("2026-08-18 23:59:59", "2026-08-18 06:00"),
        ("2026-08-19 00:00:00", "2026-08-18 06:00"),
        ("2026-09-01 01:00:00", "2026-08-31 06:00"),
    ],
)
def test_tokens_end_at_six_in_the_morning_in_ist(now: str, end: str):
    now_ns = to_ns(datetime.fromisoformat(now).replace(tzinfo=IST))
    assert last_end(now_ns) == to_ns(datetime.fromisoformat(end).replace(tzinfo=IST))
