"""What every section says of the end of the day."""

from datetime import date

import pandas as pd
import pytest

from dashboard.core.closing import closing_flags

EXPIRY = date(2026, 8, 25)


def flags(at: str, *needs: str, expiry: date | None = EXPIRY) -> list[str]:
    start = int(pd.Timestamp(at, tz="Asia/Kolkata").timestamp())
    return closing_flags(start, needs, needs[0], expiry)


@pytest.mark.parametrize(
    ("last", "after"),
    [
        ("2026-08-18 15:14", "2026-08-18 15:15"),  # the auction begins
        ("2026-12-08 15:29", "2026-12-08 15:30"),
    ],
)
def test_derivatives_trade_on_alone_after_the_index_has_closed(last, after):
    assert flags(last, "future") == flags(last, "chain") == []
    assert flags(after, "future") == flags(after, "chain", "future") == ["deriv_only"]


def test_a_bar_of_the_index_s_own_auction_says_so():
    assert flags("2026-08-18 15:14", "index") == []
    assert flags("2026-08-18 15:15", "index") == ["auction_phase"]


def test_options_settle_in_the_last_hour_of_their_expiry_day():
    assert flags("2026-08-25 14:59", "chain") == []
    assert flags("2026-08-25 15:00", "chain") == ["settlement_window"]
    assert flags("2026-08-25 15:20", "chain") == ["deriv_only", "settlement_window"]
    assert flags("2026-08-24 15:00", "chain") == []
    assert flags("2026-08-25 15:00", "future") == []
    assert flags("2026-08-25 15:00", "chain", expiry=None) == []


def test_where_the_calendar_knows_no_session_nothing_is_said():
    assert flags("1999-01-04 16:00", "future") == []
    assert flags("2026-08-16 16:00", "future") == []  # a Sunday
