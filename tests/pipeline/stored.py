"""Two small days in a store: a generated morning, and an afternoon of regime B.

The morning comes on two connections, one of which is lost for 20 seconds. The afternoon
has four messages a minute, a gap, ticks twice and ticks late.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from dashboard.composition import generated_past
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.market import Frame, Instrument, Source, TickBatch, Universe
from dashboard.core.ports import Store, TapeInfo
from dashboard.pipeline.days import Tools
from dashboard.pipeline.pipeline import Past, Pipeline
from dashboard.signals import load_signals
from feeds.mock.feed import MockFeed
from feeds.wire import HEARTBEAT, decode, decode_lenient, encode
from tests.pipeline.frames import (
    CALL,
    DAY,
    FUTURE,
    NIFTY,
    PUT,
    Tick,
    instant,
    message,
    nanoseconds,
    seconds,
)

SEED = 7
MORNING, AFTERNOON = Source.MOCK, Source.RECORDED
FIRST, LAST = "09:14:00", "09:32:00"  # of the morning
LOST = ("09:24:40", "09:25:00")  # the options' connection
WANTED = ("NIFTY 50", "NIFTY BANK", "INDIA VIX")


def make_tools(store: Store) -> Tools:
    """Return tools whose days all come after the generator's own past."""
    return Tools(store, load_calendar(), decode_lenient, load_signals(), _past)


def _past(_store: Store, _universe: Universe, _day: date, _source: Source) -> Past:
    return generated_past(DAY, SEED)


@cache
def feed() -> MockFeed:
    return MockFeed(DAY, SEED, load_calendar())


@cache
def morning_instruments() -> tuple[Instrument, ...]:
    """Return two indices, the VIX, one future and the ten options nearest to 24,500."""
    universe = feed().universe
    options = universe.options("NIFTY", universe.expiries("NIFTY", DAY)[0])
    spot = float(_first_price(universe))
    near = sorted(options, key=lambda o: (abs((o.strike or 0.0) - spot), o.token))[:10]
    future = universe.future("NIFTY", DAY)
    assert future is not None
    indices = [i for i in universe.instruments if i.symbol in WANTED]
    return (*indices, future, *near)


def _first_price(universe: Universe) -> float:
    index = universe.index("NIFTY")
    assert index is not None
    for frame in feed().frames(nanoseconds("09:15:01")):
        ticks = decode(frame.payload)
        found = np.flatnonzero(ticks.token == index.token)
        if len(found):
            return float(ticks.last_price[found[0]])
    raise AssertionError("the index never ticks")


@cache
def morning_frames() -> tuple[Frame, ...]:
    """Return the generated minutes around the open, options on a connection of their own."""
    universe = Universe(morning_instruments())
    option = np.array([i.is_option for i in universe.instruments])
    frames = []
    for frame in islice(feed().frames(nanoseconds(FIRST)), 0, None, 2):  # one a second
        if frame.received_ns >= nanoseconds(LAST):
            break
        ticks = decode(frame.payload)
        row = universe.rows(ticks.token)
        for connection, mine in ((1, ~option), (2, option)):
            kept = (row >= 0) & mine[row]
            payload = encode(_part(ticks, kept)) if kept.any() else HEARTBEAT
            frames.append(Frame(frame.received_ns + connection * 1_000_000, connection, payload))
    return tuple(_with_a_loss(frames))


def _part(ticks: TickBatch, kept: np.ndarray) -> TickBatch:
    columns = {
        name: value[kept] for name in ticks.__slots__ if (value := getattr(ticks, name)) is not None
    }
    return replace(ticks, **columns)


def _with_a_loss(frames: list[Frame]) -> Iterator[Frame]:
    lost, back = (nanoseconds(at) for at in LOST)
    marked = False
    for frame in frames:
        if frame.connection == 2 and lost <= frame.received_ns < back:
            continue
        if frame.received_ns >= back and not marked:
            marked = True
            yield Frame(back, 2, b"")
        yield frame


@cache
def afternoon_frames() -> tuple[Frame, ...]:
    """Return 15:08 to 15:41 of regime B: the auction, and derivatives after it."""
    draw = np.random.default_rng(5)
    frames = [Frame(nanoseconds("15:07:00"), 1, HEARTBEAT)]
    at, end = instant("15:08:00"), instant("15:41:00")
    price, volume = 24_500.0, 6_500.0
    while at < end:
        price += float(draw.choice((-2.0, -0.5, 0.5, 2.0)))
        volume += 65 * int(draw.integers(4))
        if not instant("15:20:00") <= at < instant("15:23:00"):
            received = to_ns(at) + int(draw.integers(50, 900)) * 1_000_000
            ticks = _ticks(at, price, volume)
            frames.append(Frame(received, 1, message(*ticks)))
            if draw.random() < 0.1:
                frames.append(Frame(received + 1_000, 1, message(*ticks)))
            if draw.random() < 0.1:
                old = _ticks(at - timedelta(seconds=20), price + 30, volume)
                frames.append(Frame(received + 2_000, 1, message(*old)))
        at += timedelta(seconds=15)
    return tuple(frames)


def _ticks(at: datetime, price: float, volume: float) -> tuple[Tick, ...]:
    clock = f"{at:%H:%M:%S}"
    basis = price - 24_500.0
    oi = 65_000.0 + 65 * (seconds(clock) // 180 % 7)
    traded = {"traded": clock}
    return (
        Tick(NIFTY, price, clock, open=24_480.0, close=24_450.0),
        Tick(FUTURE, price + 40, clock, volume, oi, bid=price + 39.9, ask=price + 40.1, **traded),
        Tick(CALL, 130.0 + basis / 2, clock, volume, oi, **traded),
        Tick(PUT, 110.0 - basis / 2, clock, volume, 2 * oi, **traded),
    )


def write(
    store: Store, source: Source, frames: tuple[Frame, ...], instruments: tuple[Instrument, ...]
) -> None:
    """Put frames on a tape of DAY."""
    info = TapeInfo(DAY, source, "full ticks", f"test of {source}")
    with store.begin_tape(info, instruments) as tape:
        tape.append(frames)
        tape.finish()


def write_both(store: Store) -> None:
    write(store, MORNING, morning_frames(), morning_instruments())
    write(store, AFTERNOON, afternoon_frames(), (NIFTY, FUTURE, CALL, PUT))


def damage(path: Path, at: str, connection: int) -> None:
    """Overwrite the chunk of a minute, in the days of a database that has that connection."""
    minute = nanoseconds(f"{at}:00") // (60 * SECOND_NS)
    change = "UPDATE chunk SET payload = zeroblob(length(payload)) WHERE minute = ?"
    with closing(sqlite3.connect(path)) as db, db:
        found = db.execute(f"{change} AND connection = ?", (minute, connection))
        assert found.rowcount == 1


def picture(pipeline: Pipeline) -> dict[str, object]:
    """Return everything that a desk would show of a pipeline, to be compared."""
    state, series = pipeline.state, pipeline.series
    return {
        "final": {k: r.as_dict() for k, r in pipeline.sections.final.items()},
        "rows": state.rows.tobytes(),
        "segments": {s: (p.watermark, p.closed_until) for s, p in state.segments.items()},
        "connections": dict(state.connections),
        "counters": dict(state.counters),
        "told": (state.last_ns, state.messages, state.ticks),
        "series": {
            (token, name): series.get(token, name).bars.tobytes()
            for token in series.tokens
            for name in ("1m", "5m", "15m", "30m")
        },
        "chains": {
            (name, expiry): [s.to_bytes() for s in snapshots]
            for name, expiry, snapshots in pipeline.chains.snapshots()
        },
    }


def play_to(pipeline: Pipeline, frames: Iterator[Frame], at: datetime) -> Iterator[Frame]:
    """Process frames received up to `at` and let time pass to it; return the rest."""
    at_ns = to_ns(at)
    for frame in frames:
        if frame.received_ns > at_ns:
            pipeline.pass_time(at_ns)
            return _put_back(frame, frames)
        pipeline.process(frame)
    pipeline.pass_time(at_ns)
    return iter(())


def _put_back(frame: Frame, frames: Iterator[Frame]) -> Iterator[Frame]:
    yield frame
    yield from frames


def after(at: str, milliseconds: int) -> datetime:
    return instant(at) + timedelta(milliseconds=milliseconds)


def random_instants(first: str, last: str, count: int) -> list[datetime]:
    draw = np.random.default_rng(11)
    span = (nanoseconds(last) - nanoseconds(first)) // (SECOND_NS // 1000)
    return sorted(after(first, int(draw.integers(span))) for _ in range(count))
