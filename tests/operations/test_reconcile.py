"""A finished day beside the exchange's candles: what is equal, what was added, what is told."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, SECOND_NS, ManualClock
from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError, StoreError
from dashboard.core.health import DayReport
from dashboard.core.kite import KiteApi
from dashboard.core.market import INDICES, BarFlag, Frame, Instrument, Kind, Source
from dashboard.core.ports import Gap, TapeInfo
from dashboard.operations.day_report import gap_minutes
from dashboard.operations.parts import Reconciler
from dashboard.operations.reconcile import CandleReconciler
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.notes import backfill_note
from storage.store import SqlStore, open_store
from tests.operations.candles import DAY, FUTURE, GRANT, NIFTY, Bars, CandleApi, at, candles

AUCTION_DAY = date(2026, 8, 18)  # the index trades to 15:15, then comes the closing auction
LIVE = Source.LIVE
AUGUST = date(2026, 8, 25)
INSTRUMENTS = (
    INDICES["NIFTY"],
    Instrument(FUTURE, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, AUGUST, None, 65, 0.1),
    Instrument(300, "NIFTY26AUG24500CE", "NFO", "NIFTY", Kind.CALL, AUGUST, 24500.0, 65, 0.05),
)
CLOCK = ManualClock(datetime(2026, 7, 14, 15, 46, tzinfo=IST))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield store
    store.close()


def received(token: int, starts: Sequence[int], close: float = 100.0, **more: float) -> Bars:
    """Return bars as ticks made them: those of `candles`, with ticks counted and no flag."""
    bars = candles(token, starts, close, **more)
    bars["n"], bars["flags"] = 60, 0
    return bars


def minutes(first: str, count: int, day: date = DAY) -> list[int]:
    return [at(first, day) + 60 * n for n in range(count)]


def record(
    store: SqlStore,
    *bars: Bars,
    notes: Sequence[Bars] = (),
    gaps: Sequence[Gap] = (),
    day: date = DAY,
    five: Bars | None = None,
) -> None:
    first = at("09:15", day) * SECOND_NS
    with store.begin_tape(TapeInfo(day, LIVE, "full ticks", "kite"), INSTRUMENTS) as tape:
        tape.append([Frame(first, 0, b"")])
        for note in notes:
            tape.append([backfill_note(note, first + 600 * SECOND_NS)])
        for gap in gaps:
            tape.mark_gap(gap)
        tape.finish()
    with store.prepare(day, LIVE) as derived:
        derived.bars("1m", np.concatenate([*bars, *notes]))
        if five is not None:
            derived.bars("5m", five)


def reconcile(store: SqlStore, api: CandleApi, day: date = DAY) -> DayReport:
    reconciler: Reconciler = CandleReconciler(store, CLOCK)
    hours = trading_hours(load_calendar(), day)
    return reconciler.reconcile(cast(KiteApi, api), GRANT, day, hours, INSTRUMENTS)


def kept(store: SqlStore, token: int, timeframe: str = "1m", day: date = DAY) -> Bars:
    return store.bars(day, LIVE, [token], timeframe, 2**40)[token]


def test_a_day_that_equals_the_exchange_s(store: SqlStore):
    starts = minutes("09:15", 10)
    record(store, received(NIFTY, starts), received(FUTURE, starts, volume=65.0))
    api = CandleApi(candles(NIFTY, starts, volume=0.0), candles(FUTURE, starts, volume=65.0))
    report = reconcile(store, api)
    assert api.asked == [(NIFTY, "09:15", "15:30"), (FUTURE, "09:15", "15:30")]
    assert (report.day, report.written_ns) == ("2026-07-14", CLOCK.now_ns())
    assert dict(report.figures) == {
        "Instruments": 3,
        "Messages": 1,
        "Ticks": 0,
        "1m bars": 20,
        "Equal to the exchange": 20,
        "Different": 0,
        "Largest price difference (INR)": 0.0,
        "Not at the exchange": 0,
        "Filled in the day": 0,
        "Filled after the day": 0,
        "Gaps": 0,
        "Gap minutes": 0.0,
        "Bytes on tape": report.figures["Bytes on tape"],
        "First frame": "09:15:00",
        "Last frame": "09:15:00",
    }
    assert cast(int, report.figures["Bytes on tape"]) > 0
    assert report.remarks == ("All 20 minutes that were compared equal the exchange's candles",)


def test_differences_are_told_by_field(store: SqlStore):
    starts = minutes("09:15", 4)
    theirs = candles(FUTURE, starts, volume=130.0)
    ours = received(FUTURE, starts, volume=130.0)
    ours["high"][1] -= 0.35  # a sample misses a print
    ours["high"][2] -= 0.1
    ours["volume"][2] = 65.0
    ours["flags"][2] = BarFlag.PARTIAL
    record(store, ours)
    report = reconcile(store, CandleApi(theirs))
    assert report.figures["Equal to the exchange"] == 2
    assert report.figures["Different"] == 2
    assert report.figures["Largest price difference (INR)"] == 0.35
    assert report.remarks == (
        "High differs in 2 minutes, by 0.35 INR at most (NIFTY26AUGFUT at 09:16)",
        "Volume differs in 1 minute, by 65 units at most (NIFTY26AUGFUT at 09:17)",
        "Not seen from their start: 1 of the 2 different minutes",
    )
    assert kept(store, FUTURE)["high"].tolist() == [102.0, 101.65, 101.9, 102.0]


def test_what_is_missing_is_added_and_labelled(store: SqlStore):
    record(store, received(NIFTY, minutes("09:15", 2)), received(NIFTY, minutes("09:18", 2)))
    report = reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 5), close=100.0)))
    found = kept(store, NIFTY)
    assert found["start"].tolist() == minutes("09:15", 5)
    assert found["flags"].tolist() == [0, 0, BarFlag.BACKFILLED, 0, 0]
    assert found["n"].tolist() == [60, 60, 0, 60, 60]
    assert math.isnan(found["volume"][2])
    assert report.figures["Filled after the day"] == 1
    assert report.figures["1m bars"] == 5
    assert report.remarks[-1] == (
        "Filled after the day from the exchange's candles: 1 minute (NIFTY 50 1). "
        "Readings stay as they were"
    )


def test_nothing_that_was_received_is_overwritten(store: SqlStore):
    starts = minutes("09:15", 3)
    record(store, received(NIFTY, starts, close=100.0))
    report = reconcile(store, CandleApi(candles(NIFTY, starts, close=107.5)))
    assert kept(store, NIFTY)["close"].tolist() == [100.0] * 3
    assert report.figures["Different"] == 3
    assert report.figures["Largest price difference (INR)"] == 7.5


def test_longer_and_daily_bars_hold_what_was_added(store: SqlStore):
    five = received(NIFTY, minutes("09:15", 1), close=104.0)
    record(store, received(NIFTY, minutes("09:15", 4)), five=five)
    late = candles(NIFTY, [*minutes("09:19", 1), *minutes("09:20", 5)], close=150.0)
    reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 4)), late))
    found = kept(store, NIFTY, "5m")
    assert found["start"].tolist() == [at("09:15"), at("09:20")]
    assert found["high"].tolist() == [152.0, 152.0]
    assert found["close"].tolist() == [150.0, 150.0]
    assert found["flags"].tolist() == [BarFlag.BACKFILLED] * 2
    (daily,) = kept(store, NIFTY, "1d")
    assert (daily["open"], daily["high"], daily["low"], daily["close"]) == (99, 152, 98, 150)


def test_longer_bars_of_received_minutes_stay(store: SqlStore):
    five = received(NIFTY, minutes("09:15", 1), close=104.0)
    record(store, received(NIFTY, minutes("09:15", 5)), five=five)
    reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 5)), candles(NIFTY, [at("11:00")])))
    found = kept(store, NIFTY, "5m")
    assert found["start"].tolist() == [at("09:15"), at("11:00")]
    assert found["close"].tolist() == [104.0, 100.0]
    assert found["flags"].tolist() == [0, BarFlag.BACKFILLED]


def test_minutes_filled_in_the_day_are_counted_and_not_compared(store: SqlStore):
    filled = candles(NIFTY, minutes("09:17", 2), close=999.0)
    record(store, received(NIFTY, minutes("09:15", 2)), notes=[filled])
    report = reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 5))))
    assert report.figures["Filled in the day"] == 2
    assert report.figures["Filled after the day"] == 1
    assert report.figures["Equal to the exchange"] == 2
    assert report.figures["Different"] == 0


def test_doing_it_again_tells_the_same(store: SqlStore):
    record(store, received(NIFTY, minutes("09:15", 2)))
    api = CandleApi(candles(NIFTY, minutes("09:15", 5)))
    assert reconcile(store, api) == reconcile(store, api)
    assert len(kept(store, NIFTY)) == 5


def test_minutes_that_the_exchange_does_not_know_stay_and_are_told(store: SqlStore):
    record(store, received(FUTURE, minutes("09:15", 3), volume=0.0))
    report = reconcile(store, CandleApi(candles(FUTURE, minutes("09:15", 1), volume=0.0)))
    assert report.figures["Not at the exchange"] == 2
    assert len(kept(store, FUTURE)) == 3
    assert "The exchange has no candle of 2 minutes (NIFTY26AUGFUT 2)" in report.remarks


def test_the_closing_auction_is_neither_compared_nor_added(store: SqlStore):
    day = AUCTION_DAY
    drawn = received(NIFTY, minutes("15:15", 2, day))
    drawn["flags"] = BarFlag.AUCTION
    record(store, received(NIFTY, minutes("15:13", 2, day)), drawn, day=day)
    api = CandleApi(candles(NIFTY, minutes("15:13", 20, day), close=100.0))
    report = reconcile(store, api, day)
    assert api.asked == [(NIFTY, "09:15", "15:35"), (FUTURE, "09:15", "15:40")]
    assert report.figures["Equal to the exchange"] == 2
    assert report.figures["Not at the exchange"] == 0
    assert len(kept(store, NIFTY, day=day)) == 4


def test_candles_outside_the_hours_are_not_believed(store: SqlStore):
    class Early(CandleApi):
        def candles(self, *_args: object) -> Bars:  # type: ignore[override]
            return self.bars

    record(store, received(NIFTY, minutes("09:15", 1)))
    report = reconcile(store, Early(candles(NIFTY, minutes("09:14", 2)), candles(FUTURE, [1])))
    assert report.figures["Equal to the exchange"] == 1
    assert len(kept(store, NIFTY)) == 1


def test_options_are_not_asked_for(store: SqlStore):
    record(store, received(300, minutes("09:15", 2)), received(NIFTY, minutes("09:15", 1)))
    api = CandleApi()
    report = reconcile(store, api)
    assert {token for token, *_ in api.asked} == {NIFTY, FUTURE}
    assert report.figures["1m bars"] == 3
    assert report.figures["Largest price difference (INR)"] is None
    assert report.remarks[0] == ("No received minute could be compared with the exchange's candles")


def test_gaps_are_told_with_what_cannot_be_had_again(store: SqlStore):
    def gap(first: str, last: str, why: str = "connection 0 was lost") -> Gap:
        return Gap(at(first) * SECOND_NS, at(last) * SECOND_NS, why)

    gaps = [gap("10:03", "10:05"), gap("10:04", "10:06"), gap("11:00", "11:01", "Tezi was off")]
    record(store, received(NIFTY, minutes("09:15", 1)), gaps=gaps)
    report = reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 1))))
    assert (report.figures["Gaps"], report.figures["Gap minutes"]) == (3, 4.0)
    assert report.remarks[1] == (
        "Nothing was recorded from 10:03:00 to 10:05:00: connection 0 was lost. "
        "Options of it stay missing"
    )
    assert len(report.remarks) == 4
    assert gap_minutes([*gaps, gap("10:30", "10:31"), gap("10:30", "10:30")]) == 5.0


def test_an_instrument_that_is_refused_is_tried_again_and_then_told(store: SqlStore):
    starts = minutes("09:15", 1)
    record(store, received(NIFTY, starts), received(FUTURE, starts))
    api = CandleApi(candles(NIFTY, starts), candles(FUTURE, starts))
    api.errors = [KiteLimitError("too many requests", 1.0), None, None]
    assert reconcile(store, api).figures["Equal to the exchange"] == 2
    assert [token for token, *_ in api.asked] == [NIFTY, FUTURE, NIFTY]
    api.errors = [KiteError("no answer within 7 s"), None, KiteError("no answer within 7 s")]
    report = reconcile(store, api)
    assert report.figures["Equal to the exchange"] == 1
    assert report.remarks[0] == "No candles of NIFTY 50: no answer within 7 s"


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([KiteError("no answer within 7 s")] * 4, KiteError),
        ([None, KiteTokenError("the access token is dead")], KiteTokenError),
    ],
)
def test_where_nothing_can_be_compared_nothing_is_added(
    store: SqlStore, errors: list[Exception | None], kind: type[Exception]
):
    record(store, received(NIFTY, minutes("09:15", 1)))
    api = CandleApi(candles(NIFTY, minutes("09:15", 3)))
    api.errors = errors
    with pytest.raises(kind):
        reconcile(store, api)
    assert len(kept(store, NIFTY)) == 1


def test_a_day_can_be_reported_without_the_exchange(store: SqlStore):
    record(store, received(NIFTY, minutes("09:15", 2)))
    hours = trading_hours(load_calendar(), DAY)
    why = "No candles: nobody signed in to Kite after the close"
    report = CandleReconciler(store, CLOCK).unreconciled(DAY, hours, INSTRUMENTS, why)
    assert report.figures["1m bars"] == 2
    assert report.figures["Equal to the exchange"] is None
    assert report.figures["Different"] is None
    assert report.remarks == (why,)


def test_a_day_that_was_not_recorded_cannot_be_reconciled(store: SqlStore):
    with pytest.raises(StoreError, match="no recording of 2026-07-14"):
        reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 1))))


def test_a_report_can_be_told_as_json(store: SqlStore):
    record(store, received(NIFTY, minutes("09:15", 1)))
    report = reconcile(store, CandleApi(candles(NIFTY, minutes("09:15", 2), volume=0.0)))
    kinds = {type(value) for value in report.figures.values()}
    assert kinds <= {int, float, str, type(None)}
