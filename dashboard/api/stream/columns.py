"""Tick frames as Arrow: a stream of one record batch, what is said of it in its metadata."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.core.clock import IST
from dashboard.core.market import Ints
from dashboard.pipeline.quotes import Quotes

SCHEMA = pa.schema(
    [
        ("token", pa.int64()),
        ("symbol", pa.string()),
        ("ltp", pa.float64()),
        ("bid", pa.float64()),
        ("ask", pa.float64()),
        ("volume", pa.float64()),
        ("oi", pa.float64()),
        ("average_price", pa.float64()),
        ("time", pa.timestamp("s", tz=IST.key)),
    ]
)
NUMBERS = {
    "ltp": "last_price",
    "bid": "bid",
    "ask": "ask",
    "volume": "volume",
    "oi": "oi",
    "average_price": "average_price",
}


def write_columns(head: Mapping[str, Any], quotes: Quotes, rows: Ints) -> bytes:
    """Return the ticks of some rows as an Arrow IPC stream. Unknown is null."""
    state = quotes.rows[rows]
    instruments = [quotes.universe.instruments[row] for row in rows.tolist()]
    columns = {
        "token": pa.array(quotes.universe.tokens[rows]),
        "symbol": pa.array([one.symbol for one in instruments]),
    }
    for name, of_state in NUMBERS.items():
        values = np.ascontiguousarray(state[of_state])
        unknown = np.isnan(values) | ((values <= 0) if name in ("bid", "ask") else False)
        columns[name] = pa.array(values, mask=unknown)
    seconds = np.ascontiguousarray(state["newest"])
    columns["time"] = pa.array(seconds, mask=seconds <= 0).cast(SCHEMA.field("time").type)
    metadata = {name: str(value) for name, value in head.items()}
    schema = SCHEMA.with_metadata(metadata)
    batch = pa.record_batch([columns[name] for name in schema.names], schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written
