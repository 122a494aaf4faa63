"""A replay comes to the same digest on every host: in any time zone, with any hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.core.signal import Reading
from dashboard.pipeline.days import Tools
from dashboard.pipeline.replaying import ReadingsDigest, replay_day
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import AFTERNOON, MORNING

ROOT = Path(__file__).resolve().parents[2]
REPLAY = """
import sys
from dashboard.pipeline.replaying import replay_day
from storage.store import open_store
from tests.pipeline.frames import DAY
from tests.pipeline.stored import AFTERNOON, make_tools

store = open_store(f"sqlite:///{sys.argv[1]}")
result = replay_day(make_tools(store), DAY, AFTERNOON, keep=False)
print(result.digest, result.readings, sorted(result.failures))
store.close()
"""


@pytest.fixture(scope="module")
def replayed(tools: Tools):
    return replay_day(tools, DAY, AFTERNOON, keep=False)


def test_the_digest_is_the_same_in_every_process(replayed, database):
    hosts = (("UTC", "0"), ("Asia/Kolkata", "1"), ("America/New_York", "4242"))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", REPLAY, str(database)],
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for zone, seed in hosts
    ]
    told = [process.communicate(timeout=300)[0].strip() for process in running]
    assert told == [f"{replayed.digest} {replayed.readings} []"] * 3
    assert replayed.readings > 100


def test_a_replay_that_stops_early_reads_the_beginning(tools, replayed):
    part = replay_day(tools, DAY, AFTERNOON, until=instant("15:20:00"), keep=False)
    assert 0 < part.readings < replayed.readings
    assert all(r.asof <= instant("15:20:00") for r in part.final.values() if r.bar_ts)
    assert part.digest != replayed.digest


def test_the_pacer_sees_each_arrival_and_changes_nothing(tools, replayed):
    seen: list[int] = []
    paced = replay_day(tools, DAY, AFTERNOON, keep=False, pacer=seen.append)
    assert paced.digest == replayed.digest
    assert seen == sorted(seen)
    assert len(seen) == replayed.messages


def test_two_days_come_to_two_digests(tools, replayed):
    morning = replay_day(tools, DAY, MORNING, until=instant("09:20:00"), keep=False)
    assert morning.digest != replayed.digest
    assert morning.failures == {}


def test_the_digest_does_not_depend_on_the_order(replayed):
    readings: list[Reading] = list(replayed.final.values())
    one, other = ReadingsDigest(), ReadingsDigest()
    one.add(readings)
    for reading in reversed(readings):
        other.add([reading])
    assert one.hexdigest() == other.hexdigest()
    other.add(readings[:1])
    assert one.hexdigest() != other.hexdigest()
    assert (len(one), len(other)) == (len(readings), len(readings) + 1)
