"""Write batches of rows as CSV, Parquet or an Arrow stream, piece by piece."""

import io
import tempfile
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from pyarrow import csv, ipc, parquet

from dashboard.core.table import IST_OFFSET_S

PIECE = 256 * 1024  # bytes that are sent at once
OFFSET = "+05:30"

Batches = Iterator[pa.RecordBatch]


def as_csv(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    """Yield CSV; times carry +05:30."""
    yield (",".join(schema.names) + "\r\n").encode()
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batches:
        sink = io.BytesIO()
        csv.write_csv(_said(batch), sink, options)
        yield sink.getvalue()


def as_arrow(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    """Yield an Arrow IPC stream."""
    sink = io.BytesIO()
    with ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield _taken(sink)
    yield _taken(sink)


def as_parquet(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    """Yield a Parquet file, a row group a batch; it waits on disk until it is whole."""
    with tempfile.TemporaryFile(prefix="tezi-export-") as file:
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _taken(sink: io.BytesIO) -> bytes:
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece


def _said(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with its times as texts of IST: a CSV has no time zones of its own."""
    columns = [
        _words(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns
    ]
    return pa.record_batch(columns, names=batch.schema.names)


def _words(column: pa.Array) -> pa.Array:
    micro = column.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64)
    unknown = np.isnan(micro)
    exact = np.asarray(column.cast(pa.int64()).fill_null(0))
    local = (exact + IST_OFFSET_S * 1_000_000).astype("M8[us]")
    texts = np.char.add(np.datetime_as_string(local, unit="ms"), OFFSET)
    return pa.array(texts.tolist(), pa.string(), mask=unknown)


Writer = Callable[[pa.Schema, Batches], Iterator[bytes]]
WRITERS: dict[str, Writer] = {"csv": as_csv, "parquet": as_parquet, "arrow": as_arrow}
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
