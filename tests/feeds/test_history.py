"""The sessions before a first live day come from Kite's candles, once, as tapes of bars."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, to_ns
from dashboard.core.kite import Grant
from dashboard.core.market import INDICES, Instrument, Kind, Source
from dashboard.core.ports import BAR_DTYPE, TapeInfo
from dashboard.pipeline.days import StoredDay
from feeds.history import fetch_sessions, followed_kinds, lacking_sessions
from storage.store import SqlStore, open_store
from tests.pipeline.frames import CALL, FUTURE
from tests.pipeline.stored import make_tools

DAY = date(2026, 8, 18)
MONDAY, FRIDAY = date(2026, 8, 17), date(2026, 8, 14)
GRANT = Grant("key", "token", "AB1234", 0)
NIFTY = INDICES["NIFTY"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield store
    store.close()


class Candles:
    """Kite's API, of which only the candles are asked: rising by a rupee a minute."""

    def __init__(self, *days: date) -> None:
        self.days = days
        self.asked: list[tuple[int, str, datetime, datetime]] = []

    def candles(
        self, access_token: str, token: int, timeframe: str, start: datetime, end: datetime
    ) -> np.ndarray:
        assert access_token == "token"
        self.asked.append((token, timeframe, start, end))
        parts = [self._day(token, day) for day in self.days if start.date() <= day < end.date()]
        return np.concatenate([np.empty(0, BAR_DTYPE), *parts])

    def _day(self, token: int, day: date) -> np.ndarray:
        bars = np.zeros(3, dtype=BAR_DTYPE)
        opens = to_ns(datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST)) // 10**9
        bars["token"], bars["start"] = token, opens + 60 * np.arange(3)
        bars["open"] = bars["low"] = 24_000.0 + np.arange(3)
        bars["close"] = bars["high"] = 24_001.0 + np.arange(3)
        bars["volume"] = np.nan if token == NIFTY.token else 65.0
        bars["oi"] = np.nan if token == NIFTY.token else 6_500.0
        return bars


def fetch(api: Candles, store: SqlStore, *instruments: Instrument) -> list[date]:
    lacking = lacking_sessions(store, load_calendar(), DAY, 2)
    return fetch_sessions(api, GRANT, store, load_calendar(), instruments, lacking)


def test_the_sessions_before_a_day_are_the_calendar_s(store: SqlStore):
    # Saturday 15 August 2026 is a holiday and a weekend
    assert lacking_sessions(store, load_calendar(), DAY, 3) == [date(2026, 8, 13), FRIDAY, MONDAY]


def test_before_the_calendar_there_is_nothing_to_ask_for(store: SqlStore):
    assert lacking_sessions(store, load_calendar(), date(2022, 11, 2), 5) == [date(2022, 11, 1)]


def test_what_was_fetched_is_the_past_of_the_day(store: SqlStore):
    api = Candles(FRIDAY, MONDAY)
    assert fetch(api, store, NIFTY, FUTURE) == [FRIDAY, MONDAY]
    assert [asked[:2] for asked in api.asked] == [(NIFTY.token, "1m"), (FUTURE.token, "1m")]
    for day in (FRIDAY, MONDAY):
        StoredDay(make_tools(store), day, Source.RECORDED).load(lambda _share, _text: None)
    before = store.bars_before(DAY, Source.RECORDED, [NIFTY.token, FUTURE.token], "1m", 400)
    assert before[NIFTY.token]["close"].tolist() == [24_001.0, 24_002.0, 24_003.0] * 2
    assert before[FUTURE.token]["volume"].tolist() == [65.0] * 6
    assert np.isnan(before[NIFTY.token]["volume"]).all()


def test_nothing_is_asked_for_twice(store: SqlStore):
    fetch(Candles(FRIDAY, MONDAY), store, NIFTY)
    api = Candles(FRIDAY, MONDAY)
    assert fetch(api, store, NIFTY) == []
    assert api.asked == []


def test_a_day_that_was_recorded_is_never_replaced(store: SqlStore):
    info = TapeInfo(MONDAY, Source.LIVE, "full ticks", "Kite")
    with store.begin_tape(info, [NIFTY]):
        pass
    assert fetch(Candles(FRIDAY, MONDAY), store, NIFTY) == [FRIDAY]
    assert store.day(MONDAY).labels == ("Kite",)


def test_a_day_of_which_kite_has_nothing_is_left_out(store: SqlStore):
    assert fetch(Candles(FRIDAY), store, NIFTY) == [FRIDAY]
    assert [one.day for one in store.days()] == [FRIDAY]


def test_only_indices_and_futures_have_a_past():
    assert followed_kinds([NIFTY, FUTURE, CALL]) == [NIFTY, FUTURE]
    assert CALL.kind is Kind.CALL
