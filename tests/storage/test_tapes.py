"""Tapes: what goes in comes out, whatever happens on the way."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from dashboard.core.errors import DuplicateError, StoreError, TapeError
from dashboard.core.market import Source
from dashboard.core.ports import Gap
from storage.store import SqlStore
from tests.storage.frames import BANKNIFTY, DAY, FUTURE, NIFTY, frame, info, live, ticks

RECORDED = Source.RECORDED


def store_ticks(store: SqlStore, frames, what=None, instruments=(NIFTY,), **options):
    with store.begin_tape(what or info(), instruments, **options) as tape:
        tape.append(frames)


def break_off(store: SqlStore, frames, what, instruments=(NIFTY,), **options):
    with store.begin_tape(what, instruments, **options) as tape:
        tape.append(frames)
        raise ZeroDivisionError


def test_gives_back_the_same_frames(store: SqlStore):
    frames = [frame(0), *ticks(0, 150), frame(150, b"\x00"), frame(151, b'{"type":"order"}')]
    store_ticks(store, frames)
    assert list(store.frames(DAY, RECORDED)) == frames


def test_gives_back_the_same_frames_when_they_came_one_by_one(store: SqlStore):
    frames = ticks(0, 130)
    with store.begin_tape(live(), [NIFTY]) as tape:
        for number, one in enumerate(frames, 1):
            tape.append([one])
            if number in (1, 60, 61, 62, 63, 125):
                assert list(store.frames(DAY, Source.LIVE)) == frames[:number]
    assert list(store.frames(DAY, Source.LIVE)) == frames


def test_reads_from_a_moment_on(store: SqlStore):
    frames = ticks(0, 300)
    store_ticks(store, frames)
    assert list(store.frames(DAY, RECORDED, from_ns=frames[130].received_ns)) == frames[130:]
    assert list(store.frames(DAY, RECORDED, from_ns=frames[-1].received_ns + 1)) == []


def test_merges_tapes_and_connections_in_the_order_received(store: SqlStore):
    first = [frame(0, b"a", 1), frame(0, b"b", 0), frame(5, b"c", 1)]
    second = [frame(0, b"d", 0), frame(4, b"e", 0), frame(65, b"f", 0)]
    store_ticks(store, first, info("one.csv", origin_digest="1"), [NIFTY])
    store_ticks(store, second, info("two.csv", origin_digest="2"), [FUTURE])
    # at second 0: the first tape's connection 0 before its 1, then the second tape
    assert [one.payload for one in store.frames(DAY, RECORDED)] == [
        b"b",
        b"a",
        b"d",
        b"e",
        b"c",
        b"f",
    ]


def test_a_slow_reader_of_a_tape_in_the_making_sees_what_came_meanwhile(store: SqlStore):
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 250))
        frames = store.frames(DAY, Source.LIVE)
        found = [next(frames) for _ in range(200)]  # the open minute is the next one
        tape.append(ticks(250, 600))
        assert [*found, *frames] == ticks(0, 600)


def test_a_reader_within_the_open_minute_leaves_no_hole(store: SqlStore):
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 250))
        frames = store.frames(DAY, Source.LIVE)
        found = [next(frames) for _ in range(245)]  # 250 were there when the minute was read
        tape.append(ticks(250, 600))
        assert [*found, *frames] == ticks(0, 250)
    assert list(store.frames(DAY, Source.LIVE)) == ticks(0, 600)


def test_keeps_what_arrives_after_its_minute_was_closed(store: SqlStore):
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append([frame(59, b"a", 0), frame(63, b"c", 1)])
        tape.append([frame(59.5, b"b", 0), frame(64, b"d", 1)])
    assert [one.payload for one in store.frames(DAY, RECORDED)] == [b"a", b"b", b"c", b"d"]


def test_tells_what_a_day_holds(store: SqlStore):
    frames = ticks(0, 90)
    with store.begin_tape(info(), [NIFTY, FUTURE, BANKNIFTY]) as tape:
        tape.append(frames)
        tape.mark_gap(Gap(frames[10].received_ns, frames[20].received_ns, "no data"))
    (day,) = store.days()
    assert day == store.day(DAY)
    assert (day.day, day.source, day.fidelity) == (DAY, RECORDED, ("1m bars",))
    assert (day.instruments, day.underlyings) == (3, ("NIFTY", "BANKNIFTY"))
    assert (day.messages, day.ticks) == (90, 90)
    assert day.labels == ("nifty.csv",)
    assert (day.first_ns, day.last_ns) == (frames[0].received_ns, frames[-1].received_ns)
    assert day.gaps == (Gap(frames[10].received_ns, frames[20].received_ns, "no data"),)
    assert day.stored_bytes > 0
    assert not day.prepared


def test_gives_back_the_instruments(store: SqlStore):
    store_ticks(store, ticks(0, 2), instruments=[FUTURE, NIFTY])
    assert store.universe(DAY, RECORDED).instruments == (NIFTY, FUTURE)


def test_says_that_a_day_is_not_stored(store: SqlStore):
    assert store.days() == []
    for ask in (store.day, store.universe, store.frames):
        with pytest.raises(StoreError, match="no recording of 2024-01-20: `tezi days` lists"):
            ask(date(2024, 1, 20), RECORDED)


def test_generated_days_are_a_world_of_their_own(store: SqlStore):
    store_ticks(store, ticks(0, 3), info("seed 7", Source.MOCK, ""))
    store_ticks(store, ticks(5, 9))
    assert list(store.frames(DAY, Source.MOCK)) == ticks(0, 3)
    assert list(store.frames(DAY, RECORDED)) == ticks(5, 9)
    assert [day.source for day in store.days()] == [RECORDED, Source.MOCK]
    assert store.day(DAY).source is RECORDED
    assert store.day(DAY, Source.MOCK).messages == 3


def test_an_import_is_not_seen_before_it_is_complete(store: SqlStore):
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(ticks(0, 5))
        assert store.days() == []
    assert len(store.days()) == 1


def test_an_exception_leaves_nothing_behind(store: SqlStore):
    store_ticks(store, ticks(0, 5), info("a.csv", origin_digest="a"), [NIFTY])
    before = store.days()
    with pytest.raises(ZeroDivisionError):
        break_off(store, ticks(0, 500), info("b.csv", origin_digest="b"), [FUTURE])
    assert store.days() == before
    assert len(store.universe(DAY, RECORDED)) == 1


def test_refuses_the_same_file_twice(store: SqlStore):
    store_ticks(store, ticks(0, 5))
    with pytest.raises(DuplicateError, match=r"copy\.csv: 2026-08-18 is already imported"):
        store_ticks(store, [], info("copy.csv"))


def test_refuses_two_sources_of_one_instrument(store: SqlStore):
    store_ticks(store, ticks(0, 5), info("a.csv", origin_digest="a"), [NIFTY, FUTURE])
    problem = "b.csv: NIFTY 50 on 2026-08-18 is already stored from a.csv .1m bars.; replace it"
    with pytest.raises(DuplicateError, match=problem):
        store_ticks(store, [], info("b.csv", origin_digest="b"), [NIFTY])


def test_the_whole_other_tape_gives_way_when_the_new_one_is_complete(store: SqlStore):
    store_ticks(store, ticks(0, 5), info("a.csv", origin_digest="a"), [NIFTY, FUTURE])
    store_ticks(store, ticks(0, 1), info("c.csv", origin_digest="c"), [BANKNIFTY])
    with store.begin_tape(info("b.csv", origin_digest="b"), [NIFTY], replace=True) as tape:
        tape.append(ticks(10, 20))
        assert list(store.frames(DAY, RECORDED))[-1] == ticks(0, 5)[-1]
    assert store.universe(DAY, RECORDED).instruments == (NIFTY, BANKNIFTY)
    assert list(store.frames(DAY, RECORDED)) == ticks(0, 1) + ticks(10, 20)


def test_what_was_to_be_replaced_stays_when_the_new_one_fails(store: SqlStore):
    store_ticks(store, ticks(0, 5), info("a.csv", origin_digest="a"))
    with pytest.raises(ZeroDivisionError):
        break_off(store, ticks(9, 99), info("b.csv", origin_digest="b"), replace=True)
    assert list(store.frames(DAY, RECORDED)) == ticks(0, 5)


def test_a_reader_is_told_that_the_day_was_replaced(store: SqlStore):
    store_ticks(store, ticks(0, 200), info("a.csv", origin_digest="a"))
    frames = store.frames(DAY, RECORDED)
    next(frames)
    store_ticks(store, ticks(0, 9), info("b.csv", origin_digest="b"), replace=True)
    with pytest.raises(TapeError, match="replaced meanwhile: open the day again"):
        list(frames)


def test_goes_on_with_a_live_tape_and_marks_the_time_between(store: SqlStore):
    store_ticks(store, ticks(0, 70), live())
    store_ticks(store, ticks(100, 130), live(), [NIFTY, FUTURE])
    day = store.day(DAY)
    assert list(store.frames(DAY, Source.LIVE)) == ticks(0, 70) + ticks(100, 130)
    assert (day.messages, day.instruments) == (100, 2)
    (gap,) = day.gaps
    assert (gap.started_ns, gap.ended_ns) == (
        frame(69).received_ns,
        frame(100).received_ns,
    )
    assert gap.reason == "Tezi was not recording"


def test_an_exception_does_not_lose_what_was_live(store: SqlStore):
    with pytest.raises(ZeroDivisionError):
        break_off(store, ticks(0, 70), live())
    assert list(store.frames(DAY, Source.LIVE)) == ticks(0, 70)
    assert store.day(DAY).notes == ("kite: not finished yet",)


def test_a_writer_is_told_that_another_has_taken_over(store: SqlStore):
    def write_beside_another():
        with store.begin_tape(live(), [NIFTY]) as first:
            first.append(ticks(0, 5))
            store_ticks(store, ticks(5, 9), live())
            first.append(ticks(9, 11))

    with pytest.raises(TapeError, match="begun by another process, which writes it now"):
        write_beside_another()
    assert list(store.frames(DAY, Source.LIVE)) == ticks(0, 9)


def test_nothing_goes_into_a_finished_tape(store: SqlStore):
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(ticks(0, 5))
        tape.finish()
        with pytest.raises(TapeError, match="is finished: begin it again"):
            tape.append(ticks(5, 6))


def test_days_come_latest_first_with_what_each_holds(store: SqlStore):
    for month, label in ((6, "june.csv"), (8, "august.csv"), (7, "july.csv")):
        day = date(2026, month, 1)
        store_ticks(store, ticks(0, month), info(label, origin_digest=label, day=day))
    found = [(one.day.month, one.messages, one.labels) for one in store.days()]
    assert found == [(8, 8, ("august.csv",)), (7, 7, ("july.csv",)), (6, 6, ("june.csv",))]
    assert store.origins(date(2026, 7, 1), RECORDED) == {"july.csv"}


def test_numbers_out_of_a_table_are_numbers_too(store: SqlStore):
    token = np.int64(NIFTY.token)
    one = ticks(0, 1)[0]
    odd = one._replace(received_ns=np.int64(one.received_ns), connection=np.int64(0))
    store_ticks(store, [odd], live(), [replace(NIFTY, token=token, lot=np.int64(1))])
    assert store.universe(DAY, RECORDED).instruments == (NIFTY,)
    assert list(store.frames(DAY, RECORDED, from_ns=np.int64(one.received_ns))) == [one]
    assert store.bars(DAY, RECORDED, [token], "1m", np.int64(0)).keys() == {NIFTY.token}
