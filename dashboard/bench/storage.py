"""Storage: what a tick costs on the disk, and how fast tapes are written and read."""

from itertools import takewhile

from dashboard.bench.figure import Figure
from dashboard.bench.sizes import DAY, SEED
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS
from feeds.mock.feed import MockFeed
from storage.bench_tape import measure

SUBJECT = "storage"
BYTES = 30  # a tick


def measure_storage(minutes: int) -> list[Figure]:
    """Return bytes a tick and speeds over the first traded `minutes` of the generated day."""
    feed = MockFeed(DAY, SEED, load_calendar())
    first_s = feed.grid.start_s + int(feed.grid.traded[0]) * MINUTE_S
    end_ns = (first_s + minutes * MINUTE_S) * SECOND_NS
    frames = takewhile(lambda f: f.received_ns < end_ns, feed.frames(first_s * SECOND_NS))
    found = measure(frames, feed.universe, DAY)
    return [
        Figure(SUBJECT, "stored", found.bytes_per_tick, "bytes/tick", 1, at_most=BYTES),
        Figure(SUBJECT, "written", found.ticks_written_per_s, "ticks/s"),
        Figure(SUBJECT, "a minute written", found.write_ms, "ms", 1),
        Figure(SUBJECT, "read", found.ticks_read_per_s, "ticks/s"),
        Figure(SUBJECT, "first frame at a random moment", found.open_ms, "ms", 1),
    ]
