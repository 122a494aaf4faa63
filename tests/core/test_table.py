"""Tables that go on by a row: each keeps what it shows, whatever follows it."""

import math

import numpy as np
import pytest

from dashboard.core.averages import atr, once
from dashboard.core.bars import as_table, first_of_day, prices, row_before
from dashboard.core.errors import InputError
from dashboard.core.table import SPARE, Columns, Row, Starts
from tests.builders import make_bars

BEFORE = {"price": np.array([1.0, 2.0]), "word": np.array(["a", "b"], dtype=object)}


def table() -> Columns:
    return Columns(np.array([60, 120]), BEFORE)


def test_a_row_follows_and_the_table_before_stays_as_it_is():
    before = table()
    after = before.followed_by(180, Row({"price": 3.0, "word": "c"}, state="third"))
    assert (len(before), len(after)) == (2, 3)
    assert after.starts.tolist() == [60, 120, 180]
    assert after.values["price"].tolist() == [1.0, 2.0, 3.0]
    assert after.values["word"].tolist() == ["a", "b", "c"]
    assert (after.last, after.state) == ({"price": 3.0, "word": "c"}, "third")
    assert before.values["price"].tolist() == [1.0, 2.0]
    assert before.state is None


def test_of_two_rows_that_follow_the_same_table_neither_changes_the_other():
    first = table().followed_by(180, Row({"price": 3.0, "word": "c"}))
    one = first.followed_by(240, Row({"price": 4.0, "word": "d"}))
    other = first.followed_by(240, Row({"price": 5.0, "word": "e"}))
    assert one.values["price"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert other.values["word"].tolist() == ["a", "b", "c", "e"]


def test_rows_follow_when_the_room_is_used_up():
    longer = table()
    for number in range(2 * SPARE):
        longer = longer.followed_by(180 + 60 * number, Row({"price": float(number), "word": ""}))
    assert longer.values["price"].tolist() == [1.0, 2.0, *map(float, range(2 * SPARE))]
    assert longer.rows(-1).last == {"price": 2.0 * SPARE - 1, "word": ""}


def extended(before: Columns, price: float, word: str) -> Columns:
    times = Starts(np.append(before.starts, before.times.last + 60))
    return before.extended(times, Row({"price": price, "word": word}))


def test_a_row_that_waits_is_shown_to_whoever_looks():
    after = extended(extended(table(), 3.0, "c"), 4.0, "d")
    assert after.starts.tolist() == [60, 120, 180, 240]
    assert after.values["word"].tolist() == ["a", "b", "c", "d"]
    assert [dict(row_before(after)), after.last] == [
        {"price": 3.0, "word": "c"},
        {"price": 4.0, "word": "d"},
    ]
    later = extended(after, 5.0, "e")
    assert later.values["price"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert after.values["price"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_of_two_rows_that_wait_behind_the_same_table_neither_changes_the_other():
    first = extended(table(), 3.0, "c")
    one, other = extended(first, 4.0, "d"), extended(first, 5.0, "e")
    assert one.values["price"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert other.values["price"].tolist() == [1.0, 2.0, 3.0, 5.0]
    assert first.values["word"].tolist() == ["a", "b", "c"]


def test_many_rows_may_wait():
    longer = table()
    for number in range(2 * SPARE):
        longer = extended(longer, float(number), "")
    assert longer.values["price"].tolist() == [1.0, 2.0, *map(float, range(2 * SPARE))]
    assert longer.rows(-1).last == {"price": 2.0 * SPARE - 1, "word": ""}


def test_a_bar_that_follows_is_checked_as_any_other():
    bars = Columns(np.array([60]), {"high": np.array([2.0]), "low": np.array([1.0])})
    prices(bars, "high", "low")
    fine = bars.followed_by(120, Row({"high": 3.0, "low": 3.0}))
    assert [values.tolist() for values in prices(fine, "high", "low")] == [[2.0, 3.0], [1.0, 3.0]]
    crossed = fine.followed_by(180, Row({"high": 3.0, "low": 4.0}))
    with pytest.raises(InputError, match="high is below low at 1970-01-01 05:33"):
        prices(crossed, "high", "low")
    unknown = fine.followed_by(180, Row({"high": math.nan, "low": 4.0}))
    with pytest.raises(InputError, match="high is unknown at 1970-01-01 05:33"):
        prices(unknown, "high", "low")


def test_a_desk_s_bars_remember_and_a_frame_does_not():
    made: list[int] = []
    bars = make_bars(close=[1.0, 2.0])
    arrays = as_table({"close": bars["close"].to_numpy()}, Columns(np.array([60, 120]), {}))
    for _ in range(2):
        once(arrays, ("made",), lambda: made.append(1))
        once(bars, ("made",), lambda: made.append(2))
    assert made == [1, 2, 2]


def test_an_average_of_too_few_bars_is_unknown():
    assert np.isnan(atr(make_bars(close=[1.0, 2.0]), 14)).all()


def test_a_day_begins_with_its_first_bar():
    midnight = 1_787_077_800  # 2026-08-19 00:00 IST
    bars = Columns(np.array([midnight - 120, midnight - 60, midnight, midnight + 60]), {})
    assert (first_of_day(bars), first_of_day(bars.rows(0, 2))) == (2, 0)
