"""Readings tick by tick are the sections' own on stored bars, and nothing else moves them."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard.core.bars import starts_s
from dashboard.core.clock import bar_index
from dashboard.core.market import TIMEFRAMES, VIX, Kind
from dashboard.core.signal import Reading
from dashboard.options.chain import chain_frame, chain_history
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.prepare import decompress
from dashboard.pipeline.series import bars_frame
from dashboard.signals import load_signals
from tests.pipeline.frames import DAY, NIFTY, instant, seconds
from tests.pipeline.stored import MORNING, picture, play_to

END = instant("09:33:04")  # before the clock closes more than the store was given
MINUTES = ("09:15", "09:16", "09:19", "09:24", "09:25", "09:29", "09:30")
SECTIONS = set(load_signals()) - {"confluence"}  # which reads the others and no bars


def load(tools: Tools) -> StoredDay:
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    return day


@pytest.fixture(scope="module")
def readings(tools: Tools) -> list[Reading]:
    """Return everything that one play of the morning reads."""
    pipeline, frames = load(tools).open(None)
    found: list[Reading] = []
    pipeline.on_readings.append(found.extend)
    play_to(pipeline, frames, END)
    pipeline.close()
    return found


class Batch:
    """The stored day as a notebook would load it: whole, and cut where it is asked."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.universe = tools.store.universe(DAY, MORNING)
        self.past = tools.past(tools.store, self.universe, DAY, MORNING)
        self.future = self.universe.future("NIFTY", DAY)
        self.expiry = self.universe.expiries("NIFTY", DAY)[0]

    def bars(self, token: int, timeframe: str, start: int) -> pd.DataFrame:
        """Return past and stored bars up to the one that starts at `start`."""
        today = self.tools.store.bars(DAY, MORNING, [token], timeframe, start + 1).get(token)
        parts = [bars_frame(self.past.warmup[token, timeframe])]
        return pd.concat(parts if today is None else [*parts, bars_frame(today)])

    def average_price(self, timeframe: str, start: int) -> float | None:
        """Return what the exchange told by the end of the future's bar that starts then."""
        found = self.tools.store.bars(DAY, MORNING, [self.future.token], timeframe, start + 1)
        told = found[self.future.token]["average_price"]
        return float(told[-1]) if len(told) and told[-1] > 0 else None

    def chain(self, timeframe: str, start: int) -> pd.DataFrame:
        """Return the last minute of each whole bar up to the one that starts at `start`."""
        size, opened = TIMEFRAMES[timeframe] * 60, seconds("09:15:00")
        rows = self.tools.store.chain(DAY, MORNING, "NIFTY", self.expiry, start + size)
        snapshots = [decompress(payload) for _, payload in rows]
        last = {opened + (s.start - opened) // size * size: s for s in snapshots}
        frame = chain_frame(list(last.values()))
        frame.index = bar_index(list(last))
        history = chain_history(frame)
        options = self.universe.options("NIFTY", self.expiry)
        before = {(o.kind, o.strike): o.previous_oi for o in options}
        call, put = (
            np.array([before.get((kind, k), np.nan) for k in history.strikes.tolist()])
            for kind in (Kind.CALL, Kind.PUT)
        )
        return history.carrying("previous_oi", call, put).frame

    def quarters(self, timeframe: str, start: int) -> pd.DataFrame:
        """Return the index's bars of 15 minutes that had ended with the one that starts then."""
        end = start + 60 * TIMEFRAMES[timeframe]
        return self.bars(NIFTY.token, "15m", end - 900)

    def daily(self, name: str) -> pd.DataFrame:
        """Return past sessions; the last one closed where the exchange says it did."""
        index = self.universe.index(name)
        frame = next(
            f for f in self.tools.store.frames(DAY, MORNING) if f.payload and f.connection == 1
        )
        batch, _ = self.tools.decoder(frame.payload)
        official = batch.close[batch.token == index.token][0]
        daily = self.past.daily[name].copy()
        daily.iloc[-1, daily.columns.get_loc("close")] = official
        daily.iloc[-1, daily.columns.get_loc("official")] = True
        return daily

    def read(self, section: str, timeframe: str, start: int) -> Reading:
        given = {
            "index": self.bars(NIFTY.token, timeframe, start),
            "future": self.bars(self.future.token, timeframe, start),
            "next_future": None,  # this recording has none
            "index_15m": self.quarters(timeframe, start),
            "vix": self.bars(self.universe.index(VIX).token, timeframe, start),
            "daily": self.daily("NIFTY"),
            "vix_daily": self.daily(VIX),
            "past_volume": self.past.past_volume["NIFTY"].frame,
            "chain": self.chain(timeframe, start),
        }
        signal = self.tools.signals[section]
        names = [name for name in (*signal.needs, *signal.optional) if name != "underlying"]
        rest = {name: frame for name, frame in given.items() if name not in names}
        return signal.read(
            *(given[name] for name in names),
            **rest,
            underlying="NIFTY",
            timeframe=timeframe,
            contract=self.future.symbol,
            expiry=self.expiry,
            average_price=self.average_price(timeframe, start),
        )


@pytest.mark.parametrize(
    ("section", "timeframe"), list(itertools.product(sorted(SECTIONS), ("1m", "5m", "15m")))
)
def test_a_reading_equals_the_sections_own_on_stored_bars(tools, readings, section, timeframe):
    if timeframe not in tools.signals[section].timeframes:
        assert not [r for r in readings if (r.id, r.timeframe) == (section, timeframe)]
        return
    batch = Batch(tools)
    mine = {
        f"{r.bar_ts:%H:%M}": r
        for r in readings
        if (r.id, r.timeframe, r.underlying) == (section, timeframe, "NIFTY")
    }
    compared = [at for at in MINUTES if at in mine]
    assert compared
    for at in compared:
        expected = batch.read(section, timeframe, seconds(f"{at}:00"))
        assert mine[at].as_dict() == expected.as_dict(), at


def test_every_section_there_is_is_read(tools, readings):
    assert {r.id for r in readings} == set(tools.signals) >= SECTIONS


def test_each_bar_is_read_once_and_all_are_final(readings):
    keys = [(r.id, r.underlying, r.timeframe, r.bar_ts) for r in readings]
    assert len(keys) == len(set(keys))
    assert all(r.final and "provisional" not in r.flags for r in readings)


def test_a_reading_is_of_a_bar_that_is_over(readings):
    for reading in readings:
        assert (reading.asof - reading.bar_ts).total_seconds() <= 60 * TIMEFRAMES[reading.timeframe]
        assert reading.asof <= instant("09:32:00")


def test_the_bar_in_progress_leaves_no_trace(tools, readings):
    pipeline, frames = load(tools).open(None)
    found: list[Reading] = []
    pipeline.on_readings.append(found.extend)
    provisional = []
    for number, frame in enumerate(frames):
        pipeline.process(frame)
        if number % 157 == 0:
            before = picture(pipeline)
            for timeframe in ("1m", "5m"):
                provisional += pipeline.sections.provisional("NIFTY", timeframe).values()
            assert picture(pipeline) == before
    play_to(pipeline, iter(()), END)
    pipeline.close()
    assert [r.as_dict() for r in found] == [r.as_dict() for r in readings]
    assert len(provisional) > 100
    assert not any(r.final for r in provisional)
    assert all("provisional" in r.flags for r in provisional)


def test_a_provisional_reading_sees_the_bar_in_progress(tools):
    pipeline, frames = load(tools).open(None)
    play_to(pipeline, frames, instant("09:20:30"))
    final = pipeline.sections.final["NIFTY", "ema", "5m"]
    forming = pipeline.sections.provisional("NIFTY", "5m")["NIFTY", "ema", "5m"]
    pipeline.close()
    assert (final.bar_ts, forming.bar_ts) == (instant("09:15:00"), instant("09:20:00"))


def test_the_opening_range_weighs_the_futures_volume_of_its_own_bar(tools):
    """The future's minute may close after the index's: the reading waits for it."""
    seen = []
    signal = tools.signals["orb"]

    def judge(table, inputs):
        if inputs.future is not None:
            seen.append((starts_s(inputs.index)[-1], starts_s(inputs.future)[-1]))
        return signal.judge(table, inputs)

    spying = Tools(
        tools.store,
        tools.calendar,
        tools.decoder,
        {"orb": replace(signal, judge=judge)},
        tools.past,
    )
    pipeline, frames = load(spying).open(None)
    play_to(pipeline, frames, instant("09:25:00"))
    pipeline.close()
    assert len(seen) == 9  # from 09:15, at 09:25:00 that of 09:24 is still in its grace
    assert all(index == future for index, future in seen)


def test_a_section_that_fails_says_so_and_the_others_go_on(tools):
    def fail(*_frames):
        raise ZeroDivisionError("no such thing")

    broken = replace(tools.signals["ema"], calculate=fail)
    spoilt = Tools(
        tools.store,
        tools.calendar,
        tools.decoder,
        {**tools.signals, "ema": broken},
        tools.past,
    )
    pipeline, frames = load(spoilt).open(None)
    play_to(pipeline, frames, instant("09:17:00"))
    pipeline.close()
    reading = pipeline.sections.final["NIFTY", "ema", "1m"]
    assert (reading.state.value, reading.flags) == ("insufficient_data", ("failed",))
    assert reading.reason == "ZeroDivisionError: no such thing"
    assert pipeline.sections.failures == {"ema": "ZeroDivisionError: no such thing"}
    assert pipeline.sections.final["NIFTY", "supertrend", "1m"].bar_ts == instant("09:15:00")
