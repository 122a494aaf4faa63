"""The frames of one minute and connection as one compressed, checked string of bytes.

Messages that are whole and of known packets go packet by packet (`storage.packets`), the
packets of one length together; whatever else came off the wire (heartbeats, text, reopen
marks, unknown bytes) is kept as it is beside them. Decoding gives back the same frames,
byte for byte, in order: `encode` makes sure of it before it returns, and keeps a minute
verbatim should it ever not be so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zstandard

from dashboard.core.market import Frame
from storage.packets import Rows, pack, unpack
from storage.pieces import Reader, Writer

PACKETS = "packets"
VERBATIM = "verbatim"
LENGTHS = (184, 44, 32, 28, 8)  # bytes of Kite's packets
KNOWN = np.isin(np.arange(256), LENGTHS)
ZSTD_LEVEL = 3
DIGEST_SIZE = 16
ODD = -1  # stands for the packets of a message that is kept as it is


class Parts(NamedTuple):
    """What a message was split into: the packets' lengths, and the packets by length."""

    lengths: bytes
    rows: dict[int, Rows]


@dataclass(frozen=True, slots=True)
class Chunk:
    """An encoded minute of one connection. `ticks` counts the packets of whole messages."""

    codec: str
    digest: bytes
    payload: bytes
    messages: int
    ticks: int


def encode(frames: Sequence[Frame]) -> Chunk:
    """Return the chunk of frames of one connection, verified to decode to the same."""
    parts = [split(frame.payload) for frame in frames]
    ticks = sum(len(part.lengths) for part in parts if part)
    if ticks:
        chunk = _sealed(PACKETS, _by_packets(frames, parts), len(frames), ticks)
        if decode(chunk, frames[0].connection) == list(frames):
            return chunk
    return _sealed(VERBATIM, _as_they_are(frames), len(frames), ticks)


def decode(chunk: Chunk, connection: int) -> list[Frame]:
    """Return the frames of a chunk.

    Raises
    ------
    ValueError
        If the digest does not match, or the payload is not what its codec writes.
    """
    if digest(chunk.codec, chunk.payload) != chunk.digest:
        raise ValueError("its digest does not match")
    try:
        data = Reader(zstandard.ZstdDecompressor().decompress(chunk.payload))
        stamps = _unshuffled(data.array(np.uint8))
        payloads = DECODERS[chunk.codec](data)
        pairs = zip(stamps.tolist(), payloads, strict=True)
        return [Frame(stamp, connection, payload) for stamp, payload in pairs]
    except (KeyError, IndexError, zstandard.ZstdError) as error:
        raise ValueError(f"it cannot be decoded ({error})") from error


def digest(codec: str, payload: bytes) -> bytes:
    """Return the checksum of a stored payload."""
    return blake2b(payload, digest_size=DIGEST_SIZE, key=codec.encode()).digest()


def split(payload: bytes) -> Parts | None:
    """Return a message's packets, or None if it is not whole or not all of known kinds."""
    count = int.from_bytes(payload[:2], "big")
    if not count:
        return None
    return _split_alike(payload, count) or _split_mixed(payload, count)


def _split_alike(payload: bytes, count: int) -> Parts | None:
    length = int.from_bytes(payload[2:4], "big")
    if length not in LENGTHS or len(payload) != 2 + count * (2 + length):
        return None
    rows = np.frombuffer(payload, np.uint8, offset=2).reshape(count, 2 + length)
    if rows[:, 0].any() or (rows[:, 1] != length).any():
        return None
    return Parts(bytes([length]) * count, {length: rows[:, 2:]})


def _split_mixed(payload: bytes, count: int) -> Parts | None:
    at = 3  # the low byte of a length, which is all of it: the longest packet has 184
    try:
        ends = [at := at + 2 + payload[at] for _ in range(count)]
    except IndexError:
        return None
    if at != len(payload) + 1:
        return None
    places = np.array([3, *ends[:-1]])
    data = np.frombuffer(payload, np.uint8)
    lengths = data[places]
    if data[places - 1].any() or not KNOWN[lengths].all():
        return None
    found = [length for length in LENGTHS if (lengths == length).any()]
    rows = {length: _rows(payload, places[lengths == length] + 1, length) for length in found}
    return Parts(lengths.tobytes(), rows)


def _rows(payload: bytes, starts: npt.NDArray[np.intp], length: int) -> Rows:
    """Return the `length` bytes from each start: a view of every start, then a choice."""
    everywhere = np.ndarray((len(payload) - length + 1,), f"V{length}", payload, 0, (1,))
    return everywhere[starts].view(np.uint8).reshape(-1, length)


def _sealed(codec: str, body: bytes, messages: int, ticks: int) -> Chunk:
    payload = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)
    return Chunk(codec, digest(codec, payload), payload, messages, ticks)


# -- packet by packet --------------------------------------------------------------------


def _by_packets(frames: Sequence[Frame], parts: Sequence[Parts | None]) -> bytes:
    out = Writer()
    out.array(_shuffled([frame.received_ns for frame in frames]))
    out.array(np.array([len(part.lengths) if part else ODD for part in parts], np.int32))
    out.raw(b"".join(part.lengths for part in parts if part))
    for length in LENGTHS:
        rows = [part.rows[length] for part in parts if part and length in part.rows]
        if rows:
            pack(out, np.concatenate(rows))
    for frame, part in zip(frames, parts, strict=True):
        if part is None:
            out.raw(frame.payload)
    return out.joined()


def _payloads_of_packets(data: Reader) -> list[bytes]:
    counts = data.array(np.int32)
    packets = _packets(data, data.array(np.uint8))
    payloads = []
    at = 0
    for count in counts.tolist():
        if count == ODD:
            payloads.append(bytes(data.raw()))
        else:
            payloads.append(b"".join((count.to_bytes(2, "big"), packets(at, at + count))))
            at += count
    return payloads


def _packets(data: Reader, lengths: npt.NDArray[np.uint8]) -> Any:
    """Return a function that gives a view of packets `start` to `end`, lengths before."""
    tables = {}
    for length in LENGTHS:
        count = int(np.count_nonzero(lengths == length))
        if count:
            tables[length] = _table(data, count, length)
    if len(tables) == 1:
        (table,) = tables.values()
        return lambda start, end: table[start:end].data
    ends = np.append(0, (lengths + np.int64(2)).cumsum())
    joined = bytearray(int(ends[-1]))
    for length, table in tables.items():
        size = 2 + length
        everywhere = np.ndarray((len(joined) - size + 1,), f"V{size}", joined, 0, (1,))
        everywhere[ends[:-1][lengths == length]] = table.view(f"V{size}").ravel()
    places, whole = ends.tolist(), memoryview(joined)
    return lambda start, end: whole[places[start] : places[end]]


def _table(data: Reader, count: int, length: int) -> Rows:
    table = np.empty((count, 2 + length), np.uint8)
    table[:, :2] = 0, length
    unpack(data, table[:, 2:])
    return table


# -- as they are -------------------------------------------------------------------------


def _as_they_are(frames: Sequence[Frame]) -> bytes:
    out = Writer()
    out.array(_shuffled([frame.received_ns for frame in frames]))
    for frame in frames:
        out.raw(frame.payload)
    return out.joined()


def _payloads_as_they_are(data: Reader) -> list[bytes]:
    return [bytes(piece) for piece in data.rest()]


DECODERS = {PACKETS: _payloads_of_packets, VERBATIM: _payloads_as_they_are}


def _shuffled(stamps: list[int]) -> npt.NDArray[np.uint8]:
    steps = np.diff(np.array(stamps, np.int64), prepend=0)
    return np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 8).T)


def _unshuffled(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    steps = np.ascontiguousarray(planes.reshape(8, -1).T).view(np.int64)
    return steps.ravel().cumsum()
