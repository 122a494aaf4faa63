"""What a snapshot shows: unknown is None with a reason, and JSON can carry all of it."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime

import numpy as np
import orjson
import pandas as pd
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS
from dashboard.core.market import INDICES
from dashboard.core.ports import DaySummary
from dashboard.core.signal import Signal
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import ChartView
from dashboard.pipeline.views.chain import chain_view
from dashboard.pipeline.views.chart import chart_view
from dashboard.pipeline.views.health import Rates, stages
from dashboard.pipeline.views.indices import index_quotes
from dashboard.pipeline.views.snapshot import DeskState, SnapshotBuilder
from dashboard.pipeline.views.timeline import bands, phase_view, timeline_view
from tests.pipeline.frames import (
    CALL,
    DAY,
    FUTURE,
    INDEX_FULL,
    NIFTY,
    OLD_DAY,
    PUT,
    Play,
    Tick,
    instant,
    nanoseconds,
    seconds,
)
from tests.pipeline.stored import AFTERNOON, MORNING, play_to

CALENDAR = load_calendar()
TODAY_CALL = replace(CALL, token=2050, expiry=DAY, symbol="NIFTY2681824500CE")
TODAY_PUT = replace(PUT, token=2306, expiry=DAY, symbol="NIFTY2681824500PE")
HIGHER_CALL = replace(CALL, token=2562, strike=24_600.0, symbol="NIFTY26AUG24600CE")


def quotes(day: Play, at: str):
    return index_quotes(day.pipeline, nanoseconds(at, day.day), limit_s=5.0)


def chain(day: Play, at: str):
    return chain_view(day.pipeline, "NIFTY", CALENDAR, nanoseconds(at, day.day))


# -- index cards -------------------------------------------------------------------------


def test_before_the_first_tick_a_card_knows_nothing(play):
    card = quotes(play(NIFTY).connect(), "09:16:00")["NIFTY"]
    shown = {f.name: getattr(card, f.name) for f in fields(card)}
    for name in ("price", "previous_close", "change", "change_percent", "open", "high", "low"):
        assert shown[name] is None, name
    assert (card.age_s, card.stale, card.spark, card.title) == (None, False, (), "NIFTY 50")


def test_an_index_that_is_not_recorded_has_a_card_that_says_so(play):
    card = quotes(play(NIFTY).connect(), "09:16:00")["SENSEX"]
    assert (card.price, card.pcr) == (None, None)
    assert card.pcr_reason == "No SENSEX options in this recording"


def test_a_card_tells_the_days_numbers(play):
    day = play(NIFTY).connect()
    tick = Tick(NIFTY, 24_010.0, "09:15:01", open=24_000.0, high=24_020.0, low=23_990.0)
    day.send(replace(tick, close=24_100.0))
    card = quotes(day, "09:15:02.2")["NIFTY"]
    assert (card.price, card.open, card.high, card.low) == (
        *(24_010.0, 24_000.0),
        *(24_020.0, 23_990.0),
    )
    assert (card.previous_close, card.change) == (24_100.0, -90.0)
    assert card.change_percent == pytest.approx(-0.373444)
    assert card.age_s == pytest.approx(1.0)


def test_without_the_exchanges_extremes_a_card_tells_what_was_seen(play):
    day = play(NIFTY).connect()
    for price, at in ((24_000.0, "09:15:01"), (24_030.0, "09:15:30"), (24_010.0, "09:16:10")):
        day.send(Tick(NIFTY, price, at))
    card = quotes(day, "09:16:11")["NIFTY"]
    assert (card.open, card.high, card.low, card.spark) == (
        *(24_000.0, 24_030.0, 24_000.0),
        (24_030.0,),
    )


@pytest.mark.parametrize(
    ("at", "stale"),
    [("09:16:06", False), ("09:16:07", True), ("15:16:00", False), ("15:40:00", False)],
)
def test_a_silent_index_is_stale_only_while_it_trades(play, at, stale):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:16:01"))
    assert quotes(day, at)["NIFTY"].stale is stale


def test_there_is_no_put_call_ratio_without_calls_that_are_held(play):
    day = play(NIFTY, CALL, PUT).connect()
    assert quotes(day, "09:15:30")["NIFTY"].pcr_reason == "No NIFTY option has ticked yet"
    day.send(Tick(PUT, 10.0, "09:15:31", oi=650))
    card = quotes(day, "09:15:32")["NIFTY"]
    assert (card.pcr, card.pcr_reason) == (None, "No call has open interest")
    day.send(Tick(CALL, 10.0, "09:15:33", oi=1300))
    card = quotes(day, "09:15:34")["NIFTY"]
    assert (card.pcr, card.pcr_reason) == (0.5, "")


# -- the chain ---------------------------------------------------------------------------


def test_a_chain_that_never_ticked_is_none(play):
    assert chain(play(NIFTY, CALL, PUT).connect(), "09:16:00") is None
    assert chain(play(NIFTY).connect(), "09:16:00") is None


def test_what_an_option_does_not_tell_is_none(play):
    day = play(FUTURE, CALL, PUT).connect()
    day.send(Tick(CALL, 190.0, "09:16:00", 650, oi=1300), Tick(FUTURE, 24_520.0, "09:16:00", 65))
    (row,) = chain(day, "09:16:01").rows
    assert (row.strike, row.call_ltp, row.call_oi, row.call_volume) == (
        *(24_500.0, 190.0),
        *(1300.0, 650.0),
    )
    assert row.call_oi_change is None
    assert (row.put_ltp, row.put_oi, row.put_volume, row.put_iv) == (None,) * 4
    assert row.put_note == "No usable price"


def test_the_change_of_oi_is_since_yesterday(play):
    day = play(NIFTY, replace(CALL, previous_oi=1000.0)).connect()
    day.send(Tick(CALL, 190.0, "09:16:00", 650, oi=1300))
    assert chain(day, "09:16:01").rows[0].call_oi_change == 300.0


def test_the_age_of_oi_is_since_any_of_it_changed(play):
    day = play(NIFTY, CALL, PUT).connect()
    day.send(Tick(CALL, 190.0, "09:16:00", 650, oi=1300))
    day.send(Tick(PUT, 130.0, "09:16:20", 650, oi=650))
    day.send(Tick(PUT, 131.0, "09:16:50", 715, oi=650))
    assert chain(day, "09:16:53").oi_age_s == 33.0
    day.until("09:17:05")
    assert day.pipeline.chains.chains["NIFTY"].snapshots[-1].oi_age_s == 40.0


def test_the_forward_is_the_future_of_the_same_expiry(play):
    day = play(NIFTY, FUTURE, CALL, PUT).connect()
    day.send(
        Tick(NIFTY, 24_520.0, "09:16:00"),
        Tick(FUTURE, 24_560.0, "09:16:00", 65),
        Tick(CALL, 190.0, "09:16:00", 650),
        Tick(PUT, 130.0, "09:16:00", 650),
    )
    view = chain(day, "09:16:01")
    assert (view.spot, view.forward, view.forward_source) == (24_520.0, 24_560.0, "NIFTY26AUGFUT")
    assert (view.expiry, view.days_to_expiry, view.straddle) == (date(2026, 8, 25), 7, 320.0)
    assert view.time_to_expiry_s == 7 * 86_400 + 6 * 3600 + 23 * 60 + 59
    assert 5 < view.atm_iv < 30


def test_a_chain_without_its_index_finds_the_money_from_the_forward(play):
    day = play(FUTURE, CALL, HIGHER_CALL).connect()
    day.send(
        Tick(FUTURE, 24_590.0, "09:16:00", 65),
        Tick(CALL, 190.0, "09:16:00", 650),
        Tick(HIGHER_CALL, 140.0, "09:16:00", 650),
    )
    view = chain(day, "09:16:01")
    assert (view.spot, view.atm) == (None, 24_600.0)


def test_a_chain_with_neither_says_why_there_is_no_forward(play):
    day = play(CALL, PUT).connect()
    day.send(Tick(CALL, 190.0, "09:16:00", 650))
    view = chain(day, "09:16:01")
    assert (view.spot, view.forward, view.atm, view.straddle, view.atm_iv) == (None,) * 5
    assert view.forward_source == "No spot to find the money"


def test_half_way_between_two_strikes_the_lower_one_is_at_the_money(play):
    day = play(NIFTY, CALL, HIGHER_CALL).connect()
    day.send(Tick(NIFTY, 24_550.0, "09:16:00"), Tick(CALL, 190.0, "09:16:00", 650))
    assert chain(day, "09:16:01").atm == 24_500.0


def test_while_the_index_stands_still_the_money_is_at_the_forward(play):
    day = play(NIFTY, FUTURE, CALL, HIGHER_CALL).connect()
    day.send(
        Tick(NIFTY, 24_510.0, "15:16:00"),
        Tick(FUTURE, 24_590.0, "15:16:00", 65),
        Tick(CALL, 190.0, "15:16:00", 650),
    )
    assert chain(day, "15:14:59").atm == 24_500.0
    assert chain(day, "15:16:01").atm == 24_600.0


def test_after_the_expiry_instant_there_is_no_volatility(play):
    day = play(NIFTY, TODAY_CALL, TODAY_PUT).connect()
    day.send(
        Tick(NIFTY, 24_500.0, "15:39:30"),
        Tick(TODAY_CALL, 40.0, "15:39:30", 650),
        Tick(TODAY_PUT, 35.0, "15:39:30", 650),
    )
    before, over = chain(day, "15:39:59"), chain(day, "15:40:00")
    assert (before.days_to_expiry, before.time_to_expiry_s) == (0, 1.0)
    assert before.rows[0].call_iv > 0
    assert (over.time_to_expiry_s, over.atm_iv, over.rows[0].call_iv) == (None, None, None)
    assert over.forward_source == "Expired"
    assert over.rows[0].call_note != ""
    assert over.straddle == 75.0


def test_a_bad_quote_is_named_and_the_last_price_used(play):
    day = play(NIFTY, FUTURE, CALL, PUT).connect()
    day.send(
        Tick(NIFTY, 24_520.0, "09:16:00"),
        Tick(FUTURE, 24_560.0, "09:16:00", 65),
        Tick(CALL, 190.0, "09:16:00", 650, bid=191.0, ask=189.0),
        Tick(PUT, 130.0, "09:16:00", 650, bid=100.0, ask=150.0),
    )
    view = chain(day, "09:16:01")
    assert view.rows[0].call_note == "crossed quote, mid not used"
    assert view.rows[0].put_note == "wide quote, mid not used"
    assert view.straddle == 320.0


def test_a_good_quote_gives_its_middle_and_one_side_alone_gives_none(play):
    day = play(NIFTY, FUTURE, CALL, PUT).connect()
    day.send(
        Tick(NIFTY, 24_520.0, "09:16:00"),
        Tick(FUTURE, 24_560.0, "09:16:00", 65),
        Tick(CALL, 190.0, "09:16:00", 650, bid=188.0, ask=188.5),
        Tick(PUT, 130.0, "09:16:00", 650, ask=150.0),
    )
    view = chain(day, "09:16:01")
    assert view.straddle == 188.25 + 130.0
    assert view.rows[0].put_note == ""


def test_a_chain_that_fell_silent_has_no_price_no_forward_and_says_why(play):
    day = play(NIFTY, CALL, PUT).connect()
    day.send(
        Tick(NIFTY, 24_520.0, "09:16:00"),
        Tick(CALL, 190.0, "09:16:00", 650, oi=1300),
        Tick(PUT, 130.0, "09:16:00", 650, oi=650),
    )
    within, after = chain(day, "09:20:59"), chain(day, "09:51:00")
    assert (within.straddle, within.rows[0].call_note) == (320.0, "")
    assert within.atm_iv > 0
    assert (after.forward, after.straddle, after.atm_iv, after.atm) == (None, None, None, 24_500.0)
    assert after.forward_source == "stale: no option price fresh within 60 s"
    (row,) = after.rows
    assert (row.call_iv, row.call_note) == (None, "stale: no option price fresh within 60 s")
    assert (row.call_ltp, row.call_oi) == (190.0, 1300.0)


def test_an_option_a_minute_behind_its_chain_is_stale_and_one_volatility_is_no_mean(play):
    day = play(NIFTY, FUTURE, CALL, PUT).connect()
    day.send(
        Tick(NIFTY, 24_520.0, "09:16:00"),
        Tick(FUTURE, 24_560.0, "09:16:00", 65),
        Tick(CALL, 190.0, "09:16:00", 650, bid=191.0, ask=189.0),
        Tick(PUT, 130.0, "09:16:00", 650),
    )
    day.send(Tick(PUT, 131.0, "09:17:00", 650))
    assert chain(day, "09:17:01").straddle == 321.0
    day.send(Tick(PUT, 132.0, "09:17:01", 650))
    view = chain(day, "09:17:02")
    (row,) = view.rows
    assert row.call_note == "crossed quote, mid not used; stale: no option price fresh within 60 s"
    assert (row.call_iv, row.put_note) == (None, "")
    assert row.put_iv > 0
    assert (view.straddle, view.atm_iv) == (None, None)


# -- the chart ---------------------------------------------------------------------------


def test_an_index_alone_has_a_chart_without_volume(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:01"))
    day.send(Tick(NIFTY, 24_001.0, "09:16:10"))
    view = chart_view(day.pipeline, "NIFTY", "1m")
    assert (view.contract, len(view.bars), view.forming["close"]) == (None, 1, 24_001.0)
    assert view.bars["volume"].isna().all()
    assert view.closing is None
    assert chart_view(day.pipeline, "SENSEX", "1m") is None


def test_in_the_seconds_of_grace_the_closing_bar_is_drawn_too(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:59"))
    day.send(Tick(NIFTY, 24_001.0, "09:16:01"))
    view = chart_view(day.pipeline, "NIFTY", "1m")
    assert (view.closing["start"], view.forming["start"]) == (
        seconds("09:15:00"),
        seconds("09:16:00"),
    )


# -- where the market is -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "at", "phase", "detail", "expiring"),
    [
        (OLD_DAY, "09:05", "PRE_OPEN", "Index to 15:30 · F&O to 15:30", ("SENSEX",)),
        (OLD_DAY, "15:29", "CONTINUOUS", "Index to 15:30 · F&O to 15:30", ("SENSEX",)),
        (DAY, "15:14", "CONTINUOUS", "Index to 15:15 · F&O to 15:40", ("NIFTY",)),
        (DAY, "15:15", "CLOSING_AUCTION", "Index to 15:15 · F&O to 15:40", ("NIFTY",)),
        (DAY, "15:36", "DERIV_ONLY", "Index to 15:15 · F&O to 15:40", ("NIFTY",)),
        (DAY, "20:00", "CLOSED", "Index to 15:15 · F&O to 15:40", ("NIFTY",)),
        (date(2026, 8, 15), "12:00", "CLOSED", "", ()),
    ],
)
def test_the_phase_is_told_in_words(day, at, phase, detail, expiring):
    found = phase_view(CALENDAR, instant(at, day))
    assert (found.name, found.detail, found.expiries) == (phase, detail, expiring)


@pytest.mark.parametrize(("day", "end"), [(OLD_DAY, "15:30:00"), (DAY, "15:40:00")])
def test_the_timeline_ends_when_nothing_trades_any_more(day, end):
    hours = trading_hours(CALENDAR, day)
    noon = nanoseconds("12:00", day)
    view = timeline_view(hours, bands(CALENDAR, day), summary(), noon, {}, {})
    assert (view.start, view.end) == (seconds("09:00:00", day), seconds(end, day))
    assert view.edge == seconds("12:00:00", day)
    assert all(view.start <= start < stop <= view.end for _, start, stop in view.bands)


def summary(*fidelity: str) -> DaySummary:
    return DaySummary(
        *(DAY, AFTERNOON, fidelity, 0, (), 0, 0, 0, None, None, ()),
        prepared=True,
    )


# -- health ------------------------------------------------------------------------------


def test_every_stage_says_how_it_is(play):
    day = play(NIFTY, CALL).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:16:00"))

    def told(at: str) -> dict[str, str]:
        found = stages(day.pipeline, summary("full ticks"), nanoseconds(at), trading=True)
        return {stage.name: stage.state for stage in found}

    assert told("09:16:01") == {
        "Feed": "flowing",
        "Decode": "flowing",
        "Bars": "flowing",
        "Chain": "off",
        "Signals": "flowing",
        "Store": "flowing",
    }
    assert told("09:16:06")["Feed"] == "late"
    day.send(Tick(CALL, 10.0, "09:16:07", oi=650))
    assert told("09:16:08")["Chain"] == "flowing"
    assert told("09:21:08")["Chain"] == "late"
    day.pipeline.sections.failures["ema"] = "ValueError: no"
    assert told("09:16:08")["Signals"] == "down"


def test_a_stage_tells_the_age_of_its_last_event_and_what_to_do(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:16:00"))  # arrives 0.2 s later
    at = nanoseconds("09:16:10.2")
    feed, decode, bars, *_ = stages(day.pipeline, summary("full ticks"), at, trading=True)
    assert (feed.state, feed.age_s, bool(feed.todo)) == ("late", 10.0, True)
    assert decode.age_s == 10.0
    assert (bars.state, bars.detail[:26]) == ("late", "The minute 09:15 is not cl")
    day.until("09:16:10")
    _, _, bars, *_ = stages(day.pipeline, summary("full ticks"), at, trading=True)
    assert (bars.state, bars.todo) == ("flowing", "")


def test_rates_are_of_the_last_ten_seconds_of_the_desk_s_time():
    rates, second = Rates(), SECOND_NS
    assert rates.see(0, 0, 0) == (None, None)
    assert rates.see(5 * second, 10, 100) == (2.0, 20.0)
    assert rates.see(10 * second, 20, 200) == (2.0, 20.0)
    assert rates.see(20 * second, 20, 200) == (0.0, 0.0)
    assert rates.see(second, 2, 3) == (None, None)  # it was sought back


def test_a_tape_of_bars_may_be_silent_for_a_minute(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:16:00", length=INDEX_FULL))
    for at, state in (("09:17:10", "flowing"), ("09:17:16", "late")):
        found = stages(day.pipeline, summary("1m bars"), nanoseconds(at), trading=True)
        assert found[0].state == state


# -- the whole picture -------------------------------------------------------------------


def plain(value: object) -> object:
    """Return a snapshot's part as JSON carries it; tables and arrays are drawn, not sent."""
    if isinstance(value, pd.DataFrame | np.ndarray | Signal | ChartView):
        return None
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        assert math.isfinite(value)
        assert type(value) is float
    return value


INTERESTS = [Interest("NIFTY", "1m"), Interest("BANKNIFTY", "5m"), Interest("SENSEX", "30m")]


@pytest.mark.parametrize(
    ("source", "at"),
    [
        (MORNING, None),
        (MORNING, "09:14:30"),
        (MORNING, "09:15:01"),
        (MORNING, "09:20:01.5"),
        (MORNING, "09:31:00"),
        (AFTERNOON, "15:14:59"),
        (AFTERNOON, "15:16:30"),
        (AFTERNOON, "15:37:00"),
        (AFTERNOON, "16:00:00"),
    ],
)
def test_json_carries_everything_in_a_snapshot(tools, source, at):
    day = StoredDay(tools, DAY, source)
    day.load(lambda _share, _text: None)
    pipeline, _ = day.open(instant(at) if at else None)
    now_ns = nanoseconds(at) if at else nanoseconds("09:14:00")
    desk = DeskState(1, "paused", None, None, now_ns, 1.0, shared=False)
    for interests in ([], INTERESTS):
        snapshot = SnapshotBuilder(day, CALENDAR).build(desk, pipeline, interests)
        assert orjson.loads(orjson.dumps(plain(snapshot)))["status"] == "paused"
        for reading in (*snapshot.final.values(), *snapshot.provisional.values()):
            orjson.dumps(plain(reading.as_dict()))
    pipeline.close()


def test_a_chain_nobody_looks_at_is_not_called_missing(tools):
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    pipeline, frames = day.open(instant("09:16:30"))
    play_to(pipeline, frames, instant("09:16:31"))
    desk = DeskState(1, "paused", None, None, nanoseconds("09:16:31"), 1.0, shared=False)
    snapshot = SnapshotBuilder(day, CALENDAR).build(desk, pipeline, [])
    pipeline.close()
    assert snapshot.chains == {}
    assert snapshot.chain_missing == {
        "BANKNIFTY": "No BANKNIFTY options in this recording",
        "SENSEX": "No SENSEX options in this recording",
    }


def test_before_the_day_is_loaded_there_is_a_frame_to_show(tools):
    day = StoredDay(tools, DAY, MORNING)
    desk = DeskState(1, "loading", None, 0.25, nanoseconds("09:15:00"), 1.0, shared=False)
    snapshot = SnapshotBuilder(day, CALENDAR).build(desk, None, INTERESTS)
    assert (snapshot.status, snapshot.progress, snapshot.final) == ("loading", 0.25, {})
    assert isinstance(snapshot.at, datetime)


def test_a_day_of_one_index_alone_can_be_shown(play):
    day = play(INDICES["SENSEX"]).connect()
    day.send(Tick(INDICES["SENSEX"], 80_000.0, "09:16:00"))
    assert quotes(day, "09:16:01")["SENSEX"].price == 80_000.0
    assert chain(day, "09:16:01") is None
    assert day.pipeline.sections.provisional("SENSEX", "1m") == {}
