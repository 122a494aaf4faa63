"""Kite's binary messages for tests, packed by hand."""

import struct


def full(token: int, price: int = 2_500_000) -> bytes:
    """Return a full packet: 16 numbers and a depth of nothing; `price` in paise."""
    return struct.pack(">16I", token, price, *([1] * 14)) + bytes(120)


def quote(token: int, price: int = 2_500_000) -> bytes:
    return struct.pack(">11I", token, price, *([1] * 9))


def index(token: int, price: int = 2_500_000) -> bytes:
    return struct.pack(">8I", token, price, *([1] * 6))


def message(*packets: bytes) -> bytes:
    parts = [struct.pack(">H", len(packet)) + packet for packet in packets]
    return struct.pack(">H", len(packets)) + b"".join(parts)
