"""What plays when somebody opens the page, and what the sign-in page says of it."""

from datetime import datetime
from pathlib import Path

import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import InputError, StoreError
from dashboard.core.market import Source
from dashboard.desk_room import make_desk_room, market_words
from dashboard.settings import Mode
from storage.store import open_store
from tests.pipeline.frames import CALL, FUTURE, NIFTY, PUT
from tests.pipeline.stored import AFTERNOON, afternoon_frames, write


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 11, 22, 6, tzinfo=IST), "Market closed · opens Mon 23 Nov 09:15 IST"),
        (datetime(2026, 11, 23, 9, tzinfo=IST), "Market closed · opens Mon 23 Nov 09:15 IST"),
        (datetime(2026, 11, 23, 15, 20, tzinfo=IST), "Market open · F&O to 15:40 IST"),
        # Tuesday 24 November is a holiday
        (datetime(2026, 11, 23, 16, tzinfo=IST), "Market closed · opens Wed 25 Nov 09:15 IST"),
    ],
)
def test_says_when_the_market_opens(now: datetime, words: str):
    assert market_words(load_calendar(), ManualClock(now)) == words


def test_says_that_the_calendar_has_ended():
    clock = ManualClock(datetime(2027, 3, 2, 10, tzinfo=IST))
    assert "does not cover 2027-03-02" in market_words(load_calendar(), clock)


@pytest.fixture
def store(tmp_path: Path):
    opened = open_store(f"sqlite:///{tmp_path / 'tezi.sqlite'}")
    yield opened
    opened.close()


def test_a_live_mode_without_credentials_is_refused_in_words(store):
    room = make_desk_room(store, ManualClock(datetime(2026, 11, 20, 10, tzinfo=IST)), Mode.LIVE)
    with pytest.raises(InputError, match="TEZI_KITE_API_KEY"):
        room.start()


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 20, 8, 30, tzinfo=IST), "2026-11-20"),
        (datetime(2026, 11, 21, 10, tzinfo=IST), "2026-11-23"),  # a Saturday
        (datetime(2026, 11, 20, 15, 41, tzinfo=IST), "2026-11-23"),  # a Friday's end
    ],
)
def test_with_credentials_the_desk_is_live_and_waits_for_the_next_day(store, now, day):
    room = make_desk_room(store, ManualClock(now), Mode.AUTO, kite=True)
    room.start()
    desk, own = room.first_desk()
    assert (str(desk.day.day), desk.day.source, own) == (day, Source.LIVE, False)
    assert store.days() == []  # nothing generated, nothing recorded
    room.stop()


def test_a_new_date_brings_a_new_waiting_desk(store):
    clock = ManualClock(datetime(2026, 11, 20, 16, tzinfo=IST))
    room = make_desk_room(store, clock, Mode.AUTO, kite=True)
    room.start()
    first, _ = room.first_desk()
    room.wait_for_a_day()
    assert room.first_desk()[0] is first
    clock.advance(9 * 3600)
    room.wait_for_a_day()
    assert str(room.first_desk()[0].day.day) == "2026-11-23"
    room.stop()


@pytest.mark.parametrize("mode", [Mode.MOCK, Mode.REPLAY])
def test_credentials_change_nothing_where_another_desk_was_asked_for(store, mode: Mode):
    clock = ManualClock(datetime(2026, 11, 20, 10, tzinfo=IST))
    room = make_desk_room(store, clock, mode, kite=True)
    assert (room.is_live, room.recording) == (False, None)


def test_a_replay_mode_without_a_day_says_how_to_import_one(store):
    room = make_desk_room(store, ManualClock(datetime(2026, 11, 20, 10, tzinfo=IST)), Mode.REPLAY)
    room.start()
    with pytest.raises(StoreError, match="tezi import bars"):
        room.first_desk()
    room.stop()


def test_auto_without_credentials_is_the_generated_desk_whatever_is_recorded(store):
    write(store, AFTERNOON, afternoon_frames(), (NIFTY, FUTURE, CALL, PUT))
    now = ManualClock(datetime(2026, 11, 20, 10, tzinfo=IST))
    room = make_desk_room(store, now, Mode.AUTO)
    room.start()
    desk, own = room.first_desk()
    assert (desk.day.source, own) == (Source.MOCK, False)
    room.stop()
    room = make_desk_room(store, now, Mode.REPLAY)
    room.start()
    desk, own = room.first_desk()
    assert (desk.day.source, own) == (Source.RECORDED, True)
    room.stop()


def test_a_generated_day_plays_on_the_latest_trading_day_and_is_forgotten_at_the_next_start(store):
    sunday = ManualClock(datetime(2026, 11, 22, 10, tzinfo=IST))
    room = make_desk_room(store, sunday, Mode.AUTO)
    room.start()
    desk, own = room.first_desk()
    assert (str(desk.day.day), desk.day.source, own) == ("2026-11-20", Source.MOCK, False)
    room.stop()
    assert [one.source for one in store.days()] == [Source.MOCK]
    again = make_desk_room(store, sunday, Mode.REPLAY)
    again.start()
    assert store.days() == []
