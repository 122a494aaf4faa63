"""What every section promises. A new module in `dashboard.signals` is held to it unasked."""

import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.core.bars import AnyBars
from dashboard.core.market import TIMEFRAMES
from dashboard.core.signal import Inputs, Reading, Signal, Stance
from dashboard.core.table import Columns
from dashboard.core.view import Event, Level, Line, Number, Pane, Zone
from dashboard.signals import load_signals
from tests.signals.markets import FRAMES, arrays_upto, as_arrays, markets, quiet_market, upto

SIGNALS = load_signals()
EXAMPLE = quiet_market()
PAST = ("index_15m", "daily", "vix_daily", "past_volume")
GOES_ON = 12  # bars, one after the other
every_signal = pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
some = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

LEVELS = ["p", "r1", "r2", "r3", "s1", "s2", "s3"]
COLUMNS = {
    "momentum": "rsi14 macd macd_signal macd_hist roc10",
    "ema": "ema9 ema20 ema50 ema200",
    "adx": "plus_di14 minus_di14 adx14 atr14",
    "supertrend": "st_10_3 st_10_3_dir st_7_3 st_7_3_dir",
    "psar": "psar psar_dir",
    "vwap": "vwap vwap_sd vwap_u1 vwap_l1 vwap_u2 vwap_l2",
    "volume": "rvol20 rvol_tod",
    "volume_profile": "poc vah val",
    "pivots": " ".join(
        [f"classic_{k} fib_{k}" for k in LEVELS]
        + [f"cam_r{k} cam_s{k}" for k in range(1, 6)]
        + ["woodie_p woodie_r1 woodie_r2 woodie_s1 woodie_s2 cpr_tc cpr_bc cpr_width_pct"]
    ),
    "orb": "or5_high or5_low or15_high or15_low or30_high or30_low or5_break or15_break or30_break",
    "structure": "trend last_swing_high last_swing_low event",
    "candle": "body_pct upper_wick_pct lower_wick_pct close_loc intent",
    "pcr": "pcr_oi pcr_volume pcr_oi_atm5 pcr_volume_atm5",
    "oi_buildup": "price_change_pct oi_change_pct label",
    "max_pain": "max_pain",
    "vix": "vix regime expected_move",
    "confluence": "total coverage",
}


def frames(signal: Signal, inputs: Inputs) -> list[pd.DataFrame]:
    return [getattr(inputs, name) for name in (*signal.needs, *signal.optional)]


def table_of(signal: Signal, inputs: Inputs) -> pd.DataFrame | None:
    return signal.evaluate(inputs)[1]


@every_signal
@some
@given(data=st.data())
def test_later_bars_never_change_earlier_values(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    whole = table_of(signal, inputs)
    length = len(inputs.index)
    for count in {1, length - 1, data.draw(st.integers(1, length))} - {0}:
        part = table_of(signal, upto(inputs, count))
        if part is not None:
            assert whole is not None
            pd.testing.assert_frame_equal(part, whole.iloc[:count], check_exact=True)


@every_signal
@some
@given(data=st.data())
def test_the_inputs_are_left_as_they_were(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    names = [name for name in (*FRAMES, *PAST) if getattr(inputs, name) is not None]
    before = {name: getattr(inputs, name).copy(deep=True) for name in names}
    signal.evaluate(inputs)
    for name in names:
        pd.testing.assert_frame_equal(getattr(inputs, name), before[name], check_exact=True)


@every_signal
@some
@given(data=st.data())
def test_the_table_has_a_row_for_each_bar(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    table = table_of(signal, inputs)
    if table is not None:
        pd.testing.assert_index_equal(table.index, frames(signal, inputs)[0].index)
        missing = set(COLUMNS.get(signal.id, "").split()) - set(table.columns)
        assert not missing


@every_signal
@some
@given(data=st.data())
def test_a_desk_s_arrays_give_what_frames_give(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    reading, table = signal.evaluate(inputs)
    same, arrays = signal.evaluate(as_arrays(inputs))
    assert same == reading
    if table is not None:
        assert arrays is not None
        assert list(arrays.columns) == list(table.columns)
        for name in table:
            known = table[name].to_numpy()
            assert known.dtype == object or np.array_equal(
                arrays.values[name], known, equal_nan=True
            )
            assert known.dtype != object or arrays.values[name].tolist() == known.tolist()


@every_signal
@some
@given(data=st.data())
def test_a_table_that_goes_on_is_the_one_calculated_whole(signal: Signal, data: st.DataObject):
    inputs = as_arrays(data.draw(markets(signal)))
    length = len(getattr(inputs, signal.needs[0]))
    first = data.draw(st.integers(1, length))
    earlier = None
    for count in range(first, min(first + GOES_ON, length) + 1):
        known = arrays_upto(inputs, count)
        reading, table = signal.evaluate(known, earlier=earlier)
        anew, whole = signal.evaluate(known)
        assert reading == anew
        assert (table is None) == (whole is None)
        if table is not None and whole is not None:
            assert_same(table, whole)
        earlier = table


def assert_same(table: AnyBars, other: AnyBars) -> None:
    """Demand the same columns to the last bit."""
    assert isinstance(table, Columns)
    assert isinstance(other, Columns)
    assert table.columns == other.columns
    assert np.array_equal(table.starts, other.starts)
    for name, values in table.values.items():
        assert values.dtype == other.values[name].dtype
        if values.dtype == object:
            assert values.tolist() == other.values[name].tolist()
        else:
            assert np.array_equal(values, other.values[name], equal_nan=True)
    assert repr(table.last) == repr(other.last)


@every_signal
@some
@given(data=st.data())
def test_a_reading_is_a_whole_envelope(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    reading, table = signal.evaluate(inputs)
    document = reading.as_dict()
    assert orjson.loads(orjson.dumps(document)) == document
    assert all(math.isfinite(value) for value in floats(document))
    assert reading.state in Stance
    assert 0 <= reading.strength <= 100
    if reading.state in (Stance.NEUTRAL, Stance.INSUFFICIENT):
        assert reading.strength == 0
    assert reading.final
    assert reading.warmup.have <= reading.warmup.need
    assert_worded(reading)
    if table is not None and len(table):
        assert reading.bar_ts == table.index[-1].to_pydatetime()
        assert reading.bar_ts < reading.asof
        assert set(reading.values) == set(table.columns)


def assert_worded(reading: Reading) -> None:
    """Demand a fact with its number, without the state's word or any that tells one to trade."""
    assert reading.reason
    assert not re.search(r"\b(buy|sell|bullish|bearish|neutral)\b", reading.reason.lower())
    assert not re.search(r"nan|inf\b|-\d", reading.reason)
    if reading.state is not Stance.INSUFFICIENT:
        assert len(reading.reason) <= 44


def floats(value: Any) -> Iterator[float]:
    """Yield every float of a document."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from floats(part)
    elif isinstance(value, list):
        for part in value:
            yield from floats(part)


@every_signal
@some
@given(data=st.data())
def test_the_forming_bar_leaves_no_trace(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    closed = upto(inputs, max(1, len(inputs.index) - 1))
    before, _ = signal.evaluate(closed)
    forming, _ = signal.evaluate(inputs, final=False)
    after, _ = signal.evaluate(closed)
    assert after == before
    assert not forming.final
    assert "provisional" in forming.flags
    assert "provisional" not in after.flags


@every_signal
@some
@given(data=st.data())
def test_the_host_s_time_zone_does_not_matter(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    seen = [in_zone(zone, signal, inputs) for zone in ("UTC", "America/New_York", "Asia/Kolkata")]
    assert seen[0] == seen[1] == seen[2]


def in_zone(zone: str, signal: Signal, inputs: Inputs) -> bytes:
    """Return the reading as the page would get it from a host in `zone`."""
    before = os.environ.get("TZ")
    try:
        os.environ["TZ"] = zone
        time.tzset()
        return orjson.dumps(signal.evaluate(inputs)[0].as_dict())
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@every_signal
@some
@given(data=st.data())
def test_the_zone_of_the_index_does_not_matter(signal: Signal, data: st.DataObject):
    inputs = data.draw(markets(signal))
    known = {name: getattr(inputs, name) for name in FRAMES}
    moved = {n: frame.tz_convert("UTC") for n, frame in known.items() if frame is not None}
    abroad = replace(inputs, **moved)
    assert signal.evaluate(abroad)[0] == signal.evaluate(inputs)[0]


@every_signal
def test_no_bars_at_all_are_a_reading_too(signal: Signal):
    inputs = upto(EXAMPLE, 0)
    reading, table = signal.evaluate(inputs)
    assert reading.state is Stance.INSUFFICIENT
    assert table is None or len(table) == 0
    assert (reading.bar_ts, reading.asof) == (None, None)


@every_signal
def test_one_bar_less_than_it_needs_is_insufficient(signal: Signal):
    reading, _ = signal.evaluate(upto(EXAMPLE, signal.warmup - 1))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.strength == 0


@every_signal
def test_a_missing_input_is_said_with_its_reason(signal: Signal):
    for name in signal.needs:
        without = replace(EXAMPLE, **{name: None}, missing={name: "Not recorded on this day"})
        reading, table = signal.evaluate(without)
        assert reading.state is Stance.INSUFFICIENT
        assert reading.reason == "Not recorded on this day"
        assert reading.flags == ("not_in_recording",)
        assert table is None
    for name in signal.optional:
        assert signal.evaluate(replace(EXAMPLE, **{name: None}))[0].reason


@every_signal
def test_views_show_only_calculated_columns(signal: Signal):
    table = table_of(signal, EXAMPLE)
    assert table is not None
    shown = {column for item in signal.view for column in columns_of(item)}
    assert shown <= set(table.columns)
    numbers = [item for item in signal.view if isinstance(item, Number)]
    assert len(numbers) in (2, 3)


def columns_of(item: Number | Line | Level | Zone | Event | Pane) -> tuple[str, ...]:
    match item:
        case Number() | Level():
            return (item.column,)
        case Line():
            return (*item.columns, *([item.direction] if item.direction else []))
        case Zone():
            return (item.low, item.high)
        case Event():
            return (item.column, item.at, item.side)
        case Pane():
            return tuple(curve.column for curve in item.curves)


@every_signal
def test_it_asks_only_for_inputs_that_exist(signal: Signal):
    known = {field.name for field in fields(Inputs)}
    assert signal.needs
    assert {*signal.needs, *signal.optional} <= known
    assert set(signal.timeframes) <= set(TIMEFRAMES)


@every_signal
def test_it_has_a_test_file_of_its_own(signal: Signal):
    assert (Path(__file__).parent / f"test_{signal.id}.py").is_file()


def test_sections_are_found_by_their_module_and_in_display_order():
    orders = [signal.order for signal in SIGNALS.values()]
    assert list(SIGNALS) == [signal.id for signal in SIGNALS.values()]
    assert orders == sorted(set(orders))


def test_loading_again_gives_a_fresh_dictionary():
    load_signals().clear()
    assert list(load_signals()) == list(SIGNALS)
