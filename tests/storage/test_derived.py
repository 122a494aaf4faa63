"""Bars, chain snapshots and checkpoints: replaced as a whole, read up to a moment."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from dashboard.core.clock import IST, day_start_s
from dashboard.core.errors import InputError, StoreError
from dashboard.core.market import BarFlag, Source
from dashboard.core.ports import BAR_DTYPE
from storage.store import SqlStore
from tests.storage.frames import DAY, NIFTY, frame, info, live, ticks

RECORDED = Source.RECORDED
TOKEN = NIFTY.token
EXPIRY = date(2026, 8, 25)


def bar_rows(day: date, count: int, first_price: float, token: int = TOKEN, flags: int = 0):
    """Return `count` 1m bars from 09:15 on; each closes 1 above the one before."""
    rows = np.zeros(count, BAR_DTYPE)
    rows["token"] = token
    rows["start"] = day_start_s(day) + 9 * 3600 + 15 * 60 + 60 * np.arange(count)
    rows["open"] = first_price + np.arange(count)
    rows["high"] = rows["open"] + 5
    rows["low"] = rows["open"] - 3
    rows["close"] = rows["open"] + 1
    rows["volume"] = np.nan
    rows["oi"] = 7.0
    rows["n"] = 60
    rows["flags"] = flags
    return rows


def prepare(store: SqlStore, day: date, *rows, source: Source = RECORDED) -> None:
    with store.begin_tape(info(str(day), source, str(day), day=day), [NIFTY]) as tape:
        tape.append([frame(0)])
    with store.prepare(day, source) as derived:
        for one in rows:
            derived.bars("1m", one)


def closes(bars) -> list[float]:
    return bars[TOKEN]["close"].tolist()


def test_gives_back_the_bars_as_they_were(store: SqlStore):
    rows = bar_rows(DAY, 3, 100.0)
    prepare(store, DAY, rows[:2], rows[2:])
    found = store.bars(DAY, RECORDED, [TOKEN, 99], "1m", until=2**40)
    assert found[TOKEN].dtype == BAR_DTYPE
    for name in BAR_DTYPE.names:
        np.testing.assert_array_equal(found[TOKEN][name], rows[name])
    assert math.isnan(found[TOKEN]["volume"][0])
    assert len(found[99]) == 0


def test_reads_bars_that_start_before_a_moment(store: SqlStore):
    rows = bar_rows(DAY, 3, 100.0)
    prepare(store, DAY, rows)
    assert closes(store.bars(DAY, RECORDED, [TOKEN], "1m", int(rows["start"][2]))) == [101, 102]
    assert closes(store.bars(DAY, RECORDED, [TOKEN], "5m", 2**40)) == []


def test_a_second_pass_replaces_the_first(store: SqlStore):
    prepare(store, DAY, bar_rows(DAY, 3, 100.0))
    with store.prepare(DAY, RECORDED) as derived:
        derived.bars("1m", bar_rows(DAY, 1, 500.0))
    assert closes(store.bars(DAY, RECORDED, [TOKEN], "1m", 2**40)) == [501]


def test_an_exception_leaves_the_former_pass(store: SqlStore):
    def break_off():
        with store.prepare(DAY, RECORDED) as derived:
            derived.bars("1m", bar_rows(DAY, 1, 500.0))
            raise ZeroDivisionError

    prepare(store, DAY, bar_rows(DAY, 3, 100.0))
    with pytest.raises(ZeroDivisionError):
        break_off()
    assert len(closes(store.bars(DAY, RECORDED, [TOKEN], "1m", 2**40))) == 3
    assert store.day(DAY).prepared


def test_a_day_is_prepared_until_its_tapes_change(store: SqlStore):
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 3))
        assert not store.day(DAY).prepared
        with store.prepare(DAY, Source.LIVE):
            pass
        assert store.day(DAY).prepared
        tape.append(ticks(3, 5))
        assert not store.day(DAY).prepared
        with store.prepare(DAY, Source.LIVE):
            tape.append(ticks(5, 7))
        assert not store.day(DAY).prepared


def test_an_import_that_fails_leaves_the_day_prepared(store: SqlStore):
    def break_off():
        with store.begin_tape(info("b.csv", origin_digest="b"), [NIFTY], replace=True):
            raise ZeroDivisionError

    prepare(store, DAY, bar_rows(DAY, 3, 100.0))
    with pytest.raises(ZeroDivisionError):
        break_off()
    assert store.day(DAY).prepared


def test_only_a_stored_day_can_be_prepared(store: SqlStore):
    with pytest.raises(StoreError, match="no generated day of 2026-08-18"):
        store.prepare(DAY, Source.MOCK).__enter__()


def test_warm_up_bars_come_from_the_sessions_before(store: SqlStore):
    for back, price in ((4, 400.0), (1, 100.0), (2, 200.0)):
        prepare(store, DAY - timedelta(back), bar_rows(DAY - timedelta(back), 3, price))
    prepare(store, DAY, bar_rows(DAY, 3, 0.0))
    prepare(store, DAY + timedelta(1), bar_rows(DAY + timedelta(1), 3, 900.0))
    found = closes(store.bars_before(DAY, RECORDED, [TOKEN], "1m", 5))
    assert found == [202, 203, 101, 102, 103]
    found = closes(store.bars_before(DAY, RECORDED, [TOKEN], "1m", 1000))
    assert found == [401, 402, 403, 201, 202, 203, 101, 102, 103]


def test_warm_up_bars_are_of_the_same_world_and_not_of_the_auction(store: SqlStore):
    before = DAY - timedelta(1)
    regular = bar_rows(before, 2, 100.0)
    auction = bar_rows(before, 3, 100.0, flags=BarFlag.AUCTION)[2:]
    prepare(store, before, regular, auction)
    prepare(store, before, bar_rows(before, 4, 700.0), source=Source.MOCK)
    assert closes(store.bars_before(DAY, RECORDED, [TOKEN], "1m", 9)) == [101, 102]
    assert closes(store.bars_before(DAY, Source.LIVE, [TOKEN], "1m", 9)) == [101, 102]
    assert closes(store.bars_before(DAY, Source.MOCK, [TOKEN], "1m", 9)) == [701, 702, 703, 704]
    assert len(store.bars(before, RECORDED, [TOKEN], "1m", 2**40)[TOKEN]) == 3


def test_each_token_reaches_back_as_far_as_it_needs(store: SqlStore):
    for back in (1, 2, 3):
        day = DAY - timedelta(back)
        rows = [bar_rows(day, 2, 100.0 * back)]
        if back == 3:
            rows.append(bar_rows(day, 2, 1.0, token=42))
        prepare(store, day, *rows)
    found = store.bars_before(DAY, RECORDED, [42, TOKEN, 43], "1m", 2)
    assert closes(found) == [101, 102]
    assert found[42]["close"].tolist() == [2, 3]
    assert len(found[43]) == 0


def test_a_session_of_regular_bars_is_a_daily_bar(store: SqlStore):
    for back, price in ((3, 300.0), (2, 200.0), (1, 100.0)):
        day = DAY - timedelta(back)
        auction = bar_rows(day, 9, 9000.0, flags=BarFlag.AUCTION)[8:]
        prepare(store, day, auction, bar_rows(day, 4, price))
    table = store.daily(DAY, RECORDED, TOKEN, 2)
    # 4 bars from 200: opens 200..203, highs 205..208, lows 197..200, closes 201..204
    assert table.iloc[0][["open", "high", "low", "close"]].tolist() == [200, 208, 197, 204]
    assert table["close"].tolist() == [204, 104]
    assert table["official"].tolist() == [False, False]
    assert [str(start) for start in table.index] == [
        "2026-08-16 00:00:00+05:30",
        "2026-08-17 00:00:00+05:30",
    ]
    assert table.index.tz == IST


def test_there_are_no_daily_bars_before_the_first_session(store: SqlStore):
    table = store.daily(DAY, RECORDED, TOKEN, 5)
    assert list(table.columns) == ["open", "high", "low", "close", "official"]
    assert len(table) == 0


def test_refuses_a_timeframe_that_does_not_exist(store: SqlStore):
    with pytest.raises(InputError, match="'2m' is no timeframe: use one of 1m, 5m, 15m, 30m"):
        store.bars(DAY, RECORDED, [TOKEN], "2m", 0)


def test_reads_the_chain_up_to_a_minute(store: SqlStore):
    prepare(store, DAY)
    with store.prepare(DAY, RECORDED) as derived:
        derived.chain("NIFTY", EXPIRY, 120, b"two")
        derived.chain("NIFTY", EXPIRY, 60, b"one")
        derived.chain("NIFTY", date(2026, 9, 1), 60, b"other")
        derived.chain("NIFTY", EXPIRY, 180, b"three")
    assert store.chain(DAY, RECORDED, "NIFTY", EXPIRY, 180) == [(60, b"one"), (120, b"two")]
    assert store.chain(DAY, Source.MOCK, "NIFTY", EXPIRY, 180) == []


def test_reads_the_last_checkpoint_at_or_before_a_moment(store: SqlStore):
    prepare(store, DAY)
    with store.prepare(DAY, RECORDED) as derived:
        derived.checkpoint(100, b"a" * 100_000)
        derived.checkpoint(200, b"b")
    assert store.checkpoint(DAY, RECORDED, 99) is None
    assert store.checkpoint(DAY, RECORDED, 199) == (100, b"a" * 100_000)
    assert store.checkpoint(DAY, RECORDED, 200) == (200, b"b")


def test_a_damaged_checkpoint_is_not_used(store: SqlStore):
    prepare(store, DAY)
    with store.prepare(DAY, RECORDED) as derived:
        derived.checkpoint(100, b"state")
    with store._database.writing() as connection:
        connection.execute(text("UPDATE checkpoint SET digest = payload"))
    with pytest.raises(StoreError, match="checkpoint of 2026-08-18 at 100 is damaged: prepare"):
        store.checkpoint(DAY, RECORDED, 150)


def test_a_desk_that_records_adds_minute_by_minute(store: SqlStore):
    rows = bar_rows(DAY, 3, 100.0)
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 3))
        for at in (0, 1):
            with store.extend(DAY, Source.LIVE) as derived:
                derived.bars("1m", rows[at : at + 2])
                derived.checkpoint(60 * at, b"state")
                derived.chain("NIFTY", EXPIRY, 60, b"chain %d" % at)
    assert closes(store.bars(DAY, Source.LIVE, [TOKEN], "1m", 2**40)) == [101, 102, 103]
    assert store.chain(DAY, Source.LIVE, "NIFTY", EXPIRY, 2**40) == [(60, b"chain 1")]
    assert store.checkpoint(DAY, Source.LIVE, 2**40) == (60, b"state")
    assert not store.day(DAY).prepared


def test_a_dropped_day_is_gone_with_all_that_hung_on_it(store: SqlStore):
    prepare(store, DAY, bar_rows(DAY, 3, 100.0))
    prepare(store, DAY, bar_rows(DAY, 3, 700.0), source=Source.MOCK)
    store.drop_day(DAY, Source.MOCK)
    store.drop_day(DAY, Source.MOCK)
    assert [day.source for day in store.days()] == [RECORDED]
    assert closes(store.bars(DAY, Source.MOCK, [TOKEN], "1m", 2**40)) == []
    with store._database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM bar")).scalar_one() == 4  # 3 + daily
        assert connection.execute(text("SELECT COUNT(*) FROM chunk")).scalar_one() == 1
