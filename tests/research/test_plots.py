"""Candles and lines: what is drawn where, in IST, and what cannot be drawn."""

import holoviews as hv
import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.research.plots import candles, lines
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
