"""The calendar: hours by regime, days that count, refusal outside of the coverage."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas_market_calendars
import pytest

from dashboard.core.calendar import Calendar, Phase, load_calendar
from dashboard.core.clock import IST
from dashboard.core.errors import CalendarError
from dashboard.core.market import Segment

INDEX, FNO = Segment.INDEX, Segment.FNO


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return load_calendar()


def document() -> dict[str, Any]:
    return json.loads(files("dashboard.core").joinpath("calendar.json").read_text("utf-8"))


def ist(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def dates(first: str, last: str) -> Iterator[date]:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=1)


# -- hours ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "regime", "index_close", "fno_close", "expiry"),
    [
        ("2022-11-01", "A", "15:30", "15:30", "15:30"),
        ("2025-12-05", "A", "15:30", "15:30", "15:30"),
        ("2025-12-08", "A2", "15:30", "15:30", "15:30"),
        ("2026-07-31", "A2", "15:30", "15:30", "15:30"),
        ("2026-08-03", "B", "15:15", "15:40", "15:40"),
        ("2026-09-04", "B", "15:15", "15:40", "15:40"),
        ("2026-09-07", "B2", "15:15", "15:40", "15:40"),
        ("2026-12-04", "B2", "15:15", "15:40", "15:40"),
        ("2026-12-07", "C", "15:30", "15:45", "15:30"),
        ("2026-12-31", "C", "15:30", "15:45", "15:30"),
    ],
)
def test_the_close_follows_the_regime_of_the_date(
    calendar: Calendar, day: str, regime: str, index_close: str, fno_close: str, expiry: str
):
    on = date.fromisoformat(day)
    index, fno = calendar.session(on, INDEX), calendar.session(on, FNO)
    assert (index.regime, fno.regime) == (regime, regime)
    assert index.open == fno.open == ist(f"{day} 09:15")
    assert index.close == ist(f"{day} {index_close}")
    assert fno.close == ist(f"{day} {fno_close}")
    assert calendar.expiry_instant("NIFTY", on) == ist(f"{day} {expiry}")


@pytest.mark.parametrize(
    ("day", "index_minutes", "fno_minutes"),
    [("2025-11-04", 375, 375), ("2026-08-11", 360, 385), ("2026-12-08", 375, 390)],
)
def test_a_day_has_as_many_minutes_as_the_exchange_prints_bars(
    calendar: Calendar, day: str, index_minutes: int, fno_minutes: int
):
    on = date.fromisoformat(day)
    for segment, minutes in ((INDEX, index_minutes), (FNO, fno_minutes)):
        traded = sum(
            (w.end - w.start for w in calendar.session(on, segment).continuous), timedelta()
        )
        assert traded == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("at", "index", "fno"),
    [
        ("2025-11-04 08:59:59", Phase.CLOSED, Phase.CLOSED),
        ("2025-11-04 09:00", Phase.PRE_OPEN, Phase.CLOSED),
        ("2025-11-04 09:12", Phase.PRE_OPEN_BUFFER, Phase.CLOSED),
        ("2025-11-04 09:15", Phase.CONTINUOUS, Phase.CONTINUOUS),
        ("2025-11-04 15:29:59", Phase.CONTINUOUS, Phase.CONTINUOUS),
        ("2025-11-04 15:30", Phase.CLOSED, Phase.CLOSED),
        ("2025-11-04 15:40", Phase.POST_CLOSE, Phase.CLOSED),
        ("2025-11-04 16:00", Phase.CLOSED, Phase.CLOSED),
        ("2026-01-06 09:00", Phase.PRE_OPEN, Phase.PRE_OPEN),
        ("2026-08-11 15:14:59", Phase.CONTINUOUS, Phase.CONTINUOUS),
        ("2026-08-11 15:15", Phase.CLOSING_AUCTION, Phase.CONTINUOUS),
        ("2026-08-11 15:34:59", Phase.CLOSING_AUCTION, Phase.CONTINUOUS),
        ("2026-08-11 15:35", Phase.DERIV_ONLY, Phase.CONTINUOUS),
        ("2026-08-11 15:40", Phase.CLOSED, Phase.CLOSED),
        ("2026-08-11 15:50", Phase.POST_CLOSE, Phase.CLOSED),
        ("2026-11-17 09:09", Phase.PRE_OPEN, Phase.PRE_OPEN),
        ("2026-12-08 15:29:59", Phase.CONTINUOUS, Phase.CONTINUOUS),
        ("2026-12-08 15:30", Phase.CLOSING_AUCTION, Phase.CONTINUOUS),
        ("2026-12-08 15:40", Phase.DERIV_ONLY, Phase.CONTINUOUS),
        ("2026-12-08 15:45", Phase.CLOSED, Phase.CLOSED),
        ("2025-10-22 11:00", Phase.CLOSED, Phase.CLOSED),
    ],
)
def test_an_instant_has_a_phase_in_each_segment(
    calendar: Calendar, at: str, index: Phase, fno: Phase
):
    assert calendar.phase(ist(at), INDEX) is index
    assert calendar.phase(ist(at), FNO) is fno


def test_the_pre_open_steps_changed_in_september_2026(calendar: Calendar):
    def steps(day: date) -> list[str]:
        return [f"{w.start:%H:%M}" for w in calendar.session(day, INDEX).windows][:4]

    assert steps(date(2026, 9, 4)) == ["09:00", "09:08", "09:12", "09:15"]
    assert steps(date(2026, 9, 7)) == ["09:00", "09:05", "09:10", "09:12"]


def test_a_phase_does_not_depend_on_the_zone_an_instant_is_given_in(calendar: Calendar):
    moment = datetime(2026, 8, 11, 9, 50, tzinfo=UTC)  # 15:20 IST
    assert calendar.phase(moment, INDEX) is Phase.CLOSING_AUCTION
    new_york = moment.astimezone(ZoneInfo("America/New_York"))
    assert calendar.phase(new_york, INDEX) is Phase.CLOSING_AUCTION
    late = datetime(2026, 8, 10, 19, 0, tzinfo=UTC)  # already the 11th in India
    assert calendar.phase(late, INDEX) is Phase.CLOSED


def test_a_naive_instant_has_no_phase(calendar: Calendar):
    with pytest.raises(CalendarError, match="no time zone"):
        calendar.phase(datetime(2026, 8, 11, 12, 0), INDEX)  # noqa: DTZ001


@pytest.mark.shared
def test_agrees_with_the_reference_sessions(calendar: Calendar, shared: Path):
    with (shared / "vectors" / "expected_sessions.csv").open() as rows:
        for row in csv.DictReader(rows):
            session = calendar.session(date.fromisoformat(row["date"]), Segment(row["segment"]))
            assert session.is_open is (row["trading"] == "True")
            assert f"{session.open:%H:%M}" == row["cont_open"]
            assert f"{session.close:%H:%M}" == row["cont_close"]
            auction = [w for w in session.windows if w.phase is Phase.CLOSING_AUCTION]
            assert [f"{w.start:%H:%M}" for w in auction[:1]] == [
                t for t in [row["auction_open"]] if t
            ]
            assert [f"{w.end:%H:%M}" for w in auction[-1:]] == [
                t for t in [row["auction_close"]] if t
            ]
            if row["expiry_instant"]:
                expiry = calendar.expiry_instant("NIFTY", session.day)
                assert f"{expiry:%H:%M}" == row["expiry_instant"]


# -- days ----------------------------------------------------------------------------


def test_a_holiday_is_closed_and_says_its_name(calendar: Calendar):
    session = calendar.session(date(2025, 10, 22), FNO)
    assert (session.is_open, session.counts, session.windows) == (False, False, ())
    assert session.name == calendar.holiday(date(2025, 10, 22)) == "Diwali Balipratipada"
    with pytest.raises(CalendarError, match="closed \\(Diwali Balipratipada\\)"):
        _ = session.open


def test_a_weekend_is_closed(calendar: Calendar):
    session = calendar.session(date(2025, 11, 2), INDEX)
    assert (session.is_open, session.special) == (False, None)
    with pytest.raises(CalendarError, match="closed \\(Sunday\\)"):
        _ = session.close


@pytest.mark.parametrize("day", ["2024-01-20", "2025-02-01", "2026-02-01"])
def test_a_full_weekend_session_is_a_trading_day(calendar: Calendar, day: str):
    session = calendar.session(date.fromisoformat(day), FNO)
    assert (session.special, session.counts) == ("full_weekend", True)
    assert (session.open, session.close) == (ist(f"{day} 09:15"), ist(f"{day} 15:30"))
    assert calendar.is_trading_day(session.day)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2023-11-12", "18:15", "19:15"),
        ("2024-11-01", "18:00", "19:00"),
        ("2025-10-21", "13:45", "14:45"),
    ],
)
def test_muhurat_trades_for_an_hour_and_does_not_count(
    calendar: Calendar, day: str, opens: str, closes: str
):
    session = calendar.session(date.fromisoformat(day), INDEX)
    assert (session.special, session.counts) == ("muhurat", False)
    assert (session.open, session.close) == (ist(f"{day} {opens}"), ist(f"{day} {closes}"))
    assert calendar.has_session(session.day)
    assert not calendar.is_trading_day(session.day)


@pytest.mark.parametrize("day", ["2024-03-02", "2024-05-18"])
def test_a_drill_has_two_windows_and_is_closed_between_them(calendar: Calendar, day: str):
    session = calendar.session(date.fromisoformat(day), FNO)
    assert [(w.start, w.end) for w in session.continuous] == [
        (ist(f"{day} 09:15"), ist(f"{day} 10:00")),
        (ist(f"{day} 11:30"), ist(f"{day} 12:30")),
    ]
    assert session.phase(ist(f"{day} 10:30")) is Phase.CLOSED
    assert not session.counts


def test_a_session_of_unknown_hours_is_refused_with_its_own_message(calendar: Calendar):
    day = date(2026, 11, 8)
    assert calendar.has_session(day)
    assert not calendar.is_trading_day(day)
    with pytest.raises(CalendarError, match="Muhurat trading\\) whose hours are unverified"):
        calendar.session(day, INDEX)
    with pytest.raises(CalendarError, match="unverified"):
        calendar.phase(ist("2026-11-08 18:30"), FNO)


def test_neighbouring_trading_days_skip_weekends_holidays_and_muhurat(calendar: Calendar):
    assert calendar.previous_trading_day(date(2025, 10, 23)) == date(2025, 10, 20)
    assert calendar.next_trading_day(date(2025, 10, 20)) == date(2025, 10, 23)
    assert calendar.next_trading_day(date(2026, 1, 30)) == date(2026, 2, 1)  # Budget Sunday
    assert calendar.previous_trading_day(date(2024, 3, 4)) == date(2024, 3, 1)  # drill skipped


@pytest.mark.parametrize(("year", "days"), [(2024, 246), (2025, 248), (2026, 246)])
def test_a_year_has_its_number_of_trading_days(calendar: Calendar, year: int, days: int):
    # weekdays 262, 261, 261, less 17, 14, 16 weekday holidays, plus 1 full weekend session
    counted = sum(calendar.is_trading_day(d) for d in dates(f"{year}-01-01", f"{year}-12-31"))
    assert counted == days


@pytest.mark.parametrize("name", ["NSE", "XBOM"])
def test_weekday_holidays_agree_with_a_library(calendar: Calendar, name: str):
    first, last = "2022-11-01", "2026-12-31"
    library = pandas_market_calendars.get_calendar(name)
    theirs = {d.date() for d in library.valid_days(first, last)}
    muhurat = {date(2024, 11, 1), date(2025, 10, 21)}  # sessions that do not count
    ours = {d for d in dates(first, last) if d.weekday() < 5 and calendar.is_trading_day(d)}
    assert ours == {d for d in theirs if d.weekday() < 5} - muhurat


# -- coverage ------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2022, 10, 31), date(2027, 1, 1), date(2027, 3, 2)])
def test_everything_outside_the_coverage_is_refused(calendar: Calendar, day: date):
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=IST)
    for ask in (
        lambda: calendar.session(day, INDEX),
        lambda: calendar.phase(noon, FNO),
        lambda: calendar.is_trading_day(day),
        lambda: calendar.has_session(day),
        lambda: calendar.holiday(day),
        lambda: calendar.previous_trading_day(day),
        lambda: calendar.next_trading_day(day),
        lambda: calendar.expiry_instant("NIFTY", day),
        lambda: calendar.expiries("NIFTY", day, 1),
        lambda: calendar.is_expiry("NIFTY", day),
        lambda: calendar.lot("NIFTY", day),
    ):
        with pytest.raises(CalendarError, match=f"calendar does not cover {day}"):
            ask()


def test_a_walk_that_leaves_the_coverage_is_refused(calendar: Calendar):
    with pytest.raises(
        CalendarError, match=r"does not cover 2027-01-01: .* 2022-11 to 2026-12; a newer"
    ):
        calendar.next_trading_day(date(2026, 12, 31))
    with pytest.raises(CalendarError, match="does not cover 2022-10-31"):
        calendar.previous_trading_day(date(2022, 11, 1))


def test_the_calendar_is_read_once():
    assert load_calendar() is load_calendar()


# -- the file ------------------------------------------------------------------------


def test_every_entry_of_the_file_names_its_source():
    content = document()
    lists = [content[k] for k in ("regimes", "holidays", "special", "fixed_holidays")]
    lists += [*content["expiry_rules"].values(), *content["lots"].values()]
    assert all(entry["source"].strip() for entries in lists for entry in entries)


def test_windows_of_the_file_follow_each_other():
    for regime in document()["regimes"]:
        for rows in regime["segments"].values():
            times = [t for row in rows for t in row[1:3]]
            assert times == sorted(times)


def test_dates_of_the_file_are_in_order_and_listed_once():
    content = document()
    for key in ("holidays", "special"):
        days = [entry["day"] for entry in content[key]]
        assert days == sorted(set(days))
    for entries in (content["regimes"], *content["expiry_rules"].values()):
        since = [entry["from"] for entry in entries]
        assert since == sorted(set(since))
