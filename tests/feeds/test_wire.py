"""Kite's binary messages: against Kite's own parser, to the byte, and with every lie caught."""

import base64
import json
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiteconnect.ticker import KiteTicker

from dashboard.core.errors import WireError
from feeds.wire import HEARTBEAT, decode, decode_lenient, decode_many, encode

WORDS = {8: 2, 28: 7, 32: 8, 44: 11, 184: 16}
TRADABLE = (1, 2, 3, 4, 5, 6, 7, 8, 12)  # segments with each of the price divisors


def packet(kind: int, token: int, *rest: int, depth: bytes = bytes(120)) -> bytes:
    words = [token, *rest, *[0] * (WORDS[kind] - 1 - len(rest))]
    return struct.pack(f">{len(words)}I", *words) + (depth if kind == 184 else b"")


def message(*packets: bytes) -> bytes:
    parts = [struct.pack(">H", len(p)) + p for p in packets]
    return struct.pack(">H", len(packets)) + b"".join(parts)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(WORDS)))
    segment = 9 if kind in (28, 32) else draw(st.sampled_from((*TRADABLE, 9)))
    token = draw(st.integers(0, 2**24 - 1)) << 8 | segment
    u32 = st.integers(0, 2**32 - 1)
    rest = draw(st.lists(u32, min_size=WORDS[kind] - 1, max_size=WORDS[kind] - 1))
    depth = draw(st.binary(min_size=120, max_size=120)) if kind == 184 else b""
    return packet(kind, token, *rest, depth=depth)


messages = st.lists(packets(), min_size=1, max_size=12).map(lambda p: message(*p))
full_messages = st.lists(packets().filter(lambda p: len(p) == 184), min_size=1, max_size=4).map(
    lambda p: message(*p)
)


def test_reads_a_full_packet_worked_by_hand():
    token = 13_000 << 8 | 2
    row = struct.pack(">IIHH", 75, 2_500_005, 3, 0xABCD)
    words = (2_500_050, 65, 2_499_900, 130_000, 7, 8, 2_490_000, 2_510_000, 2_480_000, 2_495_000)
    times_and_oi = (1_787_000_001, 9_100, 9_900, 8_100, 1_787_000_002)
    payload = message(packet(184, token, *words, *times_and_oi, depth=row * 10))
    batch = decode(payload)
    assert len(batch) == 1
    assert batch.token.tolist() == [3_328_002]
    assert batch.length.tolist() == [184]
    assert batch.last_price[0] == 25_000.50
    assert batch.last_quantity[0] == 65
    assert batch.average_price[0] == 24_999.00
    assert batch.day_volume[0] == 130_000
    assert (batch.buy_quantity[0], batch.sell_quantity[0]) == (7, 8)
    assert (batch.open[0], batch.high[0], batch.low[0]) == (24_900, 25_100, 24_800)
    assert batch.close[0] == 24_950
    assert np.isnan(batch.change[0])
    assert batch.last_trade_time[0] == 1_787_000_001
    assert (batch.oi[0], batch.oi_day_high[0], batch.oi_day_low[0]) == (9_100, 9_900, 8_100)
    assert batch.exchange_time[0] == 1_787_000_002
    assert batch.depth is not None
    assert batch.depth.shape == (1, 10)
    assert batch.depth["price"].tolist() == [[2_500_005] * 10]
    assert batch.depth["pad"][0, 9] == 0xABCD


def test_reads_an_index_packet_whose_index_has_fallen():
    payload = message(
        packet(32, 256265, 2_430_070, 2_440_000, 2_420_000, 2_435_000, 2_433_742)[:24]
        + struct.pack(">iI", -3_672, 1_787_000_003)
    )
    batch = decode(payload)
    assert batch.last_price[0] == 24_300.70
    assert (batch.open[0], batch.high[0], batch.low[0]) == (24_350, 24_400, 24_200)
    assert batch.close[0] == 24_337.42
    assert batch.change[0] == -36.72
    assert batch.exchange_time[0] == 1_787_000_003
    assert encode(batch) == payload


def test_says_what_a_packet_does_not_carry():
    batch = decode(message(packet(8, 256265, 100), packet(184, 258), packet(28, 265)))
    assert np.isnan(batch.day_volume).tolist() == [True, False, True]
    assert np.isnan(batch.oi).tolist() == [True, False, True]
    assert np.isnan(batch.change).tolist() == [True, True, False]
    assert batch.exchange_time.tolist() == [-1, 0, -1]
    assert batch.last_trade_time.tolist() == [-1, 0, -1]
    assert batch.depth is not None
    assert not any(batch.depth[0].tobytes())
    assert decode(message(packet(8, 256265, 100))).depth is None


@pytest.mark.parametrize(
    ("segment", "price"),
    [
        (1, 123_456.78),
        (2, 123_456.78),
        (3, 1.2345678),
        (6, 1_234.5678),
        (9, 123_456.78),
        (12, 1_234.5678),
    ],
)
def test_divides_prices_as_the_segment_says(segment: int, price: float):
    assert decode(message(packet(8, 1 << 8 | segment, 12_345_678))).last_price[0] == price


@pytest.mark.parametrize("payload", [HEARTBEAT, b"\x01", b"\x00\x00"])
def test_a_message_that_holds_nothing_is_a_heartbeat(payload: bytes):
    assert len(decode(payload)) == 0
    assert encode(decode(payload)) == b"\x00"


@given(st.one_of(messages, full_messages))
def test_encoding_undoes_decoding_to_the_byte(payload: bytes):
    assert encode(decode(payload)) == payload


@given(st.sampled_from(TRADABLE), st.integers(0, 2**32 - 1))
def test_every_price_survives(segment: int, price: int):
    payload = message(packet(8, 1 << 8 | segment, price))
    assert encode(decode(payload)) == payload


@given(st.one_of(messages, full_messages))
def test_agrees_with_kites_own_parser(payload: bytes):
    batch = decode(payload)
    for row, theirs in enumerate(KiteTicker._parse_binary(KiteTicker("", ""), payload)):
        assert ours(batch, row) == comparable(theirs)


FLAT = {
    "last_price": "last_price",
    "last_traded_quantity": "last_quantity",
    "average_traded_price": "average_price",
    "volume_traded": "day_volume",
    "total_buy_quantity": "buy_quantity",
    "total_sell_quantity": "sell_quantity",
    "oi": "oi",
    "oi_day_high": "oi_day_high",
    "oi_day_low": "oi_day_low",
}
DAY = ("open", "high", "low", "close")


def comparable(theirs: dict[str, Any]) -> dict[str, Any]:
    """Keep what the wire carries; their dates are naive times of the host."""
    flat = {FLAT[k]: v for k, v in theirs.items() if k in FLAT}
    flat |= theirs.get("ohlc", {})
    for side in ("buy", "sell"):
        for i, row in enumerate(theirs.get("depth", {}).get(side, [])):
            flat[f"{side}{i}"] = (row["quantity"], row["price"], row["orders"])
    for name, mine in (("exchange_timestamp", "exchange_time"), ("last_trade_time",) * 2):
        if theirs.get(name) is not None:
            flat[mine] = theirs[name]
    return {"token": theirs["instrument_token"], **flat}


def ours(batch: Any, row: int) -> dict[str, Any]:
    columns = [*FLAT.values(), *DAY]
    flat = {n: getattr(batch, n)[row] for n in columns if not np.isnan(getattr(batch, n)[row])}
    if batch.length[row] == 184:
        divisor = {3: 1e7, 6: 1e4, 12: 1e4}.get(int(batch.token[row]) & 0xFF, 100.0)
        for i, level in enumerate(batch.depth[row].tolist()):
            side = f"{'buy' if i < 5 else 'sell'}{i % 5}"
            flat[side] = (level[0], level[1] / divisor, level[2])
    for name in ("exchange_time", "last_trade_time"):
        if getattr(batch, name)[row] >= 0:
            flat[name] = datetime.fromtimestamp(int(getattr(batch, name)[row]))  # noqa: DTZ006
    return {"token": int(batch.token[row]), **flat}


@pytest.mark.shared
@pytest.mark.parametrize("mode", ["full", "quote"])
def test_reads_the_packets_kite_publishes(shared: Path, mode: str):
    mocks = shared / "data" / "kite-mocks"
    raw = base64.b64decode((mocks / f"ticker_{mode}.packet").read_text())
    payload = message(raw)
    batch, said = decode(payload), json.loads((mocks / f"ticker_{mode}.json").read_text())
    assert encode(batch) == payload
    assert batch.token[0] == said["instrument_token"]
    assert batch.last_price[0] == said["last_price"]
    assert batch.day_volume[0] == said["volume"]
    assert {n: getattr(batch, n)[0] for n in DAY} == said["ohlc"]
    if mode == "full":
        at = datetime.fromisoformat(said["timestamp"]).timestamp()
        assert batch.exchange_time[0] == at
        assert batch.depth is not None
        assert batch.depth["orders"][0, :5].tolist() == [r["orders"] for r in said["depth"]["buy"]]


ALL_KINDS = [packet(kind, kind << 8 | 9, 7) for kind in WORDS]


@pytest.mark.parametrize("first", sorted(WORDS))
def test_says_where_a_message_is_cut_and_keeps_what_came_before(first: int):
    parts = [packet(first, 258), *ALL_KINDS]
    payload = message(*parts)
    ends = np.cumsum([2 + len(p) for p in parts]) + 2
    for cut in range(2, len(payload)):
        with pytest.raises(WireError, match="Packet"):
            decode(payload[:cut])
        batch, complaints = decode_lenient(payload[:cut])
        assert len(batch) == (ends <= cut).sum()
        assert len(complaints) == 1


def test_refuses_a_message_of_no_bytes():
    with pytest.raises(WireError, match="empty"):
        decode(b"")


def test_names_a_length_that_is_no_packets_and_steps_over_it():
    payload = message(packet(8, 258, 100), bytes(12), packet(8, 514, 200))
    with pytest.raises(WireError, match="Packet 2 of 3, at byte 12, has unknown length 12"):
        decode(payload)
    batch, complaints = decode_lenient(payload)
    assert batch.token.tolist() == [258, 514]
    assert batch.last_price.tolist() == [1.0, 2.0]
    assert len(complaints) == 1


def test_a_length_of_two_bytes_is_read_whole():
    payload = message(packet(8, 258, 100), bytes(256 + 8))
    with pytest.raises(WireError, match="at byte 12, has unknown length 264"):
        decode(payload)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_refuses_bytes_after_the_last_packet(kind: int):
    payload = message(packet(kind, 258)) + b"\x00\x08"
    with pytest.raises(WireError, match=f"2 bytes follow the last of 1 packets at byte {kind + 4}"):
        decode(payload)
    assert len(decode_lenient(payload)[0]) == 1


@pytest.mark.parametrize(("count", "complaint"), [(1, "follow the last of 1"), (3, "is missing")])
def test_refuses_a_count_that_lies(count: int, complaint: str):
    for kind in WORDS:
        honest = message(packet(kind, 258), packet(kind, 258))
        with pytest.raises(WireError, match=complaint):
            decode(struct.pack(">H", count) + honest[2:])


def test_refuses_a_length_that_lies():
    for kind in WORDS:
        payload = bytearray(message(packet(kind, 258), packet(kind, 258)))
        payload[3] += 1
        with pytest.raises(WireError, match="Packet 1 of 2, at byte 2"):
            decode(bytes(payload))


@given(st.lists(st.one_of(messages, full_messages, st.just(HEARTBEAT)), max_size=5))
def test_messages_read_together_say_what_each_says_alone(payloads: list[bytes]):
    for payload, batch in zip(payloads, decode_many(payloads), strict=True):
        if payload == HEARTBEAT:
            assert batch is None
        else:
            alone = decode(payload)
            assert batch is not None
            assert len(batch) == len(alone)
            assert (batch.depth is None) == (alone.depth is None)
            assert encode(batch) == payload
            np.testing.assert_array_equal(batch.average_price, alone.average_price)
            np.testing.assert_array_equal(batch.exchange_time, alone.exchange_time)


@settings(max_examples=300)
@given(messages, st.binary(max_size=80), st.data())
def test_a_damaged_message_among_others_is_left_to_be_read_alone(
    whole: bytes, odd: bytes, data: st.DataObject
):
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    for damaged in (cut, whole + odd, odd):
        found = decode_many([whole, damaged])[1]
        if found is not None:
            assert encode(found) == damaged


def test_a_length_of_two_bytes_is_not_read_together():
    long = message(packet(8, 264, 100)).replace(b"\x00\x08", b"\x01\x08", 1)
    assert decode_many([message(packet(8, 264, 100)), long])[1] is None


def test_nothing_to_read_together_is_nothing():
    assert decode_many([]) == []
    assert decode_many([b"", HEARTBEAT]) == [None, None]


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(payload: bytes):
    batch, complaints = decode_lenient(payload)
    if not complaints and len(batch):
        assert encode(batch) == payload


@settings(max_examples=200)
@given(messages, st.data())
def test_a_flipped_byte_is_read_or_refused(payload: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(payload) - 1))
    broken = bytearray(payload)
    broken[at] ^= data.draw(st.integers(1, 255))
    batch, complaints = decode_lenient(bytes(broken))
    if not complaints and len(batch):
        assert encode(batch) == bytes(broken)


def test_refuses_to_write_what_a_packet_cannot_carry():
    batch = decode(message(packet(44, 258, 100)))
    for value in (np.nan, -1.0, 2.0**32):
        batch.day_volume[0] = value
        with pytest.raises(WireError, match="Token 258: day_volume"):
            encode(batch)


def test_refuses_to_write_a_kind_that_does_not_exist():
    batch = decode(message(packet(44, 258, 100)))
    batch.length[0] = 45
    with pytest.raises(WireError, match="No packet has 45 bytes"):
        encode(batch)


def test_refuses_to_write_a_full_packet_without_depth():
    batch = decode(message(packet(44, 258, 100)))
    batch.length[0] = 184
    batch.oi[:] = batch.oi_day_high[:] = batch.oi_day_low[:] = 0
    batch.last_trade_time[:] = batch.exchange_time[:] = 0
    with pytest.raises(WireError, match="carries depth"):
        encode(batch)
