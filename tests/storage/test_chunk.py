"""Chunks: the same frames come back to the byte, and damage never passes for data."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.market import Frame
from storage.chunk import PACKETS, VERBATIM, decode, digest, encode, split

LENGTHS = (8, 28, 32, 44, 184)


def message(*packets: bytes) -> bytes:
    body = b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)
    return struct.pack(">H", len(packets)) + body


def packet(token: int, length: int, fill: int = 0) -> bytes:
    words = [token, *((fill + n) % 2**32 for n in range(length // 4 - 1))]
    return struct.pack(f">{len(words)}I", *words)


def frames_of(*payloads: bytes) -> list[Frame]:
    return [Frame(1_787_000_000_123_456_789 + n * 7, 3, p) for n, p in enumerate(payloads)]


def assert_comes_back(frames: list[Frame]) -> None:
    assert decode(encode(frames), frames[0].connection) == frames


@pytest.mark.parametrize("length", LENGTHS)
def test_brings_back_packets_of_each_kind(length: int):
    frames = frames_of(*(message(packet(7, length, n), packet(9, length, n * n)) for n in range(5)))
    chunk = encode(frames)
    assert (chunk.codec, chunk.messages, chunk.ticks) == (PACKETS, 5, 10)
    assert decode(chunk, 3) == frames


def test_brings_back_messages_of_mixed_packets():
    mixed = message(packet(1, 32), packet(2, 184), packet(3, 44), packet(2, 184), packet(4, 8))
    chunk = encode(frames_of(mixed, mixed[:2] + mixed[2:], message(packet(1, 28))))
    assert (chunk.codec, chunk.ticks) == (PACKETS, 11)
    assert [one.payload for one in decode(chunk, 3)] == [mixed, mixed, message(packet(1, 28))]


@pytest.mark.parametrize(
    "odd",
    [
        b"",  # a reopen mark
        b"\x00",  # a heartbeat
        b'{"type": "order"}',
        b"\x00\x00",  # no packets
        message(packet(5, 8))[:-1],  # cut off
        message(packet(5, 8)) + b"x",  # too long
        b"\x00\x02" + message(packet(5, 8))[2:],  # says two, has one
        message(packet(5, 8), b"twelve bytes"),  # no such kind
        b"\x00\x01\x01\x08" + bytes(264),  # a length whose low byte is a kind's
    ],
)
def test_keeps_what_is_no_whole_message_as_it_is(odd: bytes):
    good = message(packet(5, 44))
    chunk = encode(frames_of(good, odd, good, odd))
    assert (chunk.codec, chunk.messages, chunk.ticks) == (PACKETS, 4, 2)
    assert_comes_back(frames_of(good, odd, good, odd))
    alone = encode(frames_of(odd, odd))
    assert (alone.codec, alone.ticks) == (VERBATIM, 0)
    assert_comes_back(frames_of(odd, odd))


def test_brings_back_the_largest_and_the_smallest_of_everything():
    extremes = [packet(0, 8, 0), packet(2**32 - 1, 8, 2**32 - 1), packet(0, 8, 2**31)]
    stamps = [0, 2**63 - 1, 5, 5]
    payloads = [message(one) for one in (*extremes, extremes[1])]
    assert_comes_back([Frame(s, 0, p) for s, p in zip(stamps, payloads, strict=True)])


def test_brings_back_more_tokens_than_sixteen_bits_count():
    packets = [packet(token, 8) for token in range(40_000)]
    frames = frames_of(message(*packets), message(*(packet(t + 40_000, 8) for t in range(40_000))))
    assert_comes_back(frames)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=300))
    lengths = draw(st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=6))
    noise = draw(st.randoms(use_true_random=False))
    return message(*(noise.randbytes(length) for length in lengths))


@given(st.lists(st.tuples(st.integers(0, 2**62), payloads()), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_brings_back_whatever_comes_off_a_wire(parts: list[tuple[int, bytes]]):
    assert_comes_back([Frame(stamp, 1, payload) for stamp, payload in parts])


def test_a_changed_byte_is_found():
    chunk = encode(frames_of(message(packet(7, 184))))
    for at in range(0, len(chunk.payload), 5):
        changed = bytearray(chunk.payload)
        changed[at] ^= 1
        with pytest.raises(ValueError, match="digest does not match"):
            decode(replace(chunk, payload=bytes(changed)), 0)


def test_a_codec_that_nobody_knows_is_named():
    chunk = encode(frames_of(message(packet(7, 184))))
    newer = replace(chunk, codec="newer", digest=digest("newer", chunk.payload))
    with pytest.raises(ValueError, match=r"cannot be decoded .'newer'"):
        decode(newer, 0)


def test_a_chunk_of_the_wrong_codec_is_refused():
    chunk = encode(frames_of(message(packet(7, 184)), b"odd"))
    lying = replace(chunk, codec=VERBATIM, digest=digest(VERBATIM, chunk.payload))
    with pytest.raises(ValueError, match=r"."):
        decode(lying, 0)


def test_says_how_a_message_splits():
    parts = split(message(packet(1, 32), packet(2, 184), packet(3, 32)))
    assert parts is not None
    assert list(parts.lengths) == [32, 184, 32]
    assert {length: len(rows) for length, rows in parts.rows.items()} == {184: 1, 32: 2}
