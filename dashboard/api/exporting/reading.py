"""Read a stored day as batches of rows, so many at once as fit into a little memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa

from dashboard.api.documents.bars import flag_words
from dashboard.core.clock import SECOND_NS, day_start_s
from dashboard.core.market import DEPTH_DTYPE, Frame, Instrument, TickBatch, Universe
from dashboard.core.ports import DaySummary, Gap, Store
from dashboard.core.table import DAY_S
from dashboard.pipeline.pipeline import Decoder
from dashboard.pipeline.prepare import decompress

T = TypeVar("T")
STAMP = pa.timestamp("us", tz="Asia/Kolkata")
TOKENS, MINUTES, FRAMES, READINGS = 64, 60, 256, 4096  # of one batch
PRICES = ("open", "high", "low", "close", "volume", "oi", "average_price")
SIDES = tuple(f"{side}_{name}" for side in ("call", "put") for name in ("oi", "volume", "ltp"))
PAISE = 100  # of a rupee: depth is carried raw

BARS = pa.schema(
    [
        ("symbol", pa.string()),
        ("token", pa.int64()),
        ("start", STAMP),
        *((name, pa.float64()) for name in PRICES),
        ("ticks", pa.int32()),
        ("flags", pa.string()),
    ]
)
CHAIN = pa.schema(
    [
        ("underlying", pa.string()),
        ("expiry", pa.date32()),
        ("start", STAMP),
        ("spot", pa.float64()),
        ("oi_age_s", pa.float64()),
        ("strike", pa.float64()),
        *((name, pa.float64()) for name in SIDES),
    ]
)
READINGS_SCHEMA = pa.schema(
    [
        ("section", pa.string()),
        ("underlying", pa.string()),
        ("instrument", pa.string()),
        ("timeframe", pa.string()),
        ("bar", pa.string()),
        ("asof", pa.string()),
        ("state", pa.string()),
        ("strength", pa.float64()),
        ("reason", pa.string()),
        ("flags", pa.string()),
        ("values", pa.string()),
    ]
)
TICK_FIELDS = ("last_price", "last_quantity", "average_price", "day_volume", "oi")
TICKS = pa.schema(
    [
        ("received", STAMP),
        ("exchange_time", STAMP),
        ("symbol", pa.string()),
        ("token", pa.int64()),
        *((name, pa.float64()) for name in TICK_FIELDS),
        ("bid", pa.float64()),
        ("ask", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Wanted:
    """What of a day is read: all instruments where none is named."""

    day: DaySummary
    universe: Universe
    instrument: Instrument | None
    timeframe: str
    sections: Sequence[str]


Batches = Iterator[pa.RecordBatch]


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to `size` items."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def read_bars(store: Store, wanted: Wanted) -> Batches:
    """Yield the bars of some instruments after the other."""
    symbols = {one.token: one.symbol for one in wanted.universe.instruments}
    until = day_start_s(wanted.day.day) + DAY_S
    tokens = [wanted.instrument.token] if wanted.instrument else list(symbols)
    for some in batched(tokens, TOKENS):
        found = store.bars(wanted.day.day, wanted.day.source, some, wanted.timeframe, until)
        bars = np.concatenate([found[token] for token in some])
        if len(bars):
            names = [symbols.get(token, "") for token in bars["token"].tolist()]
            yield _batch(
                BARS,
                names,
                bars["token"],
                _stamps(bars["start"] * SECOND_NS),
                *(bars[name] for name in PRICES),
                bars["n"],
                [" ".join(flag_words(flags)) for flags in bars["flags"].tolist()],
            )


def read_chain(store: Store, wanted: Wanted) -> Batches:
    """Yield the chain minutes of one expiry after the other."""
    until = day_start_s(wanted.day.day) + DAY_S
    for name in wanted.day.underlyings:
        if wanted.instrument is not None and wanted.instrument.underlying != name:
            continue
        for expiry in wanted.universe.expiries(name, wanted.day.day):
            kept = store.chain(wanted.day.day, wanted.day.source, name, expiry, until)
            for some in batched(kept, MINUTES):
                minutes = [decompress(payload) for _, payload in some]
                counts = [len(minute.rows) for minute in minutes]
                rows = np.concatenate([minute.rows for minute in minutes])
                yield _batch(
                    CHAIN,
                    [name] * len(rows),
                    [expiry] * len(rows),
                    _stamps(np.repeat([m.start for m in minutes], counts) * SECOND_NS),
                    np.repeat([minute.spot for minute in minutes], counts),
                    np.repeat([minute.oi_age_s for minute in minutes], counts),
                    rows["strike"],
                    *(rows[each] for each in SIDES),
                )


def read_readings(store: Store, wanted: Wanted) -> Batches:
    """Yield what one section said after the other."""
    where: dict[str, Any] = {}
    if wanted.instrument is not None:
        where["underlying"] = wanted.instrument.underlying
    for section in wanted.sections:
        found = store.readings(wanted.day.day, wanted.day.source, section=section, **where)
        for some in batched(found, READINGS):
            columns = [_reading(each) for each in some]
            yield _batch(READINGS_SCHEMA, *(list(column) for column in zip(*columns, strict=True)))


def read_ticks(
    store: Store, wanted: Wanted, decoder: Decoder, on_damage: Callable[[Gap], None]
) -> Batches:
    """Yield the day's ticks in the order received; damaged minutes are told and left out."""
    symbols = np.array([one.symbol for one in wanted.universe.instruments] + [""], dtype=object)
    only = wanted.instrument.token if wanted.instrument else None
    frames = store.frames(wanted.day.day, wanted.day.source, on_damage=on_damage)
    for some in batched(frames, FRAMES):
        parts = [part for part in (_ticks(frame, decoder, only) for frame in some) if part]
        if not parts:
            continue
        stamps, exchange, tokens, *numbers = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        rows = wanted.universe.rows(tokens)
        yield _batch(
            TICKS,
            _stamps(stamps),
            pa.array(exchange * 1_000_000, mask=exchange <= 0).cast(STAMP),
            symbols[rows].tolist(),
            tokens,
            *numbers,
        )


def _ticks(frame: Frame, decoder: Decoder, only: int | None) -> tuple[Any, ...] | None:
    """Return one message's columns, None where it holds no tick that is wanted."""
    batch, _ = decoder(frame.payload) if frame.payload else (None, ())
    if batch is None or not len(batch):
        return None
    kept = np.full(len(batch), fill_value=True) if only is None else batch.token == only
    if not kept.any():
        return None
    columns = [getattr(batch, name)[kept] for name in TICK_FIELDS]
    sides = [side[kept] for side in _best(batch)]
    received = np.full(int(kept.sum()), frame.received_ns, dtype=np.int64)
    return received, batch.exchange_time[kept], batch.token[kept], *columns, *sides


def _best(batch: TickBatch) -> tuple[Any, Any]:
    """Return the best bid and offer [INR], NaN where a packet carries none."""
    if batch.depth is None:
        nothing = np.full(len(batch), np.nan)
        return nothing, nothing
    assert batch.depth.dtype == DEPTH_DTYPE
    prices = batch.depth["price"].astype(np.float64) / PAISE
    known = np.where(prices > 0, prices, np.nan)
    return known[:, 0], known[:, 5]


def _reading(envelope: dict[str, Any]) -> tuple[Any, ...]:
    names = ("id", "underlying", "instrument", "timeframe", "bar_ts", "asof", "state", "strength")
    return (
        *(envelope[name] for name in names),
        envelope["reason"],
        " ".join(envelope["flags"]),
        orjson.dumps(envelope["values"]).decode(),
    )


def _stamps(ns: Any) -> pa.Array:
    return pa.array(np.asarray(ns, np.int64) // 1000).cast(STAMP)


def _batch(schema: pa.Schema, *columns: Any) -> pa.RecordBatch:
    arrays = [
        column
        if isinstance(column, pa.Array)
        else pa.array(np.ascontiguousarray(column), field.type, from_pandas=True)
        if isinstance(column, np.ndarray)
        else pa.array(column, field.type)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)
