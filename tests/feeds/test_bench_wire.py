"""The comparison with Kite's own parser: it runs, and reports what it says it does."""

from feeds.bench_wire import measure


def test_reports_a_time_and_a_ratio_of_each_message():
    found = measure()
    units = ("kite_us", "ours_us", "ratio", "encode_us")
    assert set(found) == {f"{name}_{unit}" for name in ("full", "mixed", "even") for unit in units}
    assert all(value > 0 for value in found.values())
