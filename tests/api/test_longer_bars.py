"""Longer bars of minutes: the very bars that a desk makes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dashboard.api.longer_bars import longer_bars
from dashboard.core.clock import day_start_s
from dashboard.core.market import TIMEFRAMES, Segment
from dashboard.core.ports import BAR_DTYPE
from storage.store import SqlStore, open_store
from tests.pipeline.conftest import database  # noqa: F401 - the fixture with both days
from tests.pipeline.frames import DAY, NIFTY, seconds
from tests.pipeline.stored import MORNING

NEXT_DAY_S = day_start_s(DAY) + 86_400


@pytest.fixture
def store(database: Path) -> Iterator[SqlStore]:  # noqa: F811
    opened = open_store(f"sqlite:///{database}")
    yield opened
    opened.close()


@pytest.mark.parametrize("timeframe", ["5m", "15m"])
def test_they_are_those_that_the_desk_stored(store: SqlStore, timeframe: str):
    minutes, stored = (
        store.bars(DAY, MORNING, [NIFTY.token], name, NEXT_DAY_S)[NIFTY.token]
        for name in ("1m", timeframe)
    )
    assert len(stored)
    made = longer_bars(minutes, Segment.INDEX, TIMEFRAMES[timeframe])
    for name in BAR_DTYPE.names or ():
        np.testing.assert_array_equal(made[name][: len(stored)], stored[name])


def test_of_nothing_there_is_nothing():
    assert not len(longer_bars(np.empty(0, BAR_DTYPE), Segment.FNO, 5))


def test_minutes_outside_trading_hours_are_in_none():
    minutes = np.zeros(3, BAR_DTYPE)
    minutes["start"] = [seconds(at) for at in ("08:00:00", "09:15:00", "09:19:00")]
    assert longer_bars(minutes, Segment.FNO, 5)["start"].tolist() == [seconds("09:15:00")]
