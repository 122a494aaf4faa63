"""Tables have the same types whatever is in them."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from dashboard.research.trading import frames

BAR = {
    "start": "2026-08-18T09:15:00+05:30",
    **dict.fromkeys(("open", "high", "low", "close"), 1.0),
    "volume": None,
    "oi": 65,
    "flags": ["partial", "auction"],
}
INSTRUMENT = {
    "symbol": "NIFTY 50",
    "token": 256265,
    "exchange": "NSE",
    "underlying": "NIFTY",
    "kind": "INDEX",
    "expiry": None,
    "strike": None,
    "lot": 1,
    "tick": 0.05,
}
SIDE: dict[str, Any] = {"oi": 1, "note": "", "why": "no bid"}
CASES = [
    (frames.bars_frame, BAR),
    (frames.instruments_frame, INSTRUMENT),
    (frames.quotes_frame, {"symbol": "NIFTY 50", "token": 256265, "ltp": 1, "time": None}),
    (frames.sides_frame, {"strike": 100, "call": SIDE, "put": SIDE}),
]


@pytest.mark.parametrize(("make", "item"), CASES)
def test_an_empty_table_has_the_types_of_a_full_one(
    make: Callable[..., pd.DataFrame], item: dict[str, Any]
):
    full, empty = make([item]), make([])
    assert len(full) == 1
    assert empty.empty
    pd.testing.assert_series_equal(full.dtypes, empty.dtypes)
    assert full.index.dtype == empty.index.dtype
    assert full.index.name == empty.index.name


def test_unknown_is_never_zero():
    bars = frames.bars_frame([BAR, BAR | {"oi": None}])
    assert bars["volume"].isna().all()
    assert bars["oi"].isna().tolist() == [False, True]
    assert bars["flags"].iloc[0] == "partial, auction"


def test_instants_are_in_india_whatever_they_came_in():
    utc, india = "2026-08-18T03:45:00+00:00", "2026-08-18T09:15:00+05:30"
    found = frames.instants([utc, india, None, "2026-08-18"])
    assert str(found.dtype) == "datetime64[us, Asia/Kolkata]"
    assert found[0] == found[1]
    assert found[2] is pd.NaT
    assert str(found[3]) == "2026-08-18 00:00:00+05:30"
