"""Many packets of one kind, as few bytes: the difference to the same token's packet before.

Kite's packets are rows of big-endian 32-bit words (PLATFORM.md, binary layout), the first
of which is the token. Sorted by token, a column of them changes little from row to row::

    rows in order of arrival -> by token -> difference to the row above -> zigzag -> bytes

The upper bytes of small differences are zero; a plane (the k-th byte of every number of a
column) that is zero throughout is left out, and zstd takes care of the rest.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from storage.pieces import Reader, Writer

Rows = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]
BIG_WORD = np.dtype(">u4")
TILE = 512  # rows turned into columns at once: what fits the processor's cache


def pack(out: Writer, rows: Rows) -> None:
    """Write packets of one length.

    Parameters
    ----------
    out : Writer
    rows : uint8, shape (m, length)
        The packets in order of arrival, m > 0; length is a multiple of 4, 8 or more.
    """
    words = np.ascontiguousarray(rows).view(BIG_WORD)
    token = words[:, 0].astype(np.uint32)
    order = token.argsort(kind="stable")
    grouped = token[order]
    starts = np.flatnonzero(np.append(True, grouped[1:] != grouped[:-1]))
    out.array(grouped[starts])
    _pack_ranks(out, order, starts)
    columns = np.empty((words.shape[1] - 1, len(words)), np.uint32)
    for tile in _tiles(len(words)):
        columns[:, tile] = words[order[tile], 1:].T
    _pack_columns(out, columns, starts)


def unpack(data: Reader, rows: Rows) -> None:
    """Fill `rows`, uint8 of shape (m, length), with what `pack` wrote."""
    tokens = data.array(np.uint32)
    ranks = _unpack_ranks(data, len(rows), len(tokens))
    order = ranks.argsort(kind="stable")
    counts = np.bincount(ranks, minlength=len(tokens))
    starts = counts.cumsum() - counts
    columns = np.empty((rows.shape[1] // 4, len(rows)), np.uint32)
    columns[0] = np.repeat(tokens, counts)
    _unpack_columns(data, columns[1:], starts)
    for tile in _tiles(len(rows)):
        rows[order[tile]] = columns[:, tile].T.astype(BIG_WORD, order="C").view(np.uint8)


def _tiles(count: int) -> Iterator[slice]:
    for start in range(0, count, TILE):
        yield slice(start, start + TILE)


def _pack_ranks(out: Writer, order: Places, starts: Places) -> None:
    """Write which token each packet is of: a step from the one before, often 1."""
    dtype = _rank_dtype(len(starts))
    steps = np.zeros(len(order), dtype)
    steps[starts[1:]] = 1
    ranks = np.empty_like(steps)
    ranks[order] = steps.cumsum(dtype=dtype)
    steps = np.diff(ranks, prepend=dtype.type(0))
    out.array(steps.view(np.uint8).reshape(len(steps), -1).T)


def _unpack_ranks(data: Reader, count: int, tokens: int) -> npt.NDArray[np.unsignedinteger]:
    dtype = _rank_dtype(tokens)
    planes = data.array(np.uint8).reshape(dtype.itemsize, count)
    steps = np.ascontiguousarray(planes.T).view(dtype).ravel()
    return steps.cumsum(dtype=dtype)


def _rank_dtype(tokens: int) -> np.dtype[np.unsignedinteger]:
    return np.dtype(np.uint16 if tokens <= 0xFFFF else np.uint32)


def _pack_columns(out: Writer, columns: Words, starts: Places) -> None:
    """Write every column but the token's: first rows apart, then the planes that matter."""
    firsts = np.empty((len(columns), len(starts)), np.uint32)
    used = np.empty(len(columns), np.uint8)
    planes = Writer()
    for column, values in enumerate(columns):  # one at a time: it fits the processor's cache
        steps = np.diff(values, prepend=np.uint32(0))
        firsts[column] = steps[starts]
        steps[starts] = 0
        used[column] = _pack_planes(planes, _zigzag(steps))
    out.array(firsts)
    out.array(used)
    out.raw(planes.joined())


def _unpack_columns(data: Reader, columns: Words, starts: Places) -> None:
    firsts = data.array(np.uint32).reshape(len(columns), len(starts))
    used = data.array(np.uint8).tolist()
    planes = Reader(data.raw())
    for values, which, first in zip(columns, used, firsts, strict=True):
        steps = _unzigzag(_unpack_planes(planes, which, len(values)))
        steps[starts] = first
        np.add.accumulate(steps, out=values)


def _zigzag(steps: Words) -> Words:
    """Return 0, -1, 1, -2, ... as 0, 1, 2, 3, ...: small either way is small."""
    sign = steps.view(np.int32) >> 31
    steps <<= np.uint32(1)
    steps ^= sign.view(np.uint32)
    return steps


def _unzigzag(values: Words) -> Words:
    sign = -(values & np.uint32(1))
    values >>= np.uint32(1)
    values ^= sign
    return values


def _pack_planes(out: Writer, values: Words) -> int:
    """Write the bytes of each place that are not all zero; return which places as bits."""
    largest = int(np.bitwise_or.reduce(values))
    planes = values.view(np.uint8).reshape(-1, 4)
    which = 0
    for place in range(4):
        if largest >> 8 * place & 0xFF:
            out.array(planes[:, place])
            which |= 1 << place
    return which


def _unpack_planes(data: Reader, which: int, count: int) -> Words:
    values = np.zeros(count, np.uint32)
    planes = values.view(np.uint8).reshape(-1, 4)
    for place in range(4):
        if which >> place & 1:
            planes[:, place] = data.array(np.uint8)
    return values
