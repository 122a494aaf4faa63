"""Replay: the generated day as fast as it goes, beside the plain pipeline on the same frames.

Ours reads the tape from the disk, checks its digests, decodes, cleans, builds bars and
chains, reads every section of every closed bar and stores the readings. The peer is handed
its messages for nothing: only its parsing and its bars are counted.
"""

from dataclasses import replace
from datetime import datetime, time
from statistics import median

from dashboard.bench.figure import Figure
from dashboard.bench.peer import PlainPipeline
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import Lap, timed
from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.pipeline.days import Tools
from dashboard.pipeline.prepare import Progress
from dashboard.pipeline.replaying import replay_day

SUBJECT = "replay"
RATIO = 10  # times the plain pipeline
KEPT = 0.67  # of the speed with the first six sections alone
FIRST_SIX = ("pivots", "vwap", "orb", "supertrend", "ema", "pcr")
SPEED = 500_000  # ticks/s of one core: what we aim at
WARM_UP = time(9, 17)  # played once before anything is timed: a process pays that once


def measure_replay(tools: Tools, rounds: int, progress: Progress) -> list[Figure]:
    """Return ticks a second of both and their ratio by processor time.

    Rounds of ours are played before and after the peer, so that a busy moment of the
    machine does not hit one side alone.
    """
    replay_day(tools, DAY, Source.MOCK, datetime.combine(DAY, WARM_UP, IST))
    before = [_ours(tools) for _ in range((rounds + 1) // 2)]
    peer = _peer(tools, progress)
    ours = before + [_ours(tools) for _ in range(rounds // 2)]
    by_core, by_wall, ticks = (median(column) for column in zip(*ours, strict=True))
    few = {name: tools.signals[name] for name in FIRST_SIX}
    with_few = median([_ours(replace(tools, signals=few))[0] for _ in range(rounds)])
    return [
        Figure(SUBJECT, "ticks played", ticks, "ticks"),
        Figure(SUBJECT, "ours, a core", by_core, "ticks/s", at_least=SPEED),
        Figure(SUBJECT, "ours, by the wall", by_wall, "ticks/s"),
        Figure(SUBJECT, "kiteconnect and dict bars, a core", peer, "ticks/s"),
        Figure(SUBJECT, "a core", by_core / peer, "x", 1, at_least=RATIO),
        Figure(
            SUBJECT, "of the speed with six sections", by_core / with_few, "x", 2, at_least=KEPT
        ),
    ]


def _ours(tools: Tools) -> tuple[float, float, float]:
    """Return ticks a second of processor time, of wall time, and the ticks."""
    with timed() as lap:
        result = replay_day(tools, DAY, Source.MOCK)
    return result.ticks / lap.cpu_s, result.ticks / lap.wall_s, result.ticks


def _peer(tools: Tools, progress: Progress) -> float:
    """Return the peer's ticks a second of processor time."""
    peer, lap = PlainPipeline(), Lap()
    messages = max(1, tools.store.day(DAY, Source.MOCK).messages)
    for number, frame in enumerate(tools.store.frames(DAY, Source.MOCK)):
        with timed(lap):
            peer.process(frame.payload)
        if number % 100 == 0:
            progress(number / messages, "the peer")
    return peer.ticks / lap.cpu_s
