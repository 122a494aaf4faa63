"""Who was recognised a moment ago: for a second, and never beyond an end."""

from datetime import datetime

import pytest

from dashboard.api.recognised import Recognised
from dashboard.auth.identity import SCOPES, Identity, Role, Via
from dashboard.core.clock import IST, ManualClock

AT = datetime(2026, 12, 1, 10, 0, tzinfo=IST)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


def someone(expires_s: int | None = None) -> Identity:
    return Identity(1, "viewer", Role.VIEWER, SCOPES[Role.VIEWER], Via.TOKEN, "s:abc", expires_s)


def test_is_known_for_a_second(clock: ManualClock):
    recognised = Recognised(clock)
    recognised.keep("bearer x", someone(), recognised.ends)
    assert recognised.find("bearer x") == someone()
    assert recognised.find("key x") is None
    clock.advance(1.5)
    assert recognised.find("bearer x") is None


def test_a_token_that_is_over_is_not_known(clock: ManualClock):
    recognised = Recognised(clock)
    recognised.keep("bearer x", someone(int(AT.timestamp())), recognised.ends)
    assert recognised.find("bearer x") is None


def test_an_ended_credential_is_forgotten_at_once(clock: ManualClock):
    recognised = Recognised(clock)
    recognised.keep("bearer x", someone(), recognised.ends)
    recognised.forget("s:abc")
    assert recognised.find("bearer x") is None


def test_who_was_looked_up_before_an_end_is_not_remembered_after_it(clock: ManualClock):
    recognised = Recognised(clock)
    ends = recognised.ends
    recognised.forget("s:abc")
    recognised.keep("bearer x", someone(), ends)
    assert recognised.find("bearer x") is None
