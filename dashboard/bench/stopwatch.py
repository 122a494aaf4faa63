"""Time what a block of code takes: by the wall, and by this process's processor time.

Processor time is what a core is asked for, whatever else the machine does meanwhile; it
counts every thread of the process.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dashboard.core.clock import SystemClock

CLOCK = SystemClock()


@dataclass(slots=True)
class Lap:
    """Seconds spent so far; a lap may be gone on with."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def timed(lap: Lap | None = None) -> Iterator[Lap]:
    """Give a lap that is complete when the block is left; one passed in is added to."""
    lap = lap or Lap()
    cpu, wall = time.process_time(), CLOCK.monotonic()
    try:
        yield lap
    finally:
        lap.wall_s += CLOCK.monotonic() - wall
        lap.cpu_s += time.process_time() - cpu
