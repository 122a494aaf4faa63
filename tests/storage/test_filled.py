"""Bars that were not received: put where there are none, flagged, and there to stay."""

import math

import numpy as np
import pytest

from dashboard.core.errors import StoreError
from dashboard.core.market import BarFlag, Source
from dashboard.core.ports import BAR_DTYPE
from storage.store import SqlStore
from tests.storage.frames import DAY, NIFTY, OPEN_S, frame, live

LIVE = Source.LIVE
TOKEN = NIFTY.token
FOREVER = 2**40
FIELDS = ("start", "close", "flags")


def minutes(first: int, closes: list[float], flags: int = 0) -> np.ndarray:
    """Return 1m bars from the `first` minute of the day on; each reaches 1 to both sides."""
    rows = np.zeros(len(closes), BAR_DTYPE)
    rows["token"] = TOKEN
    rows["start"] = OPEN_S + 60 * (first + np.arange(len(closes)))
    rows["open"] = rows["close"] = closes
    rows["high"], rows["low"] = rows["close"] + 1, rows["close"] - 1
    rows["volume"] = rows["oi"] = math.nan
    rows["n"], rows["flags"] = 60, flags
    return rows


@pytest.fixture
def recorded(store: SqlStore) -> SqlStore:
    """Return a store with a day whose third minute is missing."""
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append([frame(0)])
    derive(store)
    return store


def derive(store: SqlStore) -> None:
    with store.prepare(DAY, LIVE) as derived:
        derived.bars("1m", minutes(0, [100.0, 101.0]))
        derived.bars("1m", minutes(3, [103.0]))
        derived.bars("5m", minutes(0, [103.0]))


def kept(store: SqlStore, timeframe: str = "1m") -> list[tuple[int, float, int]]:
    """Return minute, close and flags of each bar."""
    bars = store.bars(DAY, LIVE, [TOKEN], timeframe, FOREVER)[TOKEN]
    return [
        ((start - OPEN_S) // 60, close, flags) for start, close, flags in bars[[*FIELDS]].tolist()
    ]


def daily(store: SqlStore) -> list[float]:
    bars = store.bars(DAY, LIVE, [TOKEN], "1d", FOREVER)[TOKEN]
    return [float(bars[name][0]) for name in ("open", "high", "low", "close")]


def test_puts_a_minute_where_there_is_none_and_overwrites_nothing(recorded: SqlStore):
    assert recorded.fill_bars(DAY, LIVE, {"1m": minutes(1, [1.0, 2.0, 3.0, 104.0])}) == 2
    assert kept(recorded) == [
        (0, 100.0, 0),
        (1, 101.0, 0),
        (2, 2.0, BarFlag.BACKFILLED),
        (3, 103.0, 0),
        (4, 104.0, BarFlag.BACKFILLED),
    ]


def test_a_minute_that_is_given_twice_is_put_once(recorded: SqlStore):
    twice = np.concatenate([minutes(2, [102.0]), minutes(2, [7.0])])
    assert recorded.fill_bars(DAY, LIVE, {"1m": twice}) == 1
    assert kept(recorded)[2] == (2, 102.0, BarFlag.BACKFILLED)


def test_longer_bars_are_given_made_anew(recorded: SqlStore):
    longer = minutes(0, [103.0], flags=BarFlag.PARTIAL)
    recorded.fill_bars(DAY, LIVE, {"1m": minutes(2, [150.0]), "5m": longer})
    assert kept(recorded, "5m") == [(0, 103.0, BarFlag.BACKFILLED | BarFlag.PARTIAL)]


def test_the_daily_bar_is_that_of_all_minutes(recorded: SqlStore):
    assert daily(recorded) == [100.0, 104.0, 99.0, 103.0]
    recorded.fill_bars(DAY, LIVE, {"1m": np.concatenate([minutes(2, [150.0]), minutes(4, [50.0])])})
    assert daily(recorded) == [100.0, 151.0, 49.0, 50.0]


def test_what_was_filled_stays_when_the_day_is_derived_anew(recorded: SqlStore):
    recorded.fill_bars(DAY, LIVE, {"1m": minutes(2, [150.0])})
    derive(recorded)
    assert kept(recorded)[2] == (2, 150.0, BarFlag.BACKFILLED)
    assert len(kept(recorded)) == 4
    assert daily(recorded) == [100.0, 151.0, 99.0, 103.0]
    assert recorded.day(DAY).prepared


def test_what_a_tape_holds_after_all_takes_the_place_of_a_filled_minute(recorded: SqlStore):
    recorded.fill_bars(DAY, LIVE, {"1m": minutes(2, [150.0])})
    with recorded.prepare(DAY, LIVE) as derived:
        derived.bars("1m", minutes(0, [100.0, 101.0, 102.0]))
    assert kept(recorded) == [(0, 100.0, 0), (1, 101.0, 0), (2, 102.0, 0)]
    assert daily(recorded) == [100.0, 103.0, 99.0, 102.0]


def test_nothing_to_fill_changes_nothing(recorded: SqlStore):
    assert recorded.fill_bars(DAY, LIVE, {}) == 0
    assert recorded.fill_bars(DAY, LIVE, {"1m": minutes(0, [1.0])}) == 0
    assert daily(recorded) == [100.0, 104.0, 99.0, 103.0]


def test_a_day_that_is_not_stored_has_no_bars_to_fill(store: SqlStore):
    with pytest.raises(StoreError, match="no recording of 2026-08-18"):
        store.fill_bars(DAY, LIVE, {"1m": minutes(0, [1.0])})
