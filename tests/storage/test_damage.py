"""A damaged minute is named, and the rest of the day stays readable."""

import pytest
from sqlalchemy import text

from dashboard.core.errors import TapeError
from dashboard.core.market import Source
from storage.store import SqlStore
from tests.storage.frames import DAY, NIFTY, info, ticks

RECORDED = Source.RECORDED


@pytest.fixture
def damaged(store: SqlStore) -> SqlStore:
    """Return a store of three minutes, the second of which is damaged."""
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(ticks(0, 180))
    with store._database.writing() as connection:
        second = "(SELECT MIN(minute) + 1 FROM chunk)"
        connection.execute(text(f"UPDATE chunk SET payload = digest WHERE minute = {second}"))  # noqa: S608
    return store


def test_says_which_minute_and_connection_is_damaged(damaged: SqlStore):
    frames = damaged.frames(DAY, RECORDED)
    assert [next(frames) for _ in range(60)] == ticks(0, 60)
    problem = (
        "tape of 2026-08-18 from nifty.csv is damaged at 09:16 on connection 0: its digest does "
        "not match. The other minutes are readable; restore a copy, or import it again"
    )
    with pytest.raises(TapeError, match=problem):
        next(frames)


def test_the_minutes_after_it_are_readable(damaged: SqlStore):
    later = ticks(120, 180)
    assert list(damaged.frames(DAY, RECORDED, from_ns=later[0].received_ns)) == later


def test_goes_on_past_the_damage_and_tells_of_it_as_a_gap(damaged: SqlStore):
    gaps = []
    found = list(damaged.frames(DAY, RECORDED, on_damage=gaps.append))
    assert found == ticks(0, 60) + ticks(120, 180)
    (gap,) = gaps
    assert gap.started_ns == ticks(60, 61)[0].received_ns
    assert gap.ended_ns == ticks(120, 121)[0].received_ns
    assert "09:16 on connection 0" in gap.reason
    assert damaged.damage(DAY, RECORDED) == (gap,)
