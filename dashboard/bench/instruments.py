"""Instruments: a day's dump of all exchanges, read for our underlyings."""

from dashboard.bench.figure import Figure
from feeds.bench_instruments import measure

SUBJECT = "instruments"
PEER = 3  # times Kite's own parser
DUMP_MS = 1000  # a dump is read in well under a second


def measure_instruments() -> list[Figure]:
    """Return milliseconds of processor time, and the ratio."""
    found = measure()
    return [
        Figure(SUBJECT, "a dump of 115,000 rows", found["ours_ms"], "ms", at_most=DUMP_MS),
        Figure(SUBJECT, "the same, kiteconnect", found["kite_ms"], "ms"),
        Figure(SUBJECT, "a whole dump", found["ratio"], "x", 1, at_least=PEER),
    ]
