"""A live day at full rate: what a whole process without visits takes, and what it loses.

Two processes on this machine: the exchange of the tests sends, in Kite's own protocol, and
a process of Tezi's receives as a served one does. The second measures itself.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any

import orjson

from dashboard.bench.figure import Figure
from dashboard.bench.sizes import DAY
from dashboard.core.clock import IST, SystemClock, to_ns
from dashboard.core.errors import InputError
from dashboard.core.kite import Endpoints

SUBJECT = "live"
ROOT = Path(__file__).resolve().parents[2]
BEGIN = time(10, 0)
RATE = 1.5  # ticks a second of each instrument
MANY = 9000


@dataclass(frozen=True)
class Load:
    """What is sent."""

    instruments: int
    seconds: float
    messages: int = 4  # a second


def measure_live(seconds: float) -> list[Figure]:
    """Return the figures of 442 instruments for `seconds`, and of 9,000 for a fifth of it.

    Raises
    ------
    InputError
        Where the exchange of the tests is not here: it is part of a checkout.
    """
    usual, many = Load(442, seconds), Load(MANY, max(30.0, seconds / 5))
    sent, seen = _run(usual)
    figures = [
        _figure(usual, "processor, of one core", seen["cpu_percent"], "%", 1, 12),
        _figure(usual, "resident memory", seen["memory_mb"], "MB", 0, 450),
        _figure(usual, "memory grown since a third", seen["memory_growth_mb"], "MB", 1, None),
        _figure(usual, "socket to hub, 99 of 100", seen["p99_ms"], "ms", 0, 50),
        _figure(usual, "messages lost", sent["messages"] - seen["processed_ticks"], "", 0, 0),
    ]
    sent, seen = _run(many)
    return [
        *figures,
        _figure(many, "processor, of one core", seen["cpu_percent"], "%", 1, 100),
        _figure(many, "connections", seen["connections"], "", 0, None),
        _figure(many, "socket to hub, 99 of 100", seen["p99_ms"], "ms", 0, None),
        _figure(many, "messages lost", sent["messages"] - seen["processed_ticks"], "", 0, 0),
    ]


def _figure(
    load: Load, what: str, value: float, unit: str, digits: int, at_most: float | None
) -> Figure:
    words = f"{load.instruments:,} instruments, {load.seconds:.0f} s: {what}"
    return Figure(SUBJECT, words, value, unit, digits, at_most=at_most)


def _run(load: Load) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the exchange sent, and what the process that received it says."""
    if not (ROOT / "tests" / "exchange").is_dir():
        raise InputError("The live part needs the exchange of the tests: run it in a checkout")
    clock = SystemClock()
    ahead_ns = to_ns(datetime.combine(DAY, BEGIN, IST)) - clock.now_ns()
    words = ("--instruments", load.instruments, "--rate", RATE, "--messages", load.messages)
    sends = ("tests.exchange", *words, "--seconds", load.seconds, "--ahead-ns", ahead_ns)
    with _process(*sends) as exchange, _process("dashboard.bench.live_process") as live:
        where = _hear(exchange)
        asked = {**where, "ahead_ns": ahead_ns, "instruments": load.instruments}
        asked["endpoints"] = asdict(Endpoints(**where["endpoints"]))
        _say(live, asked)
        assert _hear(live)["ready"]
        sent = _hear(exchange)
        _say(live, "that was all")
        return sent, _hear(live)


@contextmanager
def _process(module: str, *words: object) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", module, *map(str, words)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.stdin.close() if process.stdin else None
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close() if process.stdout else None


def _say(process: "subprocess.Popen[bytes]", what: object) -> None:
    stream: IO[bytes] | None = process.stdin
    assert stream is not None
    stream.write(orjson.dumps(what) + b"\n")
    stream.flush()


def _hear(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise InputError("A part of the live measurement ended without a word: see above")
    heard: dict[str, Any] = orjson.loads(line)
    return heard
