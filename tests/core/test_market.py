"""Instruments and the universe of a day."""

from datetime import date

import numpy as np
import pytest

from dashboard.core.market import INDICES, VIX, Instrument, Kind, Segment, Universe

NOV, DEC = date(2026, 11, 23), date(2026, 12, 29)


def contract(token: int, kind: Kind, expiry: date, strike: float | None = None) -> Instrument:
    return Instrument(token, f"NIFTY{token}", "NFO", "NIFTY", kind, expiry, strike, 65)


FUTURE_NOV = contract(30, Kind.FUTURE, NOV)
FUTURE_DEC = contract(20, Kind.FUTURE, DEC)
CALL_LOW = contract(50, Kind.CALL, NOV, 24000)
PUT_LOW = contract(40, Kind.PUT, NOV, 24000)
CALL_HIGH = contract(10, Kind.CALL, NOV, 24500)
CALL_DEC = contract(60, Kind.CALL, DEC, 24000)
ALL = (FUTURE_NOV, FUTURE_DEC, CALL_LOW, PUT_LOW, CALL_HIGH, CALL_DEC, INDICES["NIFTY"])


@pytest.fixture
def universe() -> Universe:
    return Universe(ALL)


def test_index_tokens_are_exchange_token_and_segment():
    # exchange tokens 1001, 1016, 1 and 1035 in segment 9
    tokens = {name: index.token for name, index in INDICES.items()}
    assert tokens == {
        "NIFTY": 1001 << 8 | 9,
        "BANKNIFTY": 1016 << 8 | 9,
        "SENSEX": 1 << 8 | 9,
        VIX: 1035 << 8 | 9,
    }


def test_contracts_keep_derivative_hours_and_indices_do_not():
    assert INDICES["NIFTY"].segment is Segment.INDEX
    assert FUTURE_NOV.segment is CALL_LOW.segment is PUT_LOW.segment is Segment.FNO


def test_only_calls_and_puts_are_options():
    assert [i.is_option for i in (CALL_LOW, PUT_LOW, FUTURE_NOV, INDICES["NIFTY"])] == [
        True,
        True,
        False,
        False,
    ]


def test_the_order_is_by_token_whatever_came_first(universe: Universe):
    assert universe.tokens.tolist() == [10, 20, 30, 40, 50, 60, 256265]
    assert universe.instruments == Universe(ALL[::-1]).instruments
    assert len(universe) == 7


def test_two_instruments_of_one_token_are_refused():
    with pytest.raises(ValueError, match="share a token"):
        Universe((FUTURE_NOV, FUTURE_NOV))


def test_rows_of_unknown_tokens_are_minus_one(universe: Universe):
    tokens = np.array([30, 31, 9, 256265, 2**31], dtype=np.int64)
    assert universe.rows(tokens).tolist() == [2, -1, -1, 6, -1]
    assert universe.row(CALL_HIGH) == 0
    assert universe.row(INDICES["SENSEX"]) == -1


def test_an_empty_universe_knows_nothing():
    nothing = Universe(())
    assert nothing.rows(np.array([1, 2], dtype=np.int64)).tolist() == [-1, -1]
    assert nothing.index("NIFTY") is None
    assert nothing.future("NIFTY", NOV) is None


def test_finds_the_index_and_the_front_future(universe: Universe):
    assert universe.index("NIFTY") == INDICES["NIFTY"]
    assert universe.index("SENSEX") is None
    assert universe.future("NIFTY", NOV) == FUTURE_NOV  # until its last day ends
    assert universe.future("NIFTY", date(2026, 11, 24)) == FUTURE_DEC
    assert universe.future("NIFTY", date(2026, 12, 30)) is None


def test_finds_options_by_strike_call_before_put(universe: Universe):
    assert universe.options("NIFTY", NOV) == [CALL_LOW, PUT_LOW, CALL_HIGH]
    assert universe.expiries("NIFTY", NOV) == [NOV, DEC]
    assert universe.expiries("NIFTY", date(2026, 11, 24)) == [DEC]


def test_joining_keeps_the_first_of_a_token(universe: Universe):
    other = Instrument(30, "OTHER", "NFO", "NIFTY", Kind.FUTURE, DEC)
    joined = universe.joined([other, INDICES["SENSEX"]])
    assert len(joined) == 8
    assert FUTURE_NOV in joined.instruments
    assert other not in joined.instruments
