"""Recorded files in tests: a part of one, and what every reading of a real day must be."""

import gzip
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

SILENT = ("neutral", "insufficient_data")
LONGEST = 44  # characters of a reason on a card


def cut(path: Path, folder: Path, *days: str) -> Path:
    """Return a file with only some days of a recorded one."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    kept = [row for row in rows if row.startswith(days)]
    short = folder / path.stem
    short.write_text("\n".join((header, *kept)) + "\n", encoding="utf-8")
    return short


def faults(readings: Iterable[dict[str, Any]]) -> list[str]:
    """Return what is wrong with envelopes: nothing, on a day that was read well."""
    found = set()
    for reading in readings:
        told = (reading["id"], reading["timeframe"], reading["bar_ts"], reading["reason"])
        found |= {f"{told}: {fault}" for fault in _faults(reading)}
    return sorted(found)


def _faults(reading: dict[str, Any]) -> Iterator[str]:
    state, strength, reason = (reading[name] for name in ("state", "strength", "reason"))
    have, need = reading["warmup"]["have"], reading["warmup"]["need"]
    if orjson.loads(orjson.dumps(reading)) != reading:
        yield "JSON cannot carry it"
    if not all(map(math.isfinite, _floats(reading))):
        yield "a number is not finite"
    if not 0 <= strength <= 100 or (state in SILENT and strength):
        yield f"strength {strength} of {state}"
    if not reason or re.search(r"nan|inf\b|None|-\d", reason):
        yield "the reason is no sentence"
    if state != "insufficient_data" and len(reason) > LONGEST:
        yield f"a reason of {len(reason)} characters"
    if state != "insufficient_data" and have < need:
        yield f"{state} after {have} of {need} bars"
    if "failed" in reading["flags"]:
        yield "the section failed"


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _floats(part)
