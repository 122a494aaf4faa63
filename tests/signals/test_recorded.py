"""All sections over recorded bars of 2024 and 2026, every day of them."""

from pathlib import Path

import orjson
import pandas as pd
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST
from dashboard.core.market import Segment
from dashboard.core.signal import Inputs, Stance
from dashboard.signals import load_signals

pytestmark = pytest.mark.shared


def recorded(shared: Path, name: str) -> pd.DataFrame:
    """Return the regular bars of a recording, as the desk passes them on."""
    bars = pd.read_csv(shared / "data" / "bars" / name, parse_dates=["timestamp"])
    bars = bars.set_index("timestamp").tz_localize(IST).rename_axis("start")
    bars = bars[["open", "high", "low", "close"]].assign(volume=float("nan"), oi=float("nan"))
    calendar = load_calendar()
    sessions = [calendar.session(day, Segment.INDEX) for day in sorted(set(bars.index.date))]
    return pd.concat([bars[(bars.index >= s.open) & (bars.index < s.close)] for s in sessions])


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("nifty_index_1m_2024_dev.csv.gz", 40),
        ("banknifty_index_1m_2024_dev.csv.gz", 40),
        ("nifty_index_1m_2026_dev.csv.gz", 16),
    ],
)
def test_every_day_gives_readings_that_json_can_carry(shared: Path, name: str, days: int):
    bars = recorded(shared, name)
    ends = bars.index.to_series().groupby(bars.index.date).max()
    assert len(ends) == days
    for end in ends:
        upto = bars[:end].iloc[-775:]
        inputs = Inputs("NIFTY", index=upto, missing={"chain": "No chain", "future": "No future"})
        for signal in load_signals().values():
            document = signal.evaluate(inputs)[0].as_dict()
            assert orjson.loads(orjson.dumps(document)) == document


def test_a_session_that_was_not_recorded_leaves_no_pivots(shared: Path):
    # 1 Feb 2024 (Budget) is not in the file
    bars = recorded(shared, "nifty_index_1m_2024_dev.csv.gz")
    reading = load_signals()["pivots"].read(bars[:"2024-02-02"])
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No whole session of Thu 1 Feb 2024"


def test_a_saturday_session_is_the_prior_one(shared: Path):
    bars = recorded(shared, "nifty_index_1m_2024_dev.csv.gz")
    saturday = bars.loc["2024-01-20"]
    assert len(saturday) == 375
    reading = load_signals()["pivots"].read(bars[:"2024-01-23"])  # Monday was a holiday
    whole = saturday["high"].max() + saturday["low"].min() + saturday["close"].iloc[-1]
    assert reading.values["classic_p"] == pytest.approx(whole / 3)


def test_in_august_2026_the_index_ends_at_a_quarter_past_three(shared: Path):
    bars = recorded(shared, "nifty_index_1m_2026_dev.csv.gz")
    assert f"{bars.loc['2026-08-18'].index[-1]:%H:%M}" == "15:14"
    reading = load_signals()["orb"].read(bars)
    assert reading.asof is not None
    assert f"{reading.asof:%H:%M}" == "15:15"
    assert reading.reason == "Closed below low 15:03; held 11m"
