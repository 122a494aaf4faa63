"""What a desk hands to sections: other months, longer bars, earlier sessions."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dashboard.core.bars import starts_s
from dashboard.core.clock import IST
from dashboard.core.market import INDICES, VIX, Instrument, Kind, Universe
from dashboard.core.signal import Inputs
from dashboard.core.table import Columns
from dashboard.pipeline.contracts import contracts_of, followed
from dashboard.pipeline.desk_inputs import as_of
from dashboard.pipeline.past import Past
from tests.pipeline.frames import DAY, FUTURE, NIFTY, Tick, instant, seconds

NEXT = Instrument(1258, "NIFTY26SEPFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 9, 29), lot=65)
AFTER = Instrument(1514, "NIFTY26OCTFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 10, 27), lot=65)
EXPIRY_DAY = date(2026, 8, 25)
EVERYTHING = frozenset(
    ("index", "future", "next_future", "index_15m", "vix", "daily", "vix_daily", "past_volume")
)


def play_minutes(played, first: str, count: int, *instruments: Instrument) -> None:
    """Let one tick a minute come, 30 s into it; its price is its number."""
    for number in range(count):
        at = f"{instant(first) + timedelta(minutes=number, seconds=30):%H:%M:%S}"
        played.send(*(Tick(i, 24_000.0 + number, at, volume=65.0 * number) for i in instruments))


def inputs(played, timeframe: str = "1m", **options) -> Inputs:
    return played.pipeline.sections.source.inputs("NIFTY", timeframe, EVERYTHING, **options)


def test_the_next_month_s_bars_are_followed_and_handed_over(play):
    played = play(NIFTY, FUTURE, NEXT, AFTER).connect()
    play_minutes(played, "09:15:00", 3, NIFTY, FUTURE, NEXT, AFTER)
    found = inputs(played)
    assert played.pipeline.sections.source.contracts["NIFTY"].next_future == NEXT
    assert found.next_future.values["close"].tolist() == [24_000.0, 24_001.0]
    assert AFTER.token not in played.pipeline.series.tokens


def test_a_recording_without_the_next_month_says_so(play):
    found = inputs(play(NIFTY, FUTURE).connect())
    assert found.next_future is None
    assert found.missing["next_future"] == "No next month's future in this recording"


def test_three_months_are_followed_on_the_day_that_the_front_one_expires():
    universe = Universe((NIFTY, FUTURE, NEXT, AFTER))
    assert set(followed(universe, DAY)) == {NIFTY.token, FUTURE.token, NEXT.token}
    assert set(followed(universe, EXPIRY_DAY)) == {i.token for i in (NIFTY, FUTURE, NEXT, AFTER)}
    assert set(followed(universe, EXPIRY_DAY + timedelta(1))) == {
        i.token for i in (NIFTY, NEXT, AFTER)
    }


def test_a_switched_underlying_reads_the_next_month_and_the_one_after_it():
    universe = Universe((NIFTY, FUTURE, NEXT, AFTER))
    stays = contracts_of(universe, EXPIRY_DAY)["NIFTY"]
    assert (stays.future, stays.next_future, stays.rolled) == (FUTURE, NEXT, False)
    switched = contracts_of(universe, EXPIRY_DAY, {"NIFTY"}, {"NIFTY"})["NIFTY"]
    assert (switched.future, switched.next_future, switched.rolled) == (NEXT, AFTER, True)


def test_bars_of_15_minutes_are_there_once_they_have_ended(play):
    played = play(NIFTY, FUTURE).connect()
    play_minutes(played, "09:15:00", 15, NIFTY, FUTURE)
    assert len(inputs(played).index_15m) == 0
    played.until("09:30:06")
    found = inputs(played)
    assert starts_s(found.index_15m).tolist() == [seconds("09:15:00")]
    assert starts_s(found.index)[-1] == seconds("09:29:00")
    assert inputs(played, "5m").index_15m is found.index_15m  # not made again
    assert len(inputs(played, "1m", forming=True).index_15m) == 1


def quarters(*starts: str) -> Columns:
    return Columns(np.array([seconds(at) for at in starts]), {})


@pytest.mark.parametrize(
    ("timeframe", "last", "ended"),
    [("1m", "09:28:00", 0), ("1m", "09:29:00", 1), ("5m", "09:25:00", 1), ("30m", "09:15:00", 2)],
)
def test_a_reading_of_a_bar_sees_quarters_that_had_ended_with_it(timeframe, last, ended):
    lead = Columns(np.array([seconds(last)]), {})
    late = Inputs(
        timeframe=timeframe,
        index=lead,
        index_15m=quarters("09:15:00", "09:30:00", "09:45:00"),
    )
    assert len(as_of(late, "index").index_15m) == ended


def test_past_sessions_are_the_same_whatever_bar_is_read():
    lead = Columns(np.array([seconds("09:15:00")]), {})
    before = quarters("09:15:00", "15:00:00")
    given = Inputs(index=lead, daily=before, vix_daily=before, past_volume=before)
    assert as_of(given, "index") is given


def test_earlier_sessions_are_handed_over_as_the_store_has_them(play):
    table = pd.DataFrame(
        {"open": 13.0, "high": 14.0, "low": 12.0, "close": 13.5, "official": False},
        pd.DatetimeIndex([pd.Timestamp("2026-08-17", tz=IST)]),
    )
    volume = Columns(
        np.array([seconds("09:15:00") - 86_400]),
        {"volume": np.array([650.0]), "expiry": np.array([0.0])},
    )
    past = Past(daily={VIX: table}, past_volume={"NIFTY": volume})
    found = inputs(play(NIFTY, INDICES[VIX], past=past).connect())
    assert found.vix_daily.values["close"].tolist() == [13.5]
    assert found.past_volume is volume
    assert found.daily is None


def test_the_exchange_s_close_of_the_day_before_is_not_given_to_an_older_session(play):
    def handed_over(day: str) -> tuple[float, float]:
        table = pd.DataFrame(
            {"open": 1.0, "high": 1.0, "low": 1.0, "close": 24_400.0, "official": False},
            pd.DatetimeIndex([pd.Timestamp(day, tz=IST)]),
        )
        played = play(NIFTY, past=Past(daily={"NIFTY": table})).connect()
        played.send(Tick(NIFTY, 24_500.0, "09:15:01", close=24_450.0))
        values = inputs(played).daily.values
        return values["close"][-1], values["official"][-1]

    assert handed_over("2026-08-17") == (24_450.0, 1.0)
    assert handed_over("2026-08-14") == (24_400.0, 0.0)


def test_the_exchange_s_average_is_that_of_the_last_closed_bar_s_last_tick(play):
    def tick(at: str, average: float, volume: float) -> Tick:
        return Tick(FUTURE, 24_540.0, at, volume=volume, average=average)

    played = play(NIFTY, FUTURE).connect()
    played.send(tick("09:15:10", 24_530.0, 65.0))
    played.send(tick("09:15:50", 24_531.5, 130.0))
    assert inputs(played).average_price is None
    assert inputs(played, forming=True).average_price == 24_531.5
    played.send(tick("09:16:10", 24_536.0, 195.0))
    played.until("09:16:30")
    assert inputs(played).average_price == 24_531.5
    assert inputs(played, "5m").average_price is None
    played.send(tick("09:19:59", 24_538.0, 195.0))
    played.until("09:20:30")
    assert inputs(played).average_price == 24_538.0
    assert inputs(played, "5m").average_price == 24_538.0


def test_an_average_that_no_packet_carries_is_not_known(play):
    played = play(NIFTY, FUTURE).connect()
    play_minutes(played, "09:15:00", 2, NIFTY, FUTURE)
    assert inputs(played).average_price is None


def test_a_reading_of_an_earlier_bar_sees_the_average_of_its_own_time():
    future = Columns(
        np.array([seconds("09:15:00"), seconds("09:16:00")]),
        {"average_price": np.array([24_530.0, 24_540.0])},
    )
    late = Inputs(index=quarters("09:15:00"), future=future, average_price=24_540.0)
    assert as_of(late, "index").average_price == 24_530.0
    assert as_of(late, "future") is late
