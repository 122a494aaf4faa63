"""The chain frame: from snapshots, from a plain table, and what it refuses."""

import math

import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.options.chain import (
    CHAIN_DTYPE,
    ChainSnapshot,
    chain_frame,
    chain_history,
    from_long,
    header,
    side,
)

NINE_FIFTEEN = 1_787_024_700  # 2026-08-18 09:15 in Kolkata


def snapshot(start: int, *rows: tuple[float, ...], spot: float = 25_012.35) -> ChainSnapshot:
    return ChainSnapshot(start, spot, 4.0, np.array(list(rows), CHAIN_DTYPE))


FIRST = snapshot(
    NINE_FIFTEEN,
    (24_950, 1_000, 10, 95.5, 5_000, 20, 40.0),
    (25_000, 4_000, 30, 65.0, 3_000, 40, 60.0),
)
SECOND = snapshot(NINE_FIFTEEN + 60, (25_000, 4_100, 31, 66.0, math.nan, 41, 61.0), spot=25_020.0)


def long_table() -> pd.DataFrame:
    at = pd.DatetimeIndex(["2026-08-18 09:16", "2026-08-18 09:15", "2026-08-18 09:15"])
    return pd.DataFrame(
        {
            "strike": [25_000, 25_000, 24_950],
            "kind": ["CE", "PE", "CE"],
            "oi": [4_100, 3_000, 1_000],
            "spot": [25_020.0, 25_012.35, 25_012.35],
        },
        index=at.tz_localize("Asia/Kolkata"),
    )


def test_a_column_is_a_field_a_kind_and_a_strike():
    chain = chain_frame([FIRST, SECOND])
    assert chain[("oi", "CE", 25_000.0)].tolist() == [4_000, 4_100]
    assert chain[("volume", "PE", 25_000.0)].tolist() == [40, 41]
    assert chain[("ltp", "CE", 24_950.0)].iloc[0] == 95.5
    assert chain[("spot", "", 0.0)].tolist() == [25_012.35, 25_020.0]
    assert chain[("oi_age_s", "", 0.0)].tolist() == [4, 4]
    assert chain.columns.is_monotonic_increasing


def test_bars_are_labelled_in_kolkata():
    index = chain_frame([FIRST]).index
    assert str(index[0]) == "2026-08-18 09:15:00+05:30"


def test_what_a_snapshot_lacks_is_unknown():
    chain = chain_frame([FIRST, SECOND])
    assert math.isnan(chain[("oi", "CE", 24_950.0)].iloc[1])
    assert math.isnan(chain[("oi", "PE", 25_000.0)].iloc[1])


def test_a_side_has_a_column_per_strike():
    calls = side(chain_frame([FIRST, SECOND]), "oi", "CE")
    assert calls.columns.tolist() == [24_950, 25_000]
    assert calls.iloc[0].tolist() == [1_000, 4_000]


def test_a_header_is_one_number_a_bar():
    assert header(chain_frame([FIRST, SECOND]), "spot").tolist() == [25_012.35, 25_020.0]


def test_no_snapshots_make_an_empty_frame():
    chain = chain_frame([])
    assert len(chain) == 0
    assert side(chain, "oi", "CE").shape == (0, 0)
    assert header(chain, "spot").tolist() == []


def test_a_snapshot_without_strikes_still_has_its_spot():
    chain = chain_frame([snapshot(NINE_FIFTEEN)])
    assert header(chain, "spot").tolist() == [25_012.35]


def test_a_snapshot_survives_its_bytes():
    again = ChainSnapshot.from_bytes(FIRST.to_bytes())
    assert (again.start, again.spot, again.oi_age_s) == (NINE_FIFTEEN, 25_012.35, 4.0)
    assert again.rows.tolist() == FIRST.rows.tolist()
    assert again.to_bytes() == FIRST.to_bytes()


@pytest.mark.parametrize("cut", [0, 3, 27, 28 + 55])
def test_refuses_bytes_that_are_no_whole_snapshot(cut: int):
    with pytest.raises(InputError, match="no whole chain snapshot"):
        ChainSnapshot.from_bytes(FIRST.to_bytes()[:cut])


def test_a_plain_table_becomes_a_chain_in_order_of_time():
    chain = from_long(long_table())
    assert [f"{t:%H:%M}" for t in chain.index] == ["09:15", "09:16"]
    assert chain[("oi", "CE", 24_950.0)].iloc[0] == 1_000
    assert chain[("oi", "PE", 25_000.0)].iloc[0] == 3_000
    assert chain[("oi", "CE", 25_000.0)].iloc[1] == 4_100
    assert header(chain, "spot").tolist() == [25_012.35, 25_020.0]
    assert side(chain, "volume", "CE").isna().all(axis=None)


def test_a_table_in_another_zone_is_shown_in_kolkata():
    moved = long_table().tz_convert("America/New_York")
    pd.testing.assert_frame_equal(from_long(moved), from_long(long_table()))


def test_refuses_a_table_without_a_time_zone():
    with pytest.raises(InputError, match="time zone"):
        from_long(long_table().tz_localize(None))


@pytest.mark.parametrize("column", ["strike", "kind", "oi"])
def test_refuses_a_table_that_lacks_a_column(column: str):
    with pytest.raises(InputError, match=column):
        from_long(long_table().drop(columns=column))


def test_refuses_a_kind_that_is_no_options():
    with pytest.raises(InputError, match="CE or PE, not FUT"):
        from_long(long_table().assign(kind=["CE", "PE", "FUT"]))


def test_refuses_a_row_without_a_strike():
    with pytest.raises(InputError, match="no strike"):
        from_long(long_table().assign(strike=[25_000, math.nan, 24_950]))


def test_refuses_the_same_contract_twice_in_a_bar():
    with pytest.raises(InputError, match="twice"):
        from_long(pd.concat([long_table(), long_table().iloc[:1]]))


def test_yesterday_s_open_interest_is_carried_only_where_it_was_given():
    plain, given = from_long(long_table()), from_long(long_table().assign(previous_oi=[4, 3, 1]))
    assert "previous_oi" not in plain.columns.get_level_values(0)
    assert given[("previous_oi", "CE", 24_950.0)].iloc[0] == 1
    assert given.columns.is_monotonic_increasing
    again = chain_history(given).frame
    pd.testing.assert_frame_equal(again, given, check_freq=False)


def test_a_history_may_carry_one_value_a_strike_for_all_its_rows():
    history = chain_history(chain_frame([FIRST, SECOND]))
    call, put = np.array([900.0, math.nan]), np.array([4_000.0, 2_900])
    carrying = history.carrying("previous_oi", call, put)
    assert carrying.side("previous_oi", "PE").tolist() == [[4_000, 2_900], [4_000, 2_900]]
    assert carrying.rows(1).side("previous_oi", "CE")[0, 0] == 900
    assert carrying.frame[("previous_oi", "PE", 25_000.0)].tolist() == [2_900, 2_900]
    assert ("previous_oi", "PE") not in history.sides
