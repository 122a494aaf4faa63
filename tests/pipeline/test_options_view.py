"""The option desk's numbers: only while looked at, one day kept a minute, nothing made up."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.market import Frame, Instrument, Kind
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.views.options import OptionRoom
from dashboard.pipeline.views.options_buildup import (
    HOLDERS_ADD,
    HOLDERS_LEAVE,
    QUIET,
    WRITERS_ADD,
    WRITERS_LEAVE,
    build_up,
)
from dashboard.pipeline.views.snapshot import DeskState, SnapshotBuilder
from storage.store import open_store
from tests.pipeline.frames import DAY, NIFTY, Play, Tick, instant, message, nanoseconds
from tests.pipeline.stored import AFTERNOON, MORNING, make_tools, write

CALENDAR = load_calendar()
TODAY, NEXT = DAY, date(2026, 8, 25)
LOOK = Interest("NIFTY", "5m", options=True)
STRIKES = (24_900.0, 25_000.0, 25_100.0)


def option(token: int, kind: Kind, strike: float, expiry: date = TODAY, **known) -> Instrument:
    symbol = f"NIFTY{expiry:%y%m%d}{strike:.0f}{kind}"
    return Instrument(token, symbol, "NFO", "NIFTY", kind, expiry, strike, 65, **known)


def make_chain(expiry: date = TODAY, first: int = 2000, **known) -> tuple[Instrument, ...]:
    """Return call and put of three strikes, in the order of their strikes."""
    return tuple(
        option(first + 2 * at + put, kind, strike, expiry, **known)
        for at, strike in enumerate(STRIKES)
        for put, kind in enumerate((Kind.CALL, Kind.PUT))
    )


PRICES = (120.0, 25.0, 60.0, 62.0, 25.0, 130.0)
OI = (1000, 5000, 4000, 3000, 6000, 800)  # the specification's example


def ticks(chain: tuple[Instrument, ...], at: str, prices=PRICES, oi=OI) -> list[Tick]:
    return [Tick(o, p, at, 650, oi=i) for o, p, i in zip(chain, prices, oi, strict=True)]


def view_of(day: Play, at: str, room: OptionRoom | None = None, look: Interest = LOOK):
    room = room or OptionRoom(CALENDAR)
    found = room.views(day.pipeline, [look], nanoseconds(at, day.day))
    return found[look.underlying, look.expiry]


def test_nothing_is_worked_out_while_nobody_is_in_the_room(play):
    day = play(NIFTY, *make_chain()).connect()
    day.send(*ticks(make_chain(), "09:16:00"))
    look = Interest("NIFTY", "5m")
    assert OptionRoom(CALENDAR).views(day.pipeline, [look], nanoseconds("09:16:01")) == {}


def test_a_chain_that_never_ticked_is_not_there(play):
    day = play(NIFTY, *make_chain()).connect()
    assert OptionRoom(CALENDAR).views(day.pipeline, [LOOK], nanoseconds("09:16:01")) == {}


def test_the_published_vector_is_met():
    """As of 17 Nov 2026 13:10, expiry 23 Nov 15:40, F 25,048.60, r 6.5 %."""
    expiry, day = date(2026, 11, 23), date(2026, 11, 17)
    call = option(2000, Kind.CALL, 25_000.0, expiry)
    put = option(2001, Kind.PUT, 25_250.0, expiry)
    future = Instrument(1002, "NIFTY26NOVFUT", "NFO", "NIFTY", Kind.FUTURE, expiry, lot=65)
    played = Play((NIFTY, future, call, put), day=day).connect()
    at = "13:09:59"
    played.send(
        Tick(NIFTY, 25_010.0, at, day=day),
        Tick(future, 25_048.60, at, 65, day=day),
        Tick(call, 191.05, at, 65, oi=650, day=day),
        Tick(put, 283.75, at, 65, oi=650, day=day),
    )
    view = view_of(played, "13:10:00")
    played.pipeline.close()
    assert view.forward == 25_048.60
    assert view.call.iv[0] == pytest.approx(12.8445, abs=1e-4)
    assert view.call.delta[0] == pytest.approx(0.549230, abs=1e-6)
    assert view.call.theta[0] == pytest.approx(-13.44147, abs=1e-5)
    assert view.put.iv[1] == pytest.approx(12.6454, abs=1e-4)
    assert view.put.delta[1] == pytest.approx(-0.684187, abs=1e-6)
    assert np.isnan(view.call.iv[1])  # no such contract


def test_ratio_and_money_are_those_of_the_example(play):
    day = play(NIFTY, *make_chain()).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(make_chain(), "09:16:00"))
    view = view_of(day, "09:16:01")
    assert view.pcr_oi == pytest.approx(0.8)
    assert view.atm == 25_000.0
    assert view.straddle == 122.0
    assert view.forward_source == "parity over 3 strikes"
    assert view.max_pain is None  # three strikes say nothing


def test_a_crossed_quote_is_flagged_and_its_last_price_used(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    quoted = [replace(t, bid=t.price - 0.1, ask=t.price + 0.3) for t in ticks(chain, "09:16:00")]
    quoted[2] = replace(quoted[2], bid=61.0, ask=59.0)
    quoted[4] = replace(quoted[4], bid=20.0, ask=30.0)
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *quoted)
    view = view_of(day, "09:16:01")
    assert view.call.note == ("", "crossed", "wide")
    assert view.call.price.tolist() == pytest.approx([120.1, 60.0, 25.0])


def test_a_price_older_than_a_minute_than_the_rest_is_stale_and_has_no_volatility(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    day.send(*ticks(chain, "09:17:02")[1:])
    view = view_of(day, "09:17:03")
    assert view.call.note[0] == "no quote, stale"
    assert np.isnan(view.call.price[0])
    assert view.call.why[0] == "No usable price"
    assert view.call.ltp[0] == 120.0


def test_a_recording_of_one_quote_a_minute_is_not_stale_between_two(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    assert view_of(day, "09:17:30").straddle == 122.0


def test_a_chain_that_fell_silent_has_no_fresh_price(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    view = view_of(day, "09:21:02")
    assert (view.straddle, view.forward, view.atm_iv) == (None, None, None)
    assert view.quote_age_s == pytest.approx(301.8)
    assert set(view.call.note) == {"no quote, stale"}


def test_changes_count_from_yesterday_where_it_is_known(play):
    chain = make_chain(previous_oi=2000.0, previous_close=100.0)
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    view = view_of(day, "09:16:01")
    assert (view.base, view.buildup_base) == ("the previous close", "the previous close")
    assert view.call.oi_change.tolist() == [-1000.0, 2000.0, 4000.0]
    assert view.call.oi_percent.tolist() == [-50.0, 100.0, 200.0]
    assert view.call.price_change.tolist() == pytest.approx([20.0, -40.0, -75.0])
    assert view.call.buildup.tolist() == [WRITERS_LEAVE, WRITERS_ADD, WRITERS_ADD]


def test_without_yesterday_changes_count_from_the_first_minute(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    assert np.isnan(view_of(day, "09:16:01").call.oi_change).all()
    day.send(*ticks(chain, "09:17:30", oi=(1500, 5000, 4000, 3000, 6000, 800)))
    view = view_of(day, "09:17:31")
    assert (view.base, view.call.oi_change.tolist()) == ("09:16", [500.0, 0.0, 0.0])


def test_without_yesterdays_prices_the_build_up_counts_from_the_first_minute(play):
    chain = make_chain(previous_oi=2000.0)
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    day.until("09:17:05")
    more = (1500, 5000, 4000, 3000, 6000, 800)
    day.send(*ticks(chain, "09:18:30", (114.0, *PRICES[1:]), more))
    view = view_of(day, "09:18:31")
    assert (view.base, view.buildup_base) == ("the previous close", "09:16")
    assert (view.call.oi_change[0], view.call.oi_percent[0]) == (-500.0, 50.0)
    assert view.call.price_change[0] == pytest.approx(-5.0)
    assert view.call.buildup.tolist() == [WRITERS_ADD, QUIET, QUIET]


@pytest.mark.parametrize(
    ("price", "oi", "said"),
    [
        (0.05, 0.10, HOLDERS_ADD),
        (-0.05, 0.10, WRITERS_ADD),
        (0.05, -0.10, WRITERS_LEAVE),
        (-0.05, -0.10, HOLDERS_LEAVE),
        (0.04, 5.0, QUIET),
        (5.0, 0.09, QUIET),
        (np.nan, 5.0, QUIET),
    ],
)
def test_a_build_up_needs_both_changes(price, oi, said):
    assert build_up(np.array([price]), np.array([oi])).tolist() == [said]


# -- the day ---------------------------------------------------------------------------


def test_the_day_is_made_once_a_minute(play):
    chain, room = make_chain(), OptionRoom(CALENDAR)
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    before = view_of(day, "09:16:01", room)
    assert (before.day, before.day_reason) == (None, "No minute of this expiry has closed yet")
    day.send(*ticks(chain, "09:17:30"))
    first, again = view_of(day, "09:17:31", room), view_of(day, "09:17:40", room)
    assert first.day is again.day
    day.send(*ticks(chain, "09:18:30"))
    later = view_of(day, "09:18:31", room)
    assert later.day is not first.day
    assert len(first.day.starts) + 1 == len(later.day.starts)


def test_the_day_tells_each_closed_minute(play):
    chain, room = make_chain(), OptionRoom(CALENDAR)
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    more = (1000, 5000, 4000, 3000, 6000, 1900)
    day.send(Tick(NIFTY, 25_060.0, "09:17:30"), *ticks(chain, "09:17:30", oi=more))
    day.until("09:18:05")
    told = view_of(day, "09:18:06", room).day
    assert told.pcr_oi[-2:].tolist() == pytest.approx([0.8, 0.9])
    assert told.atm[-2:].tolist() == [25_000.0, 25_100.0]
    assert told.straddle[-2:].tolist() == [122.0, 155.0]
    assert told.put_change[-1].tolist() == [0.0, 0.0, 1100.0]
    assert np.isnan(told.max_pain).all()
    assert told.smile_start is None
    assert (told.atm_iv[-2:] > 0).all()


def test_a_day_extended_minute_by_minute_equals_one_made_at_once(play):
    chain, room = make_chain(), OptionRoom(CALENDAR)
    day = play(NIFTY, *chain).connect()
    for minute in range(16, 40):
        at = f"09:{minute}:10"
        prices = tuple(p + minute % 5 for p in PRICES)
        day.send(Tick(NIFTY, 25_000.0 + minute, at), *ticks(chain, at, prices))
        grown = view_of(day, f"09:{minute}:11", room).day
    fresh = view_of(day, "09:39:11").day
    for name in ("starts", "spot", "pcr_oi", "atm", "atm_iv", "straddle", "call_change"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(fresh, name))


def test_minutes_long_after_the_last_price_have_no_premium(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(chain, "09:16:00"))
    day.until("09:26:05")
    told = view_of(day, "09:26:06").day
    assert told.straddle[:6].tolist() == [122.0] * 6
    assert np.isnan(told.straddle[6:]).all()
    assert np.isnan(told.atm_iv[6:]).all()
    assert told.pcr_oi[-1] == pytest.approx(0.8)


def test_after_expiry_there_are_no_greeks_and_a_reason(play):
    chain = make_chain()
    day = play(NIFTY, *chain).connect()
    day.send(Tick(NIFTY, 25_001.0, "15:39:59"), *ticks(chain, "15:39:59"))
    view = view_of(day, "15:40:01")
    assert (view.time_to_expiry_s, view.forward, view.atm_iv) == (None, None, None)
    assert view.forward_source == "Expired"
    assert np.isnan(view.call.delta).all()
    assert set(view.call.why) == {"Expired"}


# -- other expiries ------------------------------------------------------------------------


def test_every_expiry_of_the_day_can_be_chosen_and_has_a_day_of_its_own(play):
    near, far = make_chain(TODAY), make_chain(NEXT, 3000)
    day = play(NIFTY, *near, *far).connect()
    dearer = tuple(p + 100 for p in PRICES)
    day.send(
        Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(near, "09:16:00"), *ticks(far, "09:16:00", dearer)
    )
    day.until("09:17:05")
    room = OptionRoom(CALENDAR)
    nearest = view_of(day, "09:17:06", room)
    chosen = view_of(day, "09:17:06", room, replace(LOOK, expiry=NEXT))
    assert nearest.expiries == chosen.expiries == (TODAY, NEXT)
    assert (nearest.expiry, chosen.expiry) == (TODAY, NEXT)
    assert (nearest.days_to_expiry, chosen.days_to_expiry) == (0, 7)
    assert (nearest.day.straddle[-1], chosen.day.straddle[-1]) == (122.0, 322.0)


def test_an_expiry_that_is_not_here_leads_to_the_nearest(play):
    day = play(NIFTY, *make_chain()).connect()
    day.send(Tick(NIFTY, 25_001.0, "09:16:00"), *ticks(make_chain(), "09:16:00"))
    assert view_of(day, "09:16:01", look=replace(LOOK, expiry=NEXT)).expiry == TODAY


def test_after_a_seek_every_expiry_knows_its_day(tmp_path):
    """A minute may be opened without what came before; the store has it for each expiry."""
    near, far = make_chain(TODAY), make_chain(NEXT, 3000)
    frames = []
    for minute in range(15, 25):
        at = f"09:{minute}:10"
        prices = tuple(p + minute % 2 for p in PRICES)
        sent = message(
            Tick(NIFTY, 25_000.0 + minute, at), *ticks(near, at), *ticks(far, at, prices[::-1])
        )
        frames.append(_frame(at, sent))
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    write(store, AFTERNOON, tuple(frames), (NIFTY, *near, *far))
    stored = StoredDay(make_tools(store), DAY, AFTERNOON)
    stored.load(lambda _share, _text: None)
    pipeline, _ = stored.open(instant("09:22:30"))
    found = OptionRoom(CALENDAR).views(
        pipeline, [LOOK, replace(LOOK, expiry=NEXT)], nanoseconds("09:22:30")
    )
    pipeline.close()
    store.close()
    sizes = {expiry: len(view.day.starts) for (_, expiry), view in found.items()}
    assert sizes == {None: 7, NEXT: 7}  # 09:15 to 09:21
    assert found["NIFTY", NEXT].day.straddle[-1] == 124.0


def _frame(at: str, payload: bytes) -> Frame:
    return Frame(nanoseconds(at) + 200_000_000, 1, payload)


def test_the_snapshot_of_the_room_leaves_out_what_the_desk_alone_shows(tools):
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    pipeline, _ = day.open(instant("09:31:00"))
    desk = DeskState(1, "paused", None, None, nanoseconds("09:31:00"), 1.0, shared=False)
    builder = SnapshotBuilder(day, CALENDAR)
    in_room = builder.build(desk, pipeline, [LOOK])
    on_desk = builder.build(desk, pipeline, [Interest("NIFTY", "5m")])
    pipeline.close()
    assert list(in_room.options) == [("NIFTY", None)]
    assert (in_room.charts, in_room.chains, in_room.provisional) == ({}, {}, {})
    assert on_desk.options == {}
    assert on_desk.chains
    assert on_desk.charts
