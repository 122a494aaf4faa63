"""The chart of an index: its basis and its volume, both from the future."""

import math

import pandas as pd
import pytest

from dashboard.core.market import BarFlag
from dashboard.pipeline.views.chart import basis_of, chart_view
from tests.builders import make_bars
from tests.pipeline.frames import FUTURE, NIFTY, Tick

OPEN_S = 1748922300  # 2025-06-03 09:15 in Asia/Kolkata


def index_bars(flags: list[int]) -> pd.DataFrame:
    return make_bars(close=[100.0, 101.0, 102.0], day="2025-06-03").assign(flags=flags)


@pytest.mark.parametrize(
    ("future", "flags", "basis"),
    [
        ([103.0, 105.0, 107.0], [0, 0, 0], 5.0),
        ([103.0, 105.0, math.nan], [0, 0, 0], 4.0),  # the future did not trade in the last
        ([103.0, 105.0, 107.0], [0, 0, BarFlag.AUCTION], 4.0),
        ([math.nan, math.nan, math.nan], [0, 0, 0], None),
    ],
)
def test_takes_the_last_regular_close_of_both(
    future: list[float], flags: list[int], basis: float | None
) -> None:
    bars = index_bars(flags)
    assert basis_of(bars, bars.assign(close=future), OPEN_S) == basis


def test_an_earlier_session_gives_no_basis() -> None:
    bars = index_bars([0, 0, 0])
    assert basis_of(bars, bars.assign(close=110.0), OPEN_S + 86_400) is None


def both(at: str, volume: float) -> tuple[Tick, Tick]:
    """Return a tick of the index and one of its future, whose day's volume is `volume`."""
    return Tick(NIFTY, 24_000.0, at), Tick(FUTURE, 24_010.0, at, volume=volume)


def test_bars_in_progress_have_the_volume_of_the_future(play):
    day = play(NIFTY, FUTURE).connect()
    day.send(*both("09:15:01", 650))
    day.send(*both("09:15:59", 1_950))
    day.send(*both("09:16:01", 2_600))
    view = chart_view(day.pipeline, "NIFTY", "1m")
    assert (view.closing["volume"], view.forming["volume"]) == (1_950, 650)


def test_a_longer_bar_in_progress_adds_its_closed_minutes(play):
    day = play(NIFTY, FUTURE).connect()
    day.send(*both("09:15:01", 650))
    day.send(*both("09:16:30", 1_300))
    day.send(*both("09:17:30", 3_250))
    view = chart_view(day.pipeline, "NIFTY", "5m")
    assert view.forming["volume"] == 3_250


def test_a_bar_in_progress_without_a_future_has_no_volume(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:01"))
    view = chart_view(day.pipeline, "NIFTY", "1m")
    assert math.isnan(view.forming["volume"])
