"""Two processes of a measurement, one JSON line at a time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from dashboard.core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[bytes]


@contextmanager
def process(module: str) -> Iterator[Process]:
    """Run a module of ours until left."""
    started = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        for stream in (started.stdin, started.stdout):
            if stream is not None:
                stream.close()


def say(to: Process, what: object) -> None:
    """Tell a process something."""
    stream: IO[bytes] | None = to.stdin
    assert stream is not None
    stream.write(orjson.dumps(what, option=orjson.OPT_NON_STR_KEYS) + b"\n")
    stream.flush()


def hear(of: Process) -> dict[str, Any]:
    """Return what it says next."""
    assert of.stdout is not None
    line = of.stdout.readline()
    if not line:
        raise InputError("A part of the measurement ended without a word: see above")
    heard: dict[str, Any] = orjson.loads(line)
    return heard


def ask(whom: Process, what: object) -> dict[str, Any]:
    """Tell a process something and return its answer."""
    say(whom, what)
    return hear(whom)


def tell(what: object) -> None:
    """Answer, from within such a process."""
    sys.stdout.write(orjson.dumps(what, option=orjson.OPT_NON_STR_KEYS).decode() + "\n")
    sys.stdout.flush()
