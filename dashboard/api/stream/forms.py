"""How frames are written: JSON, MessagePack or Arrow, compressed or not.

A text frame is plain JSON. A binary frame is in the chosen format, compressed as chosen.
Frames without columns are JSON texts where the format is Arrow, and where it is JSON.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgpack
import zstandard

from dashboard.api.replies import dumps

JSON, MSGPACK, ARROW = "json", "msgpack", "arrow"
FORMATS = (JSON, MSGPACK, ARROW)
NONE, DEFLATE, ZSTD = "none", "deflate", "zstd"
LEVEL = 1  # of either: a frame is compressed while somebody waits for it

Payload = str | bytes


def _deflate(raw: bytes) -> bytes:
    return zlib.compress(raw, LEVEL)


def _zstd(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(raw)


COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    NONE: bytes,
    DEFLATE: _deflate,
    ZSTD: _zstd,
}


@dataclass(frozen=True, slots=True)
class Form:
    """How one client wants its frames."""

    format: str = JSON
    compression: str = NONE

    def write(self, document: Mapping[str, Any]) -> Payload:
        """Return a frame of a few words."""
        if self.format == MSGPACK:
            return self.seal(pack(document))
        return dumps(document).decode()

    def seal(self, raw: bytes) -> Payload:
        """Return a frame of bytes in this format."""
        if self.format == JSON and self.compression == NONE:
            return raw.decode()
        return COMPRESSIONS[self.compression](raw)


def pack(document: Any) -> bytes:
    """Return MessagePack; times are the texts that JSON has."""
    packed: bytes = msgpack.packb(document, default=_words)
    return packed


def _words(value: Any) -> str:
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be packed")
