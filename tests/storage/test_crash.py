"""Another process writes: it is read meanwhile, and killed, and nothing acknowledged is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.core.market import Source
from storage.store import SqlStore
from tests.storage.frames import DAY, NIFTY, frame, live, ticks

WRITER = """
import sys
from storage.store import open_store
from tests.storage.frames import NIFTY, live, ticks

with open_store(sys.argv[1]).begin_tape(live(), [NIFTY]) as tape:
    for first in range(0, 100_000, 5):
        tape.append(ticks(first, first + 5))
        print(first + 5, flush=True)
"""
ROOT = Path(__file__).parents[2]


def start_writer(url: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def wait_for(writer: subprocess.Popen, count: int) -> int:
    """Return how many frames the writer says are stored, `count` or more."""
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= count:
            return int(line)
    pytest.fail("the writer ended by itself")


def kill(writer: subprocess.Popen) -> int:
    """Kill the writer without warning; return the last count it acknowledged."""
    writer.kill()
    rest, _ = writer.communicate()
    return int(rest.split()[-1]) if rest.split() else 0


def test_a_kill_loses_nothing_that_was_acknowledged(url: str, store: SqlStore):
    with start_writer(url) as writer:
        acknowledged = max(wait_for(writer, 190), kill(writer))
    found = list(store.frames(DAY, Source.LIVE))
    assert len(found) >= acknowledged
    assert found == ticks(0, len(found))
    assert store.day(DAY).messages == len(found)


def test_a_killed_tape_is_gone_on_with(url: str, store: SqlStore):
    with start_writer(url) as writer:
        wait_for(writer, 100)
        kill(writer)
    found = list(store.frames(DAY, Source.LIVE))
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append([frame(200_000, b"later")])
    after = list(store.frames(DAY, Source.LIVE))
    assert after == [*found, frame(200_000, b"later")]
    day = store.day(DAY)
    assert day.ticks == len(found)
    assert day.gaps[-1].started_ns == found[-1].received_ns
    assert day.notes == ()


def test_reads_what_another_process_is_writing(url: str, store: SqlStore):
    with start_writer(url) as writer:
        for wanted in (10, 70, 130, 400):
            acknowledged = wait_for(writer, wanted)
            found = list(store.frames(DAY, Source.LIVE))
            assert len(found) >= acknowledged
            assert found == ticks(0, len(found))
        kill(writer)
