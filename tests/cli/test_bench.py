"""The shape of what `tezi bench` tells. How fast this machine is, no test asks."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import orjson

from dashboard.bench.figure import Figure, percentile
from dashboard.bench.peer import PlainPipeline
from dashboard.bench.sizes import DAY, SEED
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, to_ns
from feeds.mock.feed import MockFeed

SUBJECTS = ("decode", "instruments", "options", "storage", "replay", "seek", "sections", "page")


def test_a_tiny_run_tells_of_every_subject_as_json(home: Path):
    words = [sys.executable, "-m", "dashboard.cli.main", "bench", "--tiny", "--json"]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    told = orjson.loads(ran.stdout)
    assert told["machine"]["cores"] >= 1
    assert told["machine"]["processor"]
    assert told["part"] == "09:00 to 09:19"
    assert tuple(dict.fromkeys(one["subject"] for one in told["figures"])) == SUBJECTS
    assert all(one["value"] > 0 for one in told["figures"] if one["unit"] != "volatility")
    targets = {
        (one["subject"], one["unit"], one["at_least"], one["at_most"])
        for one in told["figures"]
        if one["met"] is not None
    }
    assert targets >= {
        ("instruments", "ms", None, 1000),
        ("storage", "bytes/tick", None, 30),
        ("replay", "x", 10, None),
        ("replay", "x", 0.67, None),
        ("seek", "ms", None, 150),
        ("sections", "ms", None, 15),
        ("page", "ms", None, 6),
    }
    assert not home.exists(), "the bench keeps to folders of its own"


def test_a_target_is_met_from_its_own_side():
    assert Figure("decode", "full", 100.0, "x", at_least=100).is_met is True
    assert Figure("decode", "full", 99.0, "x", at_least=100).is_met is False
    assert Figure("seek", "median", 151.0, "ms", at_most=150).is_met is False
    assert Figure("seek", "load", 151.0, "ms").is_met is None


def test_the_percentile_is_the_nearest_value_above():
    values = [float(n) for n in range(1, 21)]
    assert percentile(values, 0.95) == 20.0
    assert percentile(values, 0.5) == 11.0
    assert percentile([7.0], 0.95) == 7.0


def test_the_peer_builds_the_bars_of_the_index():
    feed = MockFeed(DAY, SEED, load_calendar())
    peer = PlainPipeline()
    begin = to_ns(datetime(2026, 8, 18, 9, 15, tzinfo=IST))
    end = to_ns(datetime(2026, 8, 18, 9, 17, tzinfo=IST))
    for frame in feed.frames(begin):
        if frame.received_ns >= end:
            break
        peer.process(frame.payload)
    bars = [bar for bar in peer.bars if bar["token"] == 256265]
    assert [f"{bar['start']:%M}" for bar in bars][-1] in {"15", "45"}  # host's zone, whole hours
    assert all(bar["low"] <= bar["close"] <= bar["high"] for bar in peer.bars)
    assert all(bar["volume"] >= 0 for bar in peer.bars)
    assert peer.ticks > 40_000
