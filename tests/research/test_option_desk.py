"""The option desk in a notebook: the page's numbers, and an expiry through its day."""

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.options.chain import from_long
from dashboard.research.client import RecordedDay
from dashboard.research.examples import example_whole_day
from dashboard.research.option_desk import expiry_instant, option_desk, quotes, through_the_day


@pytest.fixture(scope="module")
def day() -> Iterator[RecordedDay]:
    opened = example_whole_day(every=15, since="15:00")
    yield opened
    opened.close()


def test_a_whole_day_has_the_last_minute_of_each_part_and_of_the_day(day: RecordedDay):
    assert str(day) == (
        "Tuesday 18 August 2026, MOCK: full ticks of 442 instruments, 15:14–15:39 IST"
    )
    chain = day.at("15:40:05").chain("NIFTY", "15m")
    assert [f"{at:%H:%M}" for at in chain.index] == ["15:00", "15:15", "15:30"]


def test_quotes_are_the_option_desks(day: RecordedDay):
    view = option_desk(day.at("15:30:05"), "NIFTY")
    table = quotes(view)
    assert list(table.index) == view.strikes.tolist()
    assert table["CE", "oi"].sum() / table["PE", "oi"].sum() == pytest.approx(1 / view.pcr_oi)
    assert table.loc[view.atm, ("CE", "price")] + table.loc[view.atm, ("PE", "price")] == (
        view.straddle
    )


def test_a_chain_that_has_not_ticked_has_no_desk(day: RecordedDay):
    with pytest.raises(InputError, match="No option of NIFTY has ticked by 15:10"):
        option_desk(day.at("15:10"), "NIFTY")


def test_an_expiry_that_the_day_does_not_hold_is_refused_by_name(day: RecordedDay):
    with pytest.raises(InputError, match=r"No NIFTY expiry on 2026-08-19; known are 2026-08-18"):
        option_desk(day.at("15:30:05"), "NIFTY", date(2026, 8, 19))


def test_the_expiry_instant_is_the_calendar_s(day: RecordedDay):
    view = option_desk(day.at("15:30:05"), "NIFTY")
    assert expiry_instant("NIFTY", view.expiry) == datetime(2026, 8, 18, 15, 40, tzinfo=IST)


def test_a_chain_through_its_day_is_unknown_once_it_has_settled():
    index = pd.DatetimeIndex(["2026-08-18 10:00", "2026-08-18 10:01"]).tz_localize(IST)
    rows = [
        {"start": at, "strike": strike, "kind": kind, "oi": oi, "ltp": price, "spot": 25_000.0}
        for at in index
        for strike, kind, oi, price in [
            (24_950.0, "CE", 10.0, 80.0),
            (24_950.0, "PE", 30.0, 30.0),
            (25_000.0, "CE", 30.0, 50.0),
            (25_000.0, "PE", 30.0, 50.0),
        ]
    ]
    chain = from_long(pd.DataFrame(rows).set_index("start"))
    found = through_the_day(chain, datetime(2026, 8, 18, 10, 2, tzinfo=IST))
    assert found["pcr_oi"].tolist() == [1.5, 1.5]  # 60 / 40
    assert found["straddle"].tolist() == [100.0, 100.0]
    assert found["forward"].iloc[0] == pytest.approx(25_000.0, abs=0.01)
    assert np.isnan(found.loc[index[1], ["forward", "atm_iv", "move_iv"]].to_numpy(float)).all()
