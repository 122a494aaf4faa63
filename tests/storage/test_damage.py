"""A damaged minute is named, and the rest of the day stays readable."""

import pytest
from sqlalchemy import text

from dashboard.core.clock import SECOND_NS
from dashboard.core.errors import DuplicateError, TapeError
from dashboard.core.market import Frame, Source
from storage.store import SqlStore
from storage.tape_reader import MOST_MINUTES
from tests.storage.frames import BANKNIFTY, DAY, NIFTY, OPEN_S, info, ticks

RECORDED = Source.RECORDED


def reopened(second: int, connection: int = 0) -> Frame:
    """Return the mark in the last nanosecond before `second`."""
    return Frame((OPEN_S + second) * SECOND_NS - 1, connection, b"")


@pytest.fixture
def damaged(store: SqlStore) -> SqlStore:
    """Return a store of three minutes, the second of which is damaged."""
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(ticks(0, 180))
    damage(store, "minute = (SELECT MIN(minute) + 1 FROM chunk)")
    return store


def damage(store: SqlStore, where: str) -> None:
    with store._database.writing() as connection:
        connection.execute(text(f"UPDATE chunk SET payload = digest WHERE {where}"))  # noqa: S608


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
    assert found == [*ticks(0, 60), reopened(120), *ticks(120, 180)]
    (gap,) = gaps
    assert gap.started_ns == ticks(60, 61)[0].received_ns
    assert gap.ended_ns == ticks(120, 121)[0].received_ns
    assert "09:16 on connection 0" in gap.reason
    assert damaged.damage(DAY, RECORDED) == (gap,)


def test_reading_from_within_the_damage_begins_with_the_mark(damaged: SqlStore):
    within = ticks(90, 91)[0].received_ns
    found = list(damaged.frames(DAY, RECORDED, within, on_damage=lambda _gap: None))
    assert found == [reopened(120), *ticks(120, 180)]


def test_the_minute_after_it_needs_no_mark(damaged: SqlStore):
    after = ticks(120, 121)[0].received_ns
    assert list(damaged.frames(DAY, RECORDED, after, on_damage=pytest.fail)) == ticks(120, 180)


def test_only_the_damaged_connection_is_marked(store: SqlStore):
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(sorted(ticks(0, 180) + ticks(0, 180, connection=1)))
    damage(store, "connection = 1 AND minute = (SELECT MIN(minute) + 1 FROM chunk)")
    gaps = []
    found = list(store.frames(DAY, RECORDED, on_damage=gaps.append))
    assert [f for f in found if f.connection == 0] == ticks(0, 180)
    marked = [f for f in found if f.connection == 1]
    assert marked == [*ticks(0, 60, connection=1), reopened(120, 1), *ticks(120, 180, connection=1)]
    assert len(gaps) == 1


def test_every_damaged_minute_of_a_long_stretch_is_told_in_order(store: SqlStore):
    minutes = 3 * MOST_MINUTES
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(ticks(0, 60 * minutes))
    damage(store, "minute % 2 = 0")
    gaps = []
    found = list(store.frames(DAY, RECORDED, on_damage=gaps.append))
    starts = [gap.started_ns // (60 * SECOND_NS) for gap in gaps]
    first = OPEN_S // 60
    assert starts == [at for at in range(first, first + minutes) if at % 2 == 0]
    assert [f.received_ns for f in found] == sorted(f.received_ns for f in found)
    assert sum(bool(f.payload) for f in found) == 60 * minutes // 2


# -- damaged tapes: found, marked, replaced --------------------------------------------------


def test_says_which_tapes_of_a_day_are_damaged(damaged: SqlStore):
    with damaged.begin_tape(info("other.csv", origin_digest="d2"), [BANKNIFTY]) as tape:
        tape.append(ticks(0, 180))
    assert damaged.damaged_tapes(DAY, RECORDED) == (info(),)
    assert damaged.damaged_tapes(DAY, RECORDED, "d1") == (info(),)
    assert damaged.damaged_tapes(DAY, RECORDED, "d2") == ()
    assert damaged.damaged_tapes(DAY, Source.MOCK) == ()


def test_damage_is_told_with_the_day_once_it_is_known(damaged: SqlStore):
    unknown = ("nifty.csv: imported as 1m bars",)
    mark = "nifty.csv: damaged; `tezi doctor --deep` tells where, and what mends it"
    assert damaged.day(DAY).notes == unknown
    damaged.damaged_tapes(DAY, RECORDED)
    assert damaged.day(DAY).notes == (mark, *unknown)
    with damaged.begin_tape(info(), [NIFTY], replace=True) as tape:
        tape.append(ticks(0, 180))
    assert damaged.day(DAY).notes == unknown


def test_the_same_import_takes_its_own_place_when_told_to(damaged: SqlStore):
    with pytest.raises(DuplicateError, match="already imported"):
        damaged.begin_tape(info(), [NIFTY]).__enter__()
    with damaged.begin_tape(info(), [NIFTY], replace=True) as tape:
        tape.append(ticks(0, 180))
        assert len(damaged.damage(DAY, RECORDED)) == 1  # the old one, until the new is complete
    assert damaged.damage(DAY, RECORDED) == ()
    assert list(damaged.frames(DAY, RECORDED)) == ticks(0, 180)
    assert damaged.day(DAY).messages == 180
