"""The text of a file in blocks of whole lines, unzipped on the way."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from dashboard.core.errors import DamagedFileError

BLOCK_BYTES = 2 << 20
LONGEST_LINE = 8 << 20
_RAW_BYTES = 256 << 10
_GZIP_FORMAT = 31  # zlib's number for a gzip header and the largest window


def beginning(file: BinaryIO, size: int, *, gzipped: bool) -> bytes:
    """Return at least the first `size` bytes, or all there are; they may be one endless line.

    Raises
    ------
    DamagedFileError
        If it is not what it says from the start.
    """
    found = b""
    try:
        for data in _unzipped(file) if gzipped else _plain(file):
            found += data
            if len(found) >= size:
                break
    except DamagedFileError:
        if not found:
            raise
    return found


def whole_lines(file: BinaryIO, *, gzipped: bool) -> Iterator[bytes]:
    """Yield blocks that end with a line's end; the last line may lack it.

    Raises
    ------
    DamagedFileError
        If the file breaks off or is not what it says, after all lines before that.
    """
    rest = b""
    try:
        for data in _unzipped(file) if gzipped else _plain(file):
            rest += data
            if len(rest) >= BLOCK_BYTES:
                whole, rest = _cut(rest)
                if whole:
                    yield whole
    except DamagedFileError:
        yield _cut(rest)[0]
        raise
    yield rest


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """Return the whole lines of a text, and the beginning of the next one."""
    cut = text.rfind(b"\n") + 1
    if not cut and len(text) > LONGEST_LINE:
        raise DamagedFileError(f"a line of over {LONGEST_LINE:,} bytes is no row of a table")
    return text[:cut], text[cut:]


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(_RAW_BYTES):
        yield data


def _unzipped(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of one or more gzip members."""
    member, is_open = zlib.decompressobj(_GZIP_FORMAT), False
    while raw := file.read(_RAW_BYTES):
        is_open = True
        full = False
        while raw or full:
            data = _inflated(member, raw)
            yield data
            full = len(data) == BLOCK_BYTES and not member.eof  # there may be more inside
            raw = member.unconsumed_tail
            if member.eof:
                raw = member.unused_data.lstrip(b"\0")  # padding of some writers
                member, is_open = zlib.decompressobj(_GZIP_FORMAT), bool(raw)
    if is_open:
        raise DamagedFileError("the gzip file ends in the middle")


def _inflated(member: "zlib._Decompress", raw: bytes) -> bytes:
    try:
        return member.decompress(raw, BLOCK_BYTES)
    except zlib.error as error:
        raise DamagedFileError(f"the gzip file is damaged ({error})") from error
