"""Kite's historical candles as bars."""

import math
from datetime import datetime

import numpy as np
import orjson
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import KiteError
from dashboard.core.market import BarFlag
from feeds.kite_candles import parts, read_candles

FUTURE = 15_150_594  # its last byte is 2: NFO
INDEX = 256_265
QUARTER_PAST_NINE = 1_787_024_700  # 2026-08-18 09:15 IST

CANDLES = orjson.loads("""
[["2026-08-18T09:15:00+0530", 24810.5, 24832, 24801.05, 24820, 15600, 11234500],
 ["2026-08-18T09:16:00+0530", 24820, 24825.5, 24811, 24811.5, 0, 11234650]]
""")


def at(day: int, hour: int = 0, month: int = 8) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=IST)


def test_a_candle_becomes_a_backfilled_bar():
    first, second = read_candles(CANDLES, FUTURE)
    assert (first["token"], first["start"]) == (FUTURE, QUARTER_PAST_NINE)
    assert [first[name] for name in ("open", "high", "low", "close")] == [
        24810.5,
        24832.0,
        24801.05,
        24820.0,
    ]
    assert (first["volume"], first["oi"], first["n"]) == (15600, 11_234_500, 0)
    assert first["flags"] == BarFlag.BACKFILLED == 8
    assert math.isnan(first["average_price"])
    assert (second["start"], second["volume"]) == (QUARTER_PAST_NINE + 60, 0)


def test_an_index_has_neither_volume_nor_open_interest():
    bars = read_candles([["2026-08-18T09:15:00+0530", 1, 2, 1, 2, 0]], INDEX)
    assert np.isnan(bars["volume"]).all()
    assert np.isnan(bars["oi"]).all()


def test_open_interest_that_was_not_told_is_unknown():
    bars = read_candles([["2026-08-18T09:15:00+0530", 1, 2, 1, 2, 7]], FUTURE)
    assert (bars["volume"].tolist(), np.isnan(bars["oi"]).tolist()) == ([7], [True])


def test_an_offset_is_read_as_it_is_written():
    bars = read_candles([["2026-08-18T03:45:00+00:00", 1, 2, 1, 2, 7]], FUTURE)
    assert bars["start"].tolist() == [QUARTER_PAST_NINE]


def test_candles_come_in_order_and_once():
    later, again = CANDLES[1], [*CANDLES[1][:5], 5, 6]
    bars = read_candles([later, CANDLES[0], again], FUTURE)
    assert bars["start"].tolist() == [QUARTER_PAST_NINE, QUARTER_PAST_NINE + 60]
    assert bars["volume"].tolist() == [15600, 5]


def test_no_candles_are_no_bars():
    assert len(read_candles([], FUTURE)) == 0


@pytest.mark.parametrize(
    "prices",
    [[10, 9, 11, 10], [10, 12, 9, 13], [10, 12, 11, 11], [0, 0, 0, 0], [-1, 2, -2, 1]],
)
def test_a_candle_that_cannot_be_is_left_out(prices: list[float]):
    bars = read_candles([["2026-08-18T09:14:00+0530", *prices, 5], *CANDLES], FUTURE)
    assert bars["start"].tolist() == [QUARTER_PAST_NINE, QUARTER_PAST_NINE + 60]


@pytest.mark.parametrize(
    "candle",
    [
        ["2026-08-18T09:15:00", 1, 2, 1, 2, 5],  # whose morning?
        ["yesterday", 1, 2, 1, 2, 5],
        ["2026-08-18T09:15:00+0530", 1, 2, 1, 2],
        ["2026-08-18T09:15:00+0530", "1", 2, 1, 2, 5],
        ["2026-08-18T09:15:00+0530", None, 2, 1, 2, 5],
        [],
        {"date": 1},
        7,
    ],
)
def test_what_is_no_candle_is_refused_by_its_number(candle: object):
    with pytest.raises(KiteError, match=f"Candle 3 of 3 of instrument {FUTURE} cannot be read"):
        read_candles([*CANDLES, candle], FUTURE)


def test_what_is_no_list_is_refused():
    with pytest.raises(KiteError, match="are no list"):
        read_candles({"candles": 1}, FUTURE)


def test_a_long_range_is_asked_in_parts():
    assert list(parts(at(1, month=1), at(1, month=6), "minute")) == [
        (at(1, month=1), at(2, month=3)),
        (at(2, month=3), at(1, month=5)),
        (at(1, month=5), at(1, month=6)),
    ]


@pytest.mark.parametrize(
    ("interval", "days"),
    [("minute", 60), ("5minute", 100), ("15minute", 200), ("30minute", 200), ("day", 2000)],
)
def test_a_part_is_as_long_as_kite_allows(interval: str, days: int):
    first, until = next(parts(at(1), datetime(2040, 1, 1, tzinfo=IST), interval))
    assert (until - first).days == days


def test_a_range_of_nothing_is_not_asked_for():
    assert list(parts(at(2), at(2), "minute")) == []
