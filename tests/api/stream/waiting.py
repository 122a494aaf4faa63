"""Wait for something to be so."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0  # of a machine that does other things too; nobody waits that long


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)
