"""Bars as arrays: what is accepted, what is refused and how it is said."""

import pandas as pd
import pytest

from dashboard.core.bars import (
    as_table,
    column,
    day_numbers,
    infer_timeframe,
    last_row,
    prices,
    session_spans,
    starts_s,
)
from dashboard.core.errors import InputError
from tests.builders import make_bars


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_starts_are_whole_seconds_whatever_the_unit(unit: str):
    bars = make_bars(close=[1.0])
    bars.index = bars.index.as_unit(unit)
    assert starts_s(bars).tolist() == [1748835900]  # 2025-06-02 09:15 IST is 03:45 UTC


def test_a_day_is_the_date_in_india():
    late = pd.Timestamp("2025-06-02 18:30", tz="UTC").timestamp()  # midnight in India
    numbers = day_numbers(pd.Series([late - 1, late]).to_numpy().astype("int64"))
    assert numbers.tolist() == [20241, 20242]  # 2 and 3 June 2025


def test_sessions_are_spans_of_one_date():
    two = pd.concat([make_bars(close=[1, 2]), make_bars(close=[3], day="2025-06-03")])
    assert session_spans(day_numbers(starts_s(two))) == [(0, 2), (2, 3)]
    assert session_spans(day_numbers(starts_s(two.iloc[:0]))) == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda bars: bars.tz_localize(None), "time zone"),
        (lambda bars: bars.iloc[::-1], "in order"),
        (lambda bars: pd.concat([bars, bars]).sort_index(), "in order"),
        (lambda bars: bars.reset_index(drop=True), "DatetimeIndex"),
    ],
)
def test_refuses_an_index_that_is_no_increasing_time(spoil, message: str):
    with pytest.raises(InputError, match=message):
        starts_s(spoil(make_bars(close=[1, 2, 3])))


def test_refuses_a_column_that_is_not_there_or_not_numbers():
    bars = make_bars(close=[1.0])
    with pytest.raises(InputError, match="lack the column 'close'"):
        column(bars.drop(columns="close"), "close")
    with pytest.raises(InputError, match="'close' is not numbers"):
        column(bars.assign(close="12a"), "close")


def test_an_unknown_price_is_said_with_its_minute():
    with pytest.raises(InputError, match="high is unknown at 2025-06-02 09:16"):
        prices(make_bars(close=[1, 2], high=[1, float("nan")]), "close", "high")


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "30m"])
def test_the_timeframe_is_the_closest_spacing(timeframe: str):
    bars = make_bars(close=[1, 2, 3, 4], timeframe=timeframe)
    assert infer_timeframe(bars.drop(bars.index[1])) == timeframe


def test_a_lone_bar_is_taken_for_a_minute():
    assert infer_timeframe(make_bars(close=[1])) == "1m"


def test_the_last_row_is_read_by_name():
    bars = make_bars(close=[1, 2])
    table = as_table({"a": bars["close"].to_numpy(), "b": bars["open"].to_numpy()}, bars)
    assert last_row(table) == {"a": 2.0, "b": 2.0}
    assert last_row(table.assign(label="BOS"))["label"] == "BOS"
