"""Health that cannot lie: each stage at its limits, and what to do where it is behind."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from math import inf

import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ManualClock, to_ns
from dashboard.core.errors import StoreError, StoreFullError, StoreLockedError
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, Stage, worst
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from dashboard.core.market import INDICES, Instrument, Kind
from dashboard.operations.health import (
    calendar_stage,
    database_stage,
    kite_stage,
    liquid_of,
    quotes_stage,
    scheduler_stage,
    socket_stage,
)
from dashboard.operations.plan import Plan, plan
from dashboard.operations.probe import Probe

DAY = date(2026, 8, 18)
V, E, R, T = (
    SessionState.VALID,
    SessionState.EXPIRED,
    SessionState.REQUIRED,
    SessionState.REFRESHING,
)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{DAY}T{clock}").replace(tzinfo=IST)


def planned(clock: str) -> Plan:
    return plan(load_calendar(), at(clock))


TRADING, PRE_OPEN, NIGHT = planned("11:00"), planned("09:05"), planned("20:00")
NOW_NS = to_ns(at("11:00"))


def sessions(*states: SessionState) -> tuple[SessionStatus, ...]:
    return tuple(
        SessionStatus(f"…000{number}", state, 0, f"Reason {number}.")
        for number, state in enumerate(states)
    )


def connection(state: str = "flowing", age_s: float | None = 1.0, number: int = 0, **changes):
    last_ns = None if age_s is None else NOW_NS - round(age_s * 1e9)
    good = ConnectionStatus(number, "…0000", state, 442, 0, last_ns, 9, 0, "It was lost.")
    return replace(good, **changes)


def socket(*connections: ConnectionStatus, plan: Plan = TRADING, state: SessionState = V) -> Stage:
    return socket_stage(connections, sessions(state), plan, NOW_NS, 4.0)


# -- scheduler and calendar --------------------------------------------------------------------


@pytest.mark.parametrize(("age_s", "state"), [(0.0, FLOWING), (5.0, FLOWING), (5.1, DOWN)])
def test_a_scheduler_that_stands_still_is_down(age_s: float, state: str):
    found = scheduler_stage(age_s)
    assert (found.state, found.age_s) == (state, age_s)
    assert bool(found.todo) is (state == DOWN)


def test_a_day_that_the_calendar_does_not_know_is_a_stage_and_no_other_day():
    unknown = plan(load_calendar(), datetime(2027, 1, 4, 11, tzinfo=IST))
    (stage,) = calendar_stage(unknown)
    assert (stage.state, stage.todo[:10]) == (DOWN, "Update Tez")
    assert calendar_stage(TRADING) == calendar_stage(NIGHT) == ()


# -- Kite ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "by_day", "by_night"),
    [
        ((V,), FLOWING, FLOWING),
        ((V, V), FLOWING, FLOWING),
        ((R,), DOWN, OFF),
        ((E,), LATE, OFF),
        ((T,), LATE, OFF),
        ((V, R), LATE, OFF),  # a part of the market is missing
        ((), DOWN, OFF),
    ],
)
def test_the_sessions_of_all_keys_are_one_stage(
    states: Sequence[SessionState], by_day: str, by_night: str
):
    day, night = kite_stage(sessions(*states), TRADING), kite_stage(sessions(*states), NIGHT)
    assert (day.state, night.state) == (by_day, by_night)
    assert ("tezi kite login" in day.todo) is (R in states or not states)
    assert not night.todo


def test_each_key_says_its_reason():
    words = kite_stage(sessions(V, R), TRADING).detail
    assert words == "…0000 valid: Reason 0.; …0001 required: Reason 1."


# -- socket --------------------------------------------------------------------------------------


def test_a_socket_that_flows():
    found = socket(connection(age_s=1.5), connection(age_s=0.5, number=1))
    assert (found.state, found.detail) == (FLOWING, "884 instruments on 2")
    assert (found.age_s, found.rate) == (1.5, 4.0)  # the one heard of longest ago


@pytest.mark.parametrize("state", ["waiting", "refused", "closed"])
def test_one_connection_that_is_down_is_the_whole_stage(state: str):
    found = socket(connection(), connection(state, number=1))
    assert (found.state, found.detail) == (DOWN, "1 of 2 connections are down. It was lost.")
    assert ("tezi kite login" in found.todo) is (state == "refused")


def test_what_a_person_must_do_is_told_before_what_mends_itself():
    found = socket(connection("waiting"), connection("refused", number=1, reason="Dead token."))
    assert "Dead token." in found.detail
    assert "tezi kite login" in found.todo


@pytest.mark.parametrize(("age_s", "state"), [(10.0, FLOWING), (10.1, LATE), (None, LATE)])
def test_a_mute_connection_is_late_after_ten_seconds(age_s: float | None, state: str):
    assert socket(connection(age_s=age_s)).state == state


def test_a_connection_that_brings_no_ticks_is_late_while_something_trades():
    assert socket(connection("silent")).state == LATE
    assert socket(connection("silent"), plan=PRE_OPEN).state == FLOWING


def test_connections_without_instruments_do_not_count():
    idle = connection("closed", number=1, tokens=0)
    assert socket(connection(), idle).state == FLOWING
    assert socket(idle).state == DOWN


def test_without_a_connection_it_says_whether_a_person_is_needed():
    assert "tezi kite login" in socket(state=R).todo
    assert "by itself" in socket(state=V).todo
    assert socket(plan=NIGHT).state == OFF


# -- quotes --------------------------------------------------------------------------------------

NIFTY, VIX = INDICES["NIFTY"], INDICES["INDIA VIX"]
CALL = Instrument(7, "NIFTY26AUG24500CE", "NFO", "NIFTY", Kind.CALL, date(2026, 8, 25), 24_500.0)


def quotes(ages: dict[int, float], clock: str = "11:00", liquid=(NIFTY, VIX, CALL)) -> Stage:
    return quotes_stage(ages, liquid, planned(clock), to_ns(at(clock)))


def test_every_liquid_instrument_ticks():
    found = quotes({NIFTY.token: 0.5, VIX.token: 30.0, CALL.token: 10.0, 99: inf})
    assert (found.state, found.detail) == (FLOWING, "3 liquid instruments tick")


def test_the_stale_ones_are_counted_and_the_worst_is_named():
    found = quotes({NIFTY.token: 10.1, VIX.token: 1.0, CALL.token: 75.0})
    assert (found.state, found.age_s) == (LATE, 75.0)
    assert found.detail == "2 of 3 are stale: NIFTY26AUG24500CE has not ticked for 1m 15s"


def test_one_that_never_ticked_has_no_age():
    found = quotes({NIFTY.token: 1.0, VIX.token: 1.0, CALL.token: inf})
    assert (found.state, found.age_s) == (LATE, None)
    assert found.detail.endswith("NIFTY26AUG24500CE has not ticked yet")


def test_the_vix_is_calculated_more_seldom():
    assert quotes({VIX.token: 60.0}).state == FLOWING
    assert quotes({VIX.token: 60.1}).state == LATE


@pytest.mark.parametrize(
    ("clock", "state"),
    [("09:14:59", OFF), ("09:15:00", FLOWING), ("09:15:10", FLOWING), ("09:15:11", LATE)],
)
def test_what_last_ticked_before_the_open_is_stale_ten_seconds_after_it(clock: str, state: str):
    assert quotes({NIFTY.token: 420.0, CALL.token: inf}, clock).state == state


def test_nothing_liquid_subscribed_is_late():
    assert quotes({99: 0.1}).state == LATE
    assert quotes({}, "20:00").state == OFF


def test_liquid_are_indices_near_futures_and_options_at_the_money():
    def make(token: int, kind: Kind, expiry: date, strike: float | None = None, exchange="NFO"):
        name = "NIFTY" if exchange == "NFO" else "SENSEX"
        return Instrument(token, f"T{token}", exchange, name, kind, expiry, strike)

    near, far, month = date(2026, 8, 18), date(2026, 8, 25), date(2026, 9, 29)
    universe = [
        NIFTY,
        make(1, Kind.FUTURE, far),
        make(2, Kind.FUTURE, month),
        make(3, Kind.FUTURE, date(2026, 8, 27), exchange="BFO"),
        *(
            make(int(strike) * 10 + kind, (Kind.CALL, Kind.PUT)[kind], expiry, strike)
            for expiry in (near,)
            for strike in (24_400.0, 24_450.0, 24_500.0, 24_550.0)
            for kind in (0, 1)
        ),
        make(4, Kind.CALL, far, 24_500.0),
    ]
    spots = {"NIFTY": 24_480.0, "SENSEX": 80_000.0}
    found = {one.token for one in liquid_of(universe, spots, TRADING)}
    assert found == {NIFTY.token, 1, 244_500, 244_501, 245_000, 245_001}
    auction = {one.token for one in liquid_of(universe, spots, planned("15:20"))}
    assert auction == found - {NIFTY.token}  # it is frozen by rule


# -- database ------------------------------------------------------------------------------------


def test_a_database_that_writes():
    found = database_stage(3.0, 0.0123, None)
    assert (found.state, found.detail) == (FLOWING, "Written 3s ago, in 12 ms")
    assert database_stage(0.0, None, None).state == FLOWING


@pytest.mark.parametrize(
    ("age_s", "failure", "state"),
    [
        (15.0, None, FLOWING),
        (15.1, None, LATE),
        (1.0, StoreFullError("no room"), DOWN),
        (1.0, StoreError("read only"), DOWN),
        (15.0, StoreLockedError("busy"), FLOWING),  # something large is being written
        (15.1, StoreLockedError("busy"), LATE),
    ],
)
def test_a_database_that_does_not(age_s: float, failure: Exception | None, state: str):
    found = database_stage(age_s, 0.01, failure)
    assert found.state == state
    assert bool(found.todo) is (state != FLOWING)


def test_each_kind_of_write_is_watched():
    clock = ManualClock(at("11:00"))
    probe = Probe(clock)
    with pytest.raises(StoreFullError), probe.watched("journal"):
        raise StoreFullError("no room")
    with probe.watched("lease"):
        clock.advance(0.25)
    assert probe.stage().state == DOWN  # that another write succeeds does not hide it
    with probe.watched("journal"):
        clock.advance(0.5)
    clock.advance(4)
    assert probe.stage().detail == "Written 4s ago, in 500 ms"


def test_one_stage_that_is_behind_is_all_of_them():
    flowing = scheduler_stage(0.0)
    late = socket(connection(age_s=11.0))
    assert worst([flowing, late, kite_stage(sessions(V), TRADING)]) == LATE
    assert worst([flowing, late, scheduler_stage(60.0)]) == DOWN
