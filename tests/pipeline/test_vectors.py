"""Hygiene and bars against the reference day: every row of it says why it is there."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, to_ns
from dashboard.core.market import DEPTH_DTYPE, Frame, Instrument, Kind, TickBatch, Universe
from dashboard.pipeline.pipeline import make_pipeline

FUTURE = Instrument(4_000_258, "NIFTY26NOVFUT", "NFO", "NIFTY", Kind.FUTURE, lot=65)


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def _batch(row: dict[str, str]) -> TickBatch:
    one = np.full(1, np.nan)
    depth = np.zeros((1, 10), dtype=DEPTH_DTYPE)
    if row["bid"]:
        depth["price"][0, 0] = round(float(row["bid"]) * 100)
        depth["price"][0, 5] = round(float(row["ask"]) * 100)
    seconds = np.array([to_ns(_time(row["exchange_ts"])) // 10**9])
    return TickBatch(
        token=np.array([FUTURE.token]),
        length=np.array([184], dtype=np.uint8),
        last_price=np.array([float(row["last_price"])]),
        last_quantity=one,
        average_price=one,
        day_volume=np.array([float(row["volume_traded"])]),
        buy_quantity=one,
        sell_quantity=one,
        open=np.array([float(row["day_open"])]),
        high=one,
        low=one,
        close=one,
        change=one,
        last_trade_time=np.array([-1]),
        oi=np.array([float(row["oi"])]),
        oi_day_high=one,
        oi_day_low=one,
        exchange_time=seconds,
        depth=depth,
    )


@pytest.fixture
def played(shared: Path):
    rows = _rows(shared / "vectors" / "ticks.csv")
    batches = {str(at).encode(): _batch(row) for at, row in enumerate(rows)}
    pipeline = make_pipeline(
        datetime(2026, 11, 17, tzinfo=IST).date(),
        Universe((FUTURE,)),
        load_calendar(),
        lambda payload: (batches[payload], []),
        signals={},
    )
    closed = []
    pipeline.on_closed.append(closed.append)
    for at, row in enumerate(rows):
        pipeline.process(Frame(to_ns(_time(row["arrival"])), 1, str(at).encode()))
    yield pipeline, [bar for minute in closed for bar in minute.bars]
    pipeline.close()


@pytest.mark.shared
def test_bars_equal_the_reference(played, shared: Path):
    _, bars = played
    expected = _rows(shared / "vectors" / "expected_bars_from_ticks.csv")
    assert len(bars) == len(expected)
    for bar, row in zip(bars, expected, strict=True):
        assert bar["start"] * 10**9 == to_ns(_time(row["ts"]))
        for name in ("open", "high", "low", "close", "volume", "oi", "n"):
            assert float(bar[name]) == float(row[name]), (row["ts"], name)


@pytest.mark.shared
def test_every_rule_of_the_reference_day_is_counted(played):
    pipeline, _ = played
    counters = pipeline.state.counters
    # a price of 0 and a fat print without volume
    assert counters["bad_price"] == 2
    assert counters["dup"] == 1
    assert counters["ooo"] == 1
    assert counters["late"] == 1
    assert counters["vol_regress"] == 1
    assert counters["crossed"] == 1
    # the pre-open match and the tick at 15:41:09
    assert counters["outside"] == 2
