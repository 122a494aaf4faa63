"""Answers that are made once for each snapshot of a desk, and compressed once."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import zstandard

from dashboard.pipeline.hub import Hub

GZIP_LEVEL, ZSTD_LEVEL = 4, 3
GZIP_WINDOW = 31  # zlib's word for a gzip header and the largest window
IDENTITY = "identity"


@dataclass
class Body:
    """An answer's bytes, and the same compressed as callers have asked for."""

    raw: bytes
    tag: str
    coded: dict[str, bytes] = field(default_factory=dict)

    def in_coding(self, coding: str) -> bytes:
        """Return the bytes in a content coding, compressed at the first time only."""
        if coding == IDENTITY:
            return self.raw
        if coding not in self.coded:
            self.coded[coding] = CODINGS[coding](self.raw)
        return self.coded[coding]


def _gzip(raw: bytes) -> bytes:
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    return packer.compress(raw) + packer.flush()


def _zstd(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(raw)


CODINGS: dict[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "gzip": _gzip}


def coding_for(accepted: str) -> str:
    """Return the content coding to answer an ``Accept-Encoding`` with."""
    for name in CODINGS:
        for each in accepted.split(","):
            coding, _, quality = each.partition(";")
            if coding.strip().lower() == name and quality.replace(" ", "") not in REFUSED:
                return name
    return IDENTITY


REFUSED = ("q=0", "q=0.0", "q=0.00", "q=0.000")


class PreparedBodies:
    """The latest body of each desk and subject. Used on the server's loop alone."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Hub, dict[str, tuple[int, Body]]] = WeakKeyDictionary()

    def find(self, hub: Hub, subject: str, seq: int) -> Body | None:
        """Return the body made of a snapshot, None if there is none yet."""
        kept = self._kept.get(hub, {}).get(subject)
        return kept[1] if kept is not None and kept[0] == seq else None

    def keep(self, hub: Hub, subject: str, seq: int, raw: bytes) -> Body:
        """Keep a body in the place of the earlier one, and return it."""
        body = Body(raw, hashlib.blake2b(raw, digest_size=12).hexdigest())
        self._kept.setdefault(hub, {})[subject] = seq, body
        return body
