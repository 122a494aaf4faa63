"""Everything the pipeline remembers of a day between two messages.

One structured row per instrument, a few numbers per segment, and the counters. Because
it is all plain numbers, a checkpoint is its bytes and a seek is a load.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import orjson
import zstandard

from dashboard.core.clock import SECOND_NS
from dashboard.core.errors import TapeError
from dashboard.core.market import Segment

NO_BAR = -1

SLOT_DTYPE = np.dtype(
    [
        ("start", "<i8"),  # NO_BAR where the slot is empty
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("volume", "<f8"),
        ("oi", "<f8"),
        ("average_price", "<f8"),
        ("n", "<i4"),
        ("flags", "<i4"),
    ]
)

ROW_DTYPE = np.dtype(
    [
        ("last_price", "<f8"),  # last accepted
        ("suspect", "<f8"),  # an index print that waits for a second one to confirm it
        ("newest", "<i8"),  # newest exchange time, seconds
        ("seen_time", "<i8"),  # the previous tick, accepted or not
        ("seen_price", "<f8"),
        ("seen_volume", "<f8"),
        ("seen_oi", "<f8"),
        ("volume", "<f8"),  # highest running total of the session
        ("oi", "<f8"),
        ("oi_time", "<i8"),  # when OI last changed, exchange seconds
        ("average_price", "<f8"),
        ("day_open", "<f8"),
        ("day_high", "<f8"),
        ("day_low", "<f8"),
        ("previous_close", "<f8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("quote_flag", "u1"),  # 0 good, 1 crossed, 2 wide
        ("has_base", "u1"),  # the volume's base is known
        ("awaiting", "u1"),  # nothing has come since its connection was reopened: see below
        ("connection", "<i4"),  # that the last accepted tick came on
        ("received_ns", "<i8"),
        ("bar", SLOT_DTYPE),
        ("previous_bar", SLOT_DTYPE),  # still open for the two seconds of grace
    ]
)

GOOD, CROSSED, WIDE = 0, 1, 2
NOT_AWAITING, SHORT, LONG = 0, 1, 2  # a disconnection under 60 s, or longer
NO_CONNECTION = -1
RECONNECT_NS = 60 * SECOND_NS


@dataclass
class SegmentState:
    """How far one segment has come, in seconds since the epoch."""

    watermark: int = 0  # newest exchange time accepted
    closed_until: int = 0  # bars that start before this are final


@dataclass
class State:
    """The whole memory of a pipeline."""

    rows: npt.NDArray[np.void]
    segments: dict[Segment, SegmentState]
    connections: dict[int, tuple[int, int]] = field(default_factory=dict)  # open since, last (ns)
    counters: Counter[str] = field(default_factory=Counter)
    last_ns: int = 0
    messages: int = 0
    ticks: int = 0

    def heard(self, connection: int, received_ns: int) -> None:
        """Remember that something came on a connection."""
        since, _ = self.connections.get(connection, (received_ns, 0))
        self.connections[connection] = since, received_ns
        self.last_ns = received_ns

    def reopened(self, connection: int, received_ns: int, *, trading: bool) -> None:
        """Remember that a connection was opened anew: once trading, volume has a hole."""
        self.counters["reopened"] += 1
        before = self.connections.get(connection)
        if before is not None and trading:
            short = received_ns - before[1] < RECONNECT_NS
            mine = self.rows["connection"] == connection
            self.rows["awaiting"][mine] = SHORT if short else LONG
        self.connections[connection] = received_ns, received_ns
        self.last_ns = received_ns

    def to_bytes(self) -> bytes:
        """Return the state as a checkpoint."""
        head = orjson.dumps(
            {
                "segments": {
                    s.value: [v.watermark, v.closed_until] for s, v in self.segments.items()
                },
                "connections": {str(k): v for k, v in self.connections.items()},
                "counters": dict(self.counters),
                "last_ns": self.last_ns,
                "messages": self.messages,
                "ticks": self.ticks,
                "rows": len(self.rows),
                "row_bytes": ROW_DTYPE.itemsize,
            }
        )
        raw = len(head).to_bytes(4, "little") + head + self.rows.tobytes()
        return zstandard.ZstdCompressor(level=1).compress(raw)


def whole_rows(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return a view of structured rows as plain bytes.

    numpy copies those in one piece each, twenty times faster than field by field.
    """
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))


def empty_state(size: int, starts: dict[Segment, int]) -> State:
    """Return the state before the first message of a day with `size` instruments."""
    rows = np.zeros(size, dtype=ROW_DTYPE)
    for name in ROW_DTYPE.names or ():
        if ROW_DTYPE[name] == np.dtype("<f8"):
            rows[name] = np.nan
    rows["connection"] = NO_CONNECTION
    rows["bar"]["start"] = NO_BAR
    rows["previous_bar"]["start"] = NO_BAR
    return State(rows, {s: SegmentState(start, start) for s, start in starts.items()})


def state_from_bytes(payload: bytes, size: int) -> State:
    """Return the state that `State.to_bytes` wrote.

    Raises
    ------
    TapeError
        If it was written for another set of instruments or by another version.
    """
    raw = zstandard.ZstdDecompressor().decompress(payload)
    length = int.from_bytes(raw[:4], "little")
    head = orjson.loads(raw[4 : 4 + length])
    if head["rows"] != size or head["row_bytes"] != ROW_DTYPE.itemsize:
        raise TapeError(
            f"The checkpoint holds {head['rows']} instruments of {head['row_bytes']} bytes, the "
            f"day needs {size} of {ROW_DTYPE.itemsize}: prepare the day again with `tezi prepare`"
        )
    rows = np.frombuffer(raw, dtype=ROW_DTYPE, offset=4 + length).copy()
    segments = {Segment(k): SegmentState(*v) for k, v in head["segments"].items()}
    return State(
        rows,
        segments,
        {int(k): (since, last) for k, (since, last) in head["connections"].items()},
        Counter(head["counters"]),
        head["last_ns"],
        head["messages"],
        head["ticks"],
    )
