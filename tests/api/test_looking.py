"""A look stays for a while after each request, and says why nothing came."""

import asyncio
from datetime import timedelta

import pytest

from dashboard.api import looking
from dashboard.api.looking import MOST, STAY_S, Looking
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.core.clock import ManualClock
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Interest
from tests.pipeline.frames import instant

CHART = Interest("NIFTY", "5m")


def test_what_is_looked_at_is_made_and_then_at_hand(parts: ApiParts, morning: Desk):
    def has(snapshot):
        return ("NIFTY", "5m") in snapshot.charts

    first = asyncio.run(parts.looking.see(morning, CHART, has))
    assert has(first)
    assert morning.hub.interests() == {CHART}
    assert asyncio.run(parts.looking.see(morning, CHART, has)).seq >= first.seq


def test_a_look_that_rested_is_dropped_with_the_next_one(morning: Desk):
    clock = ManualClock(instant("12:00:00"))
    looks = Looking(clock)
    asyncio.run(looks.see(morning, CHART, lambda _s: True))
    clock.advance(timedelta(seconds=STAY_S + 1).total_seconds())
    other = Interest("BANKNIFTY", "1m")
    asyncio.run(looks.see(morning, other, lambda _s: True))
    assert morning.hub.interests() == {other}
    looks.forget()
    assert morning.hub.interests() == set()


def test_looks_are_bounded_in_number(morning: Desk):
    looks = Looking(ManualClock(instant("12:00:00")))
    for number in range(MOST + 5):
        wanted = Interest("NIFTY", "1m", explain=f"section {number}")
        asyncio.run(looks.see(morning, wanted, lambda _s: True))
    assert len(morning.hub.interests()) <= MOST + 1
    looks.forget()


def test_nothing_that_comes_in_time_is_a_reason_to_ask_again(
    parts: ApiParts, morning: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(looking, "WAIT_S", 0.2)
    with pytest.raises(Problem, match="has nothing of this yet") as refused:
        asyncio.run(parts.looking.see(morning, CHART, lambda _s: False))
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
