"""Candles and lines: what is drawn where, in IST, and what cannot be drawn."""

import holoviews as hv
import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.research.plots import (
    by_strike,
    candles,
    heat_map,
    levels,
    lines,
    marks,
    profile,
    signed_bars,
)
from tests.builders import make_bars


@pytest.fixture(scope="module", autouse=True)
def bokeh() -> None:
    hv.extension("bokeh")


def bars() -> pd.DataFrame:
    return make_bars(open=[100, 103], high=[104, 105], low=[99, 100], close=[103, 101])


def test_a_candle_is_a_wick_and_a_body_in_ist():
    wicks, bodies = candles(bars().tz_convert("UTC"))
    assert wicks.dframe().iloc[0].tolist()[1:] == [
        99.0,
        pd.Timestamp("2025-06-02 09:15:00"),
        104.0,
        "up",
    ]
    first, second = bodies.dframe().itertuples(index=False)
    # 0.36 of a minute to each side
    assert first[0] == pd.Timestamp("2025-06-02 09:14:38.400")
    assert first[2] == pd.Timestamp("2025-06-02 09:15:21.600")
    assert (first[1], first[3], first[4]) == (100.0, 103.0, "up")
    assert (second[1], second[3], second[4]) == (103.0, 101.0, "down")


def test_one_bar_can_be_drawn():
    assert len(candles(bars().iloc[:1]).Segments.I) == 1


def test_lines_are_labelled_and_unknown_values_leave_a_gap():
    table = pd.DataFrame({"ema9": [np.nan, 101.0], "ema20": [1.0, 2.0]}, index=bars().index)
    first, second = lines(table, "ema9", "ema20")
    assert (first.label, second.label) == ("ema9", "ema20")
    assert np.isnan(first.dimension_values(1)[0])
    assert first.dimension_values(0)[0] == np.datetime64("2025-06-02T09:15")


def test_a_line_carries_its_unit():
    table = pd.DataFrame({"pcr_oi": [0.8, 0.9]}, index=bars().index)
    (line,) = lines(table, "pcr_oi", unit="ratio")
    assert [d.name for d in line.dimensions()] == ["time (IST)", "ratio"]


def test_candles_and_lines_become_one_bokeh_figure():
    table = pd.DataFrame({"ema9": [100.0, 101.0]}, index=bars().index)
    figure = hv.render(candles(bars()) * lines(table, "ema9"))
    assert len(figure.renderers) == 3


def test_an_unknown_column_is_refused():
    with pytest.raises(InputError, match="No column ema50; there are ema9"):
        lines(pd.DataFrame({"ema9": [1.0, 2.0]}, index=bars().index), "ema50")


def test_no_bars_are_refused():
    with pytest.raises(InputError, match="nothing to draw"):
        candles(bars().iloc[:0])


def test_bars_without_a_time_zone_are_refused():
    with pytest.raises(InputError, match="time zone"):
        candles(bars().tz_localize(None))


def test_levels_are_the_last_values_across_the_table_and_unknown_ones_are_left_out():
    table = pd.DataFrame({"p": [1.0, 2.5], "r1": [3.0, np.nan]}, index=bars().index)
    (level,) = levels(table, "p", "r1")
    assert level.label == "p 2.5"
    assert level.dimension_values(1).tolist() == [2.5, 2.5]


def test_marks_stand_where_a_value_is_known():
    table = pd.DataFrame({"swing_high": [np.nan, 101.0]}, index=bars().index)
    (swings,) = marks(table, "swing_high")
    assert swings.dimension_values(1).tolist() == [101.0]


def test_signed_bars_begin_at_zero_and_unknown_ones_are_left_out():
    table = pd.DataFrame({"hist": [-2.0, 3.0, np.nan]}, index=make_bars([1, 2, 3]).index)
    drawn = signed_bars(table, "hist").dframe()
    assert drawn["INR"].tolist() == [0.0, 0.0]
    assert drawn["to"].tolist() == [-2.0, 3.0]
    assert drawn["direction"].tolist() == ["down", "up"]


def test_strikes_are_joined_by_a_curve_with_a_dot_at_each():
    table = pd.DataFrame({"iv": [14.0, np.nan, 15.0]}, index=[25_000.0, 25_050.0, 25_100.0])
    curve, dots = by_strike(table, "iv", unit="percent")
    assert curve.label == dots.label == "iv"
    assert [d.name for d in curve.dimensions()] == ["strike (INR)", "percent"]


def test_a_profile_has_calls_left_of_the_strike_and_puts_right():
    table = pd.DataFrame({"CE": [5.0, 1.0], "PE": [2.0, np.nan]}, index=[25_000.0, 25_050.0])
    calls, puts = (side.dframe() for side in profile(table, "CE", "PE"))
    assert calls["until"].tolist() == [25_000.0, 25_050.0]
    assert puts["strike (INR)"].tolist() == [25_000.0, 25_050.0]
    assert puts["to"].tolist() == [2.0, 0.0]


def test_a_heat_map_is_white_at_zero_and_leaves_holes():
    cells = pd.DataFrame([[1.0, -4.0], [np.nan, 0.0]], bars().index, [25_000.0, 25_050.0])
    drawn = heat_map(cells, "lakh units")
    assert drawn.dframe()["lakh units"].tolist() == [1.0, -4.0, 0.0]
    shown = drawn.opts.get("style").kwargs | drawn.opts.get("plot").kwargs
    assert shown["clim"] == (-4.0, 4.0)
    assert (shown["cmap"][0], shown["cmap"][32], shown["cmap"][-1]) == (
        "#BF2E1B",
        "#F6F6F4",
        "#00705A",
    )


def test_one_strike_is_no_profile_and_one_bar_no_heat_map():
    with pytest.raises(InputError, match="two strikes"):
        profile(pd.DataFrame({"CE": [1.0], "PE": [1.0]}, index=[25_000.0]), "CE", "PE")
    with pytest.raises(InputError, match="two bars"):
        heat_map(pd.DataFrame([[1.0, 2.0]], bars().index[:1], [25_000.0, 25_050.0]), "units")
