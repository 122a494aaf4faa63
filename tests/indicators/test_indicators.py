"""Indicators: their ids, what holds for all of them, and what agrees with the sections."""

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.clock import bar_index
from dashboard.core.errors import InputError
from dashboard.indicators import KNOWN, parse
from dashboard.signals import load_signals
from tests.pipeline.frames import seconds

BARS = 120


def bars_of(seed: int, count: int = BARS) -> pd.DataFrame:
    """Return drawn bars, some of them without volume or range."""
    draw = np.random.default_rng(seed)
    close = 24_500 + np.cumsum(draw.normal(0, 8, count))
    opened = np.r_[close[:1], close[:-1]]
    flat = draw.random(count) < 0.1
    close = np.where(flat, opened, close)
    high = np.maximum(opened, close) + np.where(flat, 0, draw.random(count) * 5)
    low = np.minimum(opened, close) - np.where(flat, 0, draw.random(count) * 5)
    volume = np.where(draw.random(count) < 0.1, 0.0, draw.integers(0, 9_000, count) * 65.0)
    starts = seconds("09:15:00") + 60 * np.arange(count)
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    return pd.DataFrame({**columns, "oi": 0.0}, index=bar_index(starts))


@pytest.mark.parametrize("name", KNOWN)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, BARS))
def test_none_looks_ahead(name: str, seed: int, cut: int):
    bars = bars_of(seed)
    named = parse(name)
    pd.testing.assert_frame_equal(
        named.calculate(bars.iloc[:cut]), named.calculate(bars).iloc[:cut], check_exact=True
    )


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_bars_are_unknown_and_no_error(name: str, count: int):
    found = parse(name).calculate(bars_of(1, count))
    assert list(found.columns) == list(KNOWN[name].outputs)
    assert len(found) == count


@pytest.mark.parametrize(
    "id_", [*KNOWN, "EMA_50", "MACD_5_35_5", "STOCH_5_1_3", "KELTNER_10_1.5", "SUPERTREND_1_3"]
)
def test_every_output_is_known_from_the_end_of_its_warm_up(id_: str):
    named = parse(id_)
    known = named.calculate(bars_of(2).assign(volume=650.0)).notna().all(axis="columns")
    assert known.tolist() == [at + 1 >= named.warmup for at in range(BARS)]


@pytest.mark.parametrize("name", KNOWN)
def test_an_id_that_is_told_is_read_again(name: str):
    named = parse(name.lower())
    assert parse(named.id) == named
    assert named.id.startswith(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RSJ_14", "did you mean RSI"),
        ("", "No indicator ''"),
        ("RSI_x", "numbers, as in RSI_14"),
        ("RSI_1", "period is 2 to 400, not 1"),
        ("RSI_14.5", "a whole number, not 14.5"),
        ("RSI_14_3", "1 numbers at most, not 2"),
        ("RSI_nan", "its numbers are finite"),
        ("RSI_inf", "its numbers are finite"),
        ("RSI_-3", "period is 2 to 400"),
        ("PSAR_0.3_0.2", "the step is at most the limit"),
        ("MACD_26_12_9", "fast is less than slow"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, words: str):
    with pytest.raises(InputError, match=words):
        parse(text).calculate(bars_of(1))


@pytest.mark.parametrize(
    ("id_", "output", "section", "column"),
    [
        ("RSI_14", "value", "momentum", "rsi14"),
        ("MACD_12_26_9", "signal", "momentum", "macd_signal"),
        ("EMA_20", "value", "ema", "ema20"),
        ("ADX_14", "adx", "adx", "adx14"),
        ("ADX_14", "plus_di", "adx", "plus_di14"),
        ("ATR_14", "value", "adx", "atr14"),
        ("SUPERTREND_10_3", "value", "supertrend", "st_10_3"),
        ("SUPERTREND_7_3", "value", "supertrend", "st_7_3"),
        ("PSAR_0.02_0.2", "value", "psar", "psar"),
        ("VWAP", "value", "vwap", "vwap"),
        ("VWAP", "upper", "vwap", "vwap_u1"),
    ],
)
def test_they_agree_with_the_sections(id_: str, output: str, section: str, column: str):
    bars = bars_of(3)
    told = load_signals()[section].calculate(bars)[column]
    pd.testing.assert_series_equal(
        parse(id_).calculate(bars)[output], told, check_exact=True, check_names=False
    )
    assert told.notna().any()


def test_money_flow_agrees_with_ta_lib_and_is_unknown_where_nothing_flowed():
    bars = bars_of(5)
    ours = parse("MFI_14").calculate(bars)["value"].to_numpy()
    high, low, close, volume = (bars[n].to_numpy() for n in ("high", "low", "close", "volume"))
    theirs = talib.MFI(high, low, close, volume, 14)
    known = np.isfinite(ours) & np.isfinite(theirs)
    assert known.sum() > 50
    np.testing.assert_allclose(ours[known], theirs[known], atol=1e-9)
    still = bars.assign(volume=0.0)
    assert parse("MFI_14").calculate(still)["value"].isna().all()


def test_balance_volume_adds_up_by_hand():
    bars = bars_of(1, 4).assign(close=[10.0, 11.0, 11.0, 9.0], volume=[5.0, 7.0, 9.0, np.nan])
    bars = bars.assign(open=bars["close"], high=bars["close"], low=bars["close"])
    assert parse("OBV").calculate(bars)["value"].tolist() == [0.0, 7.0, 7.0, 7.0]


@pytest.mark.parametrize("name", ["VWAP", "OBV", "MFI"])
def test_an_index_is_told_to_ask_for_its_future(name: str):
    bars = bars_of(1).assign(volume=np.nan)
    with pytest.raises(InputError, match="has none: "):
        parse(name).calculate(bars)
