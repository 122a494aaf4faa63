"""Time the wire codec beside Kite's own parser, on the same bytes in the same run.

Three messages of 442 packets: all full; as a desk of options subscribes them (indices,
full, quote and last price side by side); and all five kinds in even parts, the worst
case, since short packets cost the peer little and the walk over lengths costs us a step
each. Rounds alternate between the two, so that a busy moment of the machine hits both.
"""

import random
import struct
import time
from collections.abc import Callable
from statistics import median

from kiteconnect.ticker import KiteTicker

from feeds import packets
from feeds.wire import decode, encode

PACKETS = 442
ROUNDS = 15
CALLS = 5  # in a row, so that the caches are as warm as in a busy minute

MIXES = {
    "full": {packets.FULL: 1},
    "mixed": {32: 1, packets.FULL: 60, 44: 25, 8: 14},
    "even": dict.fromkeys(packets.FIELDS, 1),
}


def measure() -> dict[str, float]:
    """Return medians in microseconds a message, and how many times the peer we are.

    Keys are ``full``, ``mixed`` and ``even`` followed by ``_kite_us``, ``_ours_us``,
    ``_ratio`` and ``_encode_us``.
    """
    results: dict[str, float] = {}
    for name, mix in MIXES.items():
        payload = _message(mix, random.Random(442))  # noqa: S311  no secret is drawn
        results |= {f"{name}_{key}": value for key, value in _compare(payload).items()}
    return results


def _compare(payload: bytes) -> dict[str, float]:
    """Return the medians over interleaved rounds on one message."""
    peer = KiteTicker("", "")
    batch = decode(payload)
    kite: list[float] = []
    ours: list[float] = []
    written: list[float] = []
    for _ in range(ROUNDS):
        kite += _microseconds(lambda: peer._parse_binary(payload))
        ours += _microseconds(lambda: decode(payload))
        written += _microseconds(lambda: encode(batch))
    return {
        "kite_us": median(kite),
        "ours_us": median(ours),
        "ratio": median(kite) / median(ours),
        "encode_us": median(written),
    }


def _microseconds(call: Callable[[], object]) -> list[float]:
    """Return the processor time of each of a few calls: waiting for others is nobody's cost."""
    times = []
    for _ in range(CALLS):
        start = time.thread_time()
        call()
        times.append((time.thread_time() - start) * 1e6)
    return times


def _message(mix: dict[int, int], draw: random.Random) -> bytes:
    """Return a message of random packets whose kinds are drawn in the proportions of `mix`."""
    kinds = draw.choices(list(mix), list(mix.values()), k=PACKETS)
    body = b"".join(struct.pack(">H", kind) + _packet(kind, draw) for kind in kinds)
    return struct.pack(">H", PACKETS) + body


def _packet(kind: int, draw: random.Random) -> bytes:
    """Return a packet of random prices and quantities, with plausible times."""
    words = [draw.randrange(1, 4_000_000) for _ in packets.FIELDS[kind]]
    words[0] = words[0] << 8 | (9 if packets.IS_INDEX[kind] else 2)
    for place, name in enumerate(packets.FIELDS[kind]):
        if name.endswith("_time"):
            words[place] = 1_787_000_000 + draw.randrange(20_000)
    depth = draw.randbytes(packets.DEPTH_BYTES) if kind == packets.FULL else b""
    return struct.pack(f">{len(words)}I", *words) + depth
