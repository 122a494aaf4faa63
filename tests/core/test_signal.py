"""The envelope: what `evaluate` adds to a section's own judgement."""

from collections.abc import Callable

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import (
    Inputs,
    PriceLevel,
    Signal,
    Stance,
    Verdict,
    Warmup,
    insufficient,
)
from tests.builders import make_bars

RISING = Verdict(Stance.BULLISH, 80.0, "Close 100.00 > 99.00", ("fresh_cross",))


def section(verdict: Verdict = RISING, **given: object) -> Signal:
    """Return a section that shows the close and always says `verdict`."""
    calculate: Callable[..., pd.DataFrame] = lambda bars, *_: bars[["close"]]  # noqa: E731
    shape = {"needs": ("index",), "calculate": calculate, "view": ()}
    return Signal(title="Made up", order=1, judge=lambda *_: verdict, **(shape | given)).named("x")


def test_an_ordinary_reading():
    reading = section().read(make_bars(close=[100.0, 101.0]), underlying="NIFTY")
    assert reading.as_dict() == {
        "id": "x",
        "underlying": "NIFTY",
        "instrument": "NIFTY",
        "timeframe": "1m",
        "bar_ts": "2025-06-02T09:16:00+05:30",
        "asof": "2025-06-02T09:17:00+05:30",
        "final": True,
        "state": "bullish",
        "strength": 80.0,
        "values": {"close": 101.0},
        "levels": [],
        "reason": "Close 100.00 > 99.00",
        "flags": ["fresh_cross"],
        "warmup": {"have": 1, "need": 1},
    }


def test_the_timeframe_is_read_off_the_bars():
    reading = section().read(make_bars(close=[1, 2], timeframe="30m", start="14:45"))
    assert reading.timeframe == "30m"
    assert f"{reading.asof:%H:%M}" == "15:30"  # 15:15 to the close, not to 15:45


def test_strength_is_bounded_and_never_unknown():
    for strength, shown in ((250.0, 100.0), (-3.0, 0.0), (float("nan"), 0.0)):
        verdict = Verdict(Stance.BULLISH, strength, "as it is")
        assert section(verdict).read(make_bars(close=[1])).strength == shown


@pytest.mark.parametrize("stance", [Stance.NEUTRAL, Stance.INSUFFICIENT])
def test_silence_has_no_strength(stance: Stance):
    assert section(Verdict(stance, 70.0, "quiet")).read(make_bars(close=[1])).strength == 0


def test_missing_bars_cap_the_strength():
    bars = make_bars(close=[1.0] * 60)
    reading = section().read(bars.drop(bars.index[10:16]))
    assert reading.strength == 50
    assert "gap_in_window" in reading.flags
    assert section().read(bars.drop(bars.index[10:15])).strength == 80


def test_an_opening_gap_mutes_what_is_fresh():
    dates = pd.bdate_range(end="2025-05-30", periods=20, tz=IST)
    daily = pd.DataFrame({"high": 52.0, "low": 48.0, "close": 50.0}, index=dates)
    reading = section().read(make_bars(close=[100.0]), daily=daily)
    assert reading.flags == ("gap_open",)


def test_a_section_may_count_what_it_waits_for_itself():
    verdict = insufficient("Building, 3 of 15 bars", warmup=Warmup(3, 15))
    assert section(verdict).read(make_bars(close=[1])).warmup == Warmup(3, 15)


def test_an_input_that_cannot_be_used_is_a_reading():
    def refuse(bars: pd.DataFrame) -> pd.DataFrame:
        raise InputError("Bars lack the column 'close'")

    reading = section(calculate=refuse).read(make_bars(close=[1]))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Bars lack the column 'close'"


def test_a_defect_is_not_hidden():
    def broken(bars: pd.DataFrame) -> pd.DataFrame:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        section(calculate=broken).read(make_bars(close=[1]))


def test_unknown_values_and_levels_never_reach_json():
    verdict = Verdict(
        Stance.BULLISH, 1.0, "r", levels=(PriceLevel("R1", float("nan")), PriceLevel("P", 2.0))
    )
    table = make_bars(close=[1.0]).assign(label="BOS", none=None)[["volume", "label", "none"]]
    reading = section(verdict, calculate=lambda bars: table).read(make_bars(close=[1.0]))
    assert reading.values == {"volume": None, "label": "BOS", "none": None}
    assert reading.levels == (PriceLevel("P", 2.0),)


def test_a_future_s_reading_names_its_contract():
    bars = make_bars(close=[1.0])
    inputs = Inputs("NIFTY", future=bars, contract="NIFTY25JUNFUT")
    reading, table = section(needs=("future",)).evaluate(inputs)
    assert reading.instrument == "NIFTY25JUNFUT"
    assert table is not None
