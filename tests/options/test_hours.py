"""What the time of day means for a chain."""

from datetime import date, datetime

import numpy as np
import pytest

from dashboard.core.bars import day_numbers
from dashboard.core.clock import IST
from dashboard.options.chain import ChainHistory
from dashboard.options.hours import is_frozen, reference_price, time_flags


def seconds(*times: str) -> np.ndarray:
    return np.array([datetime.fromisoformat(t).replace(tzinfo=IST).timestamp() for t in times], int)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2025-06-03 15:29", "2025-06-03 15:30"),
        ("2026-08-18 15:14", "2026-08-18 15:15"),  # since 3 August 2026 an auction closes the index
        ("2026-12-07 15:29", "2026-12-07 15:30"),
    ],
)
def test_the_index_stands_still_after_its_continuous_session(before: str, after: str):
    starts = seconds(before, after)
    assert is_frozen(day_numbers(starts), starts).tolist() == [False, True]


def test_a_day_without_known_hours_never_freezes():
    starts = seconds("2026-08-16 15:45")  # a Sunday
    assert is_frozen(day_numbers(starts), starts).tolist() == [False]


def test_the_money_is_measured_from_spot_and_then_from_parity():
    starts = seconds("2026-08-18 15:14", "2026-08-18 15:15")
    sides = {
        ("ltp", "CE"): np.array([[150.0, 90.0], [150.0, 90.0]]),
        ("ltp", "PE"): np.array([[30.0, 70.0], [30.0, 70.0]]),
    }
    spot = np.array([25_010.0, 25_010.0])
    history = ChainHistory(starts, np.array([25_000.0, 25_100.0]), sides, {"spot": spot})
    assert reference_price(history).tolist() == [25_010, 25_120]
    assert spot.tolist() == [25_010, 25_010]


@pytest.mark.parametrize(
    ("at", "flags"),
    [
        ("2025-06-05 09:14", ("pre_open",)),
        ("2025-06-05 09:15", ()),
        ("2025-06-05 14:59", ()),
        ("2025-06-05 15:00", ("settlement_window",)),
        ("2025-06-04 15:00", ()),
    ],
)
def test_flags_before_the_open_and_before_settlement(at: str, flags: tuple[str, ...]):
    assert time_flags(int(seconds(at)[0]), date(2025, 6, 5)) == flags


def test_an_unknown_expiry_has_no_settlement():
    assert time_flags(int(seconds("2025-06-05 15:10")[0]), None) == ()
