"""Decode: our codec beside Kite's own parser, on the same messages of 442 packets."""

from dashboard.bench.figure import Figure
from feeds.bench_wire import measure

SUBJECT = "decode"
FULL, MIXED = 100, 30  # times Kite's own parser


def measure_decode() -> list[Figure]:
    """Return microseconds a message and ratios, medians of interleaved rounds."""
    found = measure()
    return [
        Figure(SUBJECT, "442 full packets", found["full_ours_us"], "us"),
        Figure(SUBJECT, "the same, kiteconnect", found["full_kite_us"], "us"),
        Figure(SUBJECT, "full packets", found["full_ratio"], "x", at_least=FULL),
        Figure(SUBJECT, "442 packets, mixed lengths", found["mixed_ours_us"], "us"),
        Figure(SUBJECT, "the same, kiteconnect", found["mixed_kite_us"], "us"),
        Figure(SUBJECT, "mixed lengths", found["mixed_ratio"], "x", at_least=MIXED),
        Figure(SUBJECT, "encode 442 full packets", found["full_encode_us"], "us"),
    ]
