"""Kite's binary messages, to and from columns.

A message is big-endian: ``u16 count``, then `count` times ``u16 length`` and a packet of
that length, which is its kind (`feeds.packets` has the layouts)::

    8    last price
    28   an index: day's prices and change      32   the same with the exchange's time
    44   quote: day's prices and quantities     184  the same with oi, times and depth

A message of one byte is a heartbeat.

`encode` undoes `decode` to the byte: a u32 divided by 1e7 and multiplied again is off by
less than 1e-6, so rounding restores it, and depth is carried raw. The one exception is a
message that holds nothing: every spelling of it comes back as `HEARTBEAT`.

Source: kite.trade/docs/connect/v3/websocket.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from dashboard.core.errors import WireError
from dashboard.core.market import DEPTH_DTYPE, Floats, Ints, TickBatch
from feeds import packets

HEARTBEAT = b"\x00"

_Bytes = npt.NDArray[np.uint8]
_Records = npt.NDArray[np.void]
_Words = npt.NDArray[np.uint32]
_MOST = 0xFFFF  # packets in a message
_KNOWN = ", ".join(map(str, packets.FIELDS))
_PADDING = bytes(4 * packets.WORDS)


def decode(payload: bytes) -> TickBatch:
    """Return the ticks of one message; none for a heartbeat.

    Raises
    ------
    WireError
        If any byte of the message is not what the layout says, naming the first such
        packet and its offset. `decode_lenient` keeps the packets that are whole.
    """
    batch, complaints = decode_lenient(payload)
    if complaints:
        raise WireError(complaints[0])
    return batch


def decode_lenient(payload: bytes) -> tuple[TickBatch, list[str]]:
    """Return the ticks of every whole packet of a known kind, and what else was wrong.

    A packet of unknown length is stepped over; a packet that is cut off ends the message.
    """
    records = _all_full(payload)
    if records is not None:
        length = np.full(len(records), packets.FULL, np.uint8)
        return _batch(records["words"], None, length, records["depth"]), []
    offsets, complaints = _walk(payload)
    heads, change, length = _heads(payload, offsets)
    return _batch(heads, change, length, _depth(payload, offsets, length)), complaints


def decode_many(payloads: Sequence[bytes]) -> list[TickBatch | None]:
    """Return the ticks of each message, all of them read in one go.

    None stands for a message that is better looked at alone, with `decode_lenient`: it is a
    heartbeat, damaged, or its packets change their length too often.
    """
    runs = [_runs(payload) for payload in payloads]
    joined = b"".join(payloads)
    starts, at = [], 0
    for payload in payloads:
        starts.append(at)
        at += len(payload)
    flat = [(s + at, of, n) for s, own in zip(starts, runs, strict=True) for at, of, n in own]
    if not flat:
        return [None] * len(payloads)
    offsets = _offsets_of_runs(flat)
    if np.frombuffer(joined, np.uint8)[offsets].any():  # a length of two bytes: damaged
        return [None] * len(payloads)
    heads, change, length = _heads(joined, offsets)
    together = _batch(heads, change, length, _depth(joined, offsets, length))
    batches: list[TickBatch | None] = []
    end = 0
    for own in runs:
        begin, end = end, end + sum(n for _, _, n in own)
        full = any(of == packets.FULL for _, of, _ in own)
        batches.append(_part(together, begin, end, full) if own else None)
    return batches


def tokens_of(payload: bytes) -> Ints:
    """Return the token of each whole packet of a known kind, and read nothing else.

    Raises nothing: what is not a message of Kite's holds no token.
    """
    if len(payload) < 2:
        return np.empty(0, np.int64)
    columns = [_token_column(payload, run) for run in _runs(payload)]
    if not columns:
        offsets, _ = _walk(payload)
        return _windows(payload + _PADDING, 4)[offsets + 2].view(">u4").astype(np.int64)
    return np.concatenate(columns).astype(np.int64)


def encode(batch: TickBatch) -> bytes:
    """Return the message that carries a batch; `HEARTBEAT` for an empty one.

    Raises
    ------
    WireError
        If a value that its packet must carry is unknown, negative or does not fit 32 bits,
        if a length is no kind of packet, or if there are more than 65,535 packets.
    """
    count = len(batch)
    if count == 0:
        return HEARTBEAT
    if count > _MOST:
        raise WireError(f"{count} packets do not fit one message: split it at {_MOST}")
    return _message(_units(batch), batch)


# -- reading ---------------------------------------------------------------------------


def _all_full(payload: bytes) -> _Records | None:
    """Return a view of the packets if all are full ones and nothing else is there."""
    count = int.from_bytes(payload[:2], "big")
    if count == 0 or len(payload) != 2 + count * packets.FULL_RECORD.itemsize:
        return None
    records = np.frombuffer(payload, packets.FULL_RECORD, count, 2)
    return records if (records["length"] == packets.FULL).all() else None


def _walk(payload: bytes) -> tuple[Ints, list[str]]:
    """Return where each good packet's length stands, and the complaints."""
    if len(payload) == 1:
        return np.empty(0, np.int64), []
    offsets = _walk_well_formed(payload)
    return _walk_carefully(payload) if offsets is None else (offsets, [])


def _walk_well_formed(payload: bytes) -> Ints | None:
    """Return the offsets if everything is as it should be, as it nearly always is."""
    count = int.from_bytes(payload[:2], "big")
    if count == 0:
        return None
    data = np.frombuffer(payload, np.uint8)
    try:
        offsets = _offsets(payload, data, count)
        length = data[offsets + 1]
    except IndexError:
        return None
    odd = data[offsets].any() or (packets.KIND_RULE[length] < 0).any()
    return None if odd or offsets[-1] + 2 + length[-1] != len(payload) else offsets


LEAST_RUN, BLOCK = 16, 48  # packets: looked at in one go, or walked one by one


def _offsets(payload: bytes, data: _Bytes, count: int) -> Ints:
    """Return where each length should stand, by its low byte: the longest kind has 184 bytes.

    A long run of one length is looked at in one go; most messages are a few such runs.
    """
    parts: list[Ints] = []
    at, left, size = 2, count, len(payload)
    while left:
        length = payload[at + 1]
        stride = length + 2
        far = at + 1 + LEAST_RUN * stride
        if far < size and payload[far] == length and payload[at + 1 + 3 * stride] == length:
            same = data[at + 1 : at + 1 + left * stride : stride] == length
            run = len(same) if same.all() else int(same.argmin())
            parts.append(np.arange(at, at + run * stride, stride))
        else:
            run = min(left, BLOCK)
            parts.append(np.fromiter(_steps(payload, at, run), np.int64, run))
        last = int(parts[-1][-1])
        at, left = last + payload[last + 1] + 2, left - run
    return np.concatenate(parts)


def _steps(payload: bytes, at: int, count: int) -> Iterator[int]:
    """Yield where each of the next lengths should stand."""
    for _ in range(count):
        yield at
        at += payload[at + 1] + 2


def _walk_carefully(payload: bytes) -> tuple[Ints, list[str]]:
    """Return the same one packet at a time, saying where it goes wrong."""
    size = len(payload)
    if size < 2:
        return np.empty(0, np.int64), ["The message is empty: not even a heartbeat is there"]
    count, at = int.from_bytes(payload[:2], "big"), 2
    offsets, complaints = [], []
    for number in range(1, count + 1):
        where = f"Packet {number} of {count}, at byte {at},"
        length = int.from_bytes(payload[at : at + 2], "big")
        if at + 2 > size:
            complaints.append(f"{where} is missing: the message ends at byte {size}")
            break
        if at + 2 + length > size:
            complaints.append(f"{where} says {length} bytes, but {size - at - 2} follow")
            break
        if length in packets.FIELDS:
            offsets.append(at)
        else:
            complaints.append(f"{where} has unknown length {length}: known are {_KNOWN}")
        at += 2 + length
    else:
        if at != size:
            complaints.append(f"{size - at} bytes follow the last of {count} packets at byte {at}")
    return np.array(offsets, np.int64), complaints


MOST_RUNS = 16  # in a message, to be read together with others
_Run = tuple[int, int, int]  # where its first length stands, the length, how many packets
_LOW = {length: bytes([length]) for length in packets.FIELDS}
_COLUMNS = [field.name for field in fields(TickBatch) if field.name != "depth"]


def _runs(payload: bytes) -> list[_Run]:
    """Return the runs of packets of one length, none if not all is as it should be."""
    at, left, size = 2, int.from_bytes(payload[:2], "big"), len(payload)
    runs: list[_Run] = []
    while left and len(runs) < MOST_RUNS and at + 1 < size:
        length = payload[at + 1]
        if length not in _LOW:
            return []
        stride = length + 2
        low = payload[at + 1 : at + 1 + left * stride : stride]
        run = len(low) - len(low.lstrip(_LOW[length]))
        runs.append((at, length, run))
        at, left = at + run * stride, left - run
    return runs if at == size and not left else []


def _token_column(payload: bytes, run: _Run) -> npt.NDArray[np.uint32]:
    at, length, count = run
    return np.ndarray((count,), ">u4", payload, at + 2, (length + 2,))


def _offsets_of_runs(runs: list[_Run]) -> Ints:
    start, length, count = np.array(runs, np.int64).reshape(-1, 3).T
    before = count.cumsum() - count
    stride = length + 2
    offsets: Ints = np.repeat(start - before * stride, count)
    offsets += np.repeat(stride, count) * np.arange(len(offsets))
    return offsets


def _part(batch: TickBatch, begin: int, end: int, has_depth: bool) -> TickBatch:
    columns = {name: getattr(batch, name)[begin:end] for name in _COLUMNS}
    depth = batch.depth[begin:end] if has_depth and batch.depth is not None else None
    return TickBatch(**columns, depth=depth)


def _heads(payload: bytes, offsets: Ints) -> tuple[_Words, Floats, _Bytes]:
    """Return 16 u32s of each packet in the order of a full one, an index's change, lengths.

    What a shorter packet lacks holds the bytes that follow it; its scale is NaN.
    """
    padded = payload + _PADDING
    length = np.frombuffer(padded, np.uint8)[offsets + 1]
    heads = _windows(padded, 4 * packets.WORDS)[offsets + 2].view((">u4", packets.WORDS))
    change = np.zeros(len(offsets))
    index = np.flatnonzero(packets.IS_INDEX[length])
    if len(index):
        words = heads[index]
        change[index] = words[:, packets.INDEX_CHANGE].view(">i4")
        heads[index] = words[:, packets.FROM_INDEX]
    return heads, change, length


def _depth(payload: bytes, offsets: Ints, length: _Bytes) -> _Records | None:
    """Return the depth rows, zero for packets that are not full; None if none is."""
    full = np.flatnonzero(length == packets.FULL)
    if not len(full):
        return None
    depth = np.zeros(len(offsets), f"V{packets.DEPTH_BYTES}")
    start = offsets[full] + 2 + 4 * packets.WORDS
    depth[full] = _windows(payload, packets.DEPTH_BYTES)[start]
    return depth.view(DEPTH_DTYPE).reshape(len(offsets), 10)


def _batch(
    words: _Words, change: Floats | None, length: _Bytes, depth: _Records | None
) -> TickBatch:
    """Return the columns in INR and units; a u32 is exact in a float."""
    block = np.empty((len(packets.COLUMNS), len(words)))
    block[: packets.WORDS] = words.T
    block[packets.CHANGE] = 0.0 if change is None else change
    token = words[:, 0].astype(np.int64)
    block /= packets.SCALE.take(_rule(token, length), axis=1)
    columns: dict[str, Floats | Ints] = dict(zip(packets.COLUMNS, block, strict=True))
    columns["token"] = token
    for row in packets.TIMES:
        seconds = np.where(np.isnan(block[row]), -1.0, block[row])
        columns[packets.COLUMNS[row]] = seconds.astype(np.int64)
    return TickBatch(length=length, depth=depth, **columns)  # type: ignore[arg-type]


def _rule(token: Ints, length: _Bytes) -> npt.NDArray[np.int8]:
    """Return which column of `packets.SCALE` each packet follows."""
    rule: npt.NDArray[np.int8] = packets.KIND_RULE[length] + packets.SEGMENT_RULE[token & 0xFF]
    return rule


def _windows(message: bytes | bytearray, size: int) -> _Records:
    """Return the `size` bytes that begin at each byte of a message."""
    return np.ndarray((len(message) - size + 1,), f"V{size}", message, strides=(1,))


# -- writing ---------------------------------------------------------------------------


def _units(batch: TickBatch) -> Floats:
    """Return the columns in the integers of the wire, 0 where the kind lacks one."""
    block = np.array([getattr(batch, name) for name in packets.COLUMNS], dtype=np.float64)
    if (packets.KIND_RULE[batch.length] < 0).any():
        odd = batch.length[packets.KIND_RULE[batch.length] < 0][0]
        raise WireError(f"No packet has {odd} bytes: known are {_KNOWN}")
    scale = packets.SCALE.take(_rule(batch.token, batch.length), axis=1)
    lacking = np.isnan(scale)
    block *= scale
    np.rint(block, out=block)
    block[lacking] = 0.0
    good = (block >= packets.LOWEST) & (block <= packets.HIGHEST)  # false for NaN
    if not good.all():
        column, row = np.argwhere(~good)[0]
        name, length = packets.COLUMNS[column], batch.length[row]
        what = f"Token {batch.token[row]}: {name} {getattr(batch, name)[row]}"
        raise WireError(f"{what} cannot be written in a packet of {length} bytes")
    return block


def _message(block: Floats, batch: TickBatch) -> bytes:
    """Return the message, each kind of packet written to its places at once."""
    ends = 2 + np.cumsum(batch.length + np.int64(2))
    starts = ends - batch.length
    message = bytearray(int(ends[-1]))
    message[:2] = len(batch).to_bytes(2, "big")
    np.frombuffer(message, np.uint8)[starts - 1] = batch.length
    for kind, order in packets.ROWS.items():
        rows = np.flatnonzero(batch.length == kind)
        if not len(rows):
            continue
        words = _words(block[order], rows)
        _windows(message, words.itemsize)[starts[rows]] = words
        if kind == packets.FULL:
            depth = _opaque_depth(batch.depth)[rows]
            _windows(message, packets.DEPTH_BYTES)[starts[rows] + words.itemsize] = depth
    return bytes(message)


def _words(block: Floats, rows: Ints) -> _Records:
    """Return some packets' u32s, each packet as one item, an index's change in two's complement."""
    if len(rows) < block.shape[1]:
        block = block[:, rows]
    words = np.ascontiguousarray(block.astype(np.int64).astype(">u4").T)
    return words.view(f"V{4 * len(block)}").reshape(-1)


def _opaque_depth(depth: _Records | None) -> _Records:
    """Return the depth of each packet as one item, which numpy copies whole."""
    if depth is None:
        raise WireError("A packet of 184 bytes carries depth, and the batch has none")
    if depth.strides[-1] != DEPTH_DTYPE.itemsize:
        depth = np.ascontiguousarray(depth)
    return depth.view(f"V{packets.DEPTH_BYTES}").reshape(-1)
