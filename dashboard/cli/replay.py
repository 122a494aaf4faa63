"""`tezi replay`: play a day and print what its sections said, with one digest."""

import math
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from dashboard.cli.console import a_day, a_time, out, progress_bar, source_of, the_store
from dashboard.cli.repair import warn_of_damage
from dashboard.composition import make_tools
from dashboard.core.clock import SECOND_NS, SystemClock
from dashboard.core.errors import InputError
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS
from dashboard.core.signal import Reading, Stance
from dashboard.core.wording import DASH, number
from dashboard.pipeline.replaying import Key, ReplayResult, replay_day

STATES = {stance: stance.value for stance in Stance} | {Stance.INSUFFICIENT: "insufficient"}


def replay(
    day: Annotated[str, typer.Argument(help="The day, as 2026-08-18.")],
    until: Annotated[str | None, typer.Option(help="Stop at this time, as 13:42.")] = None,
    speed: Annotated[str, typer.Option(help="max, or times real time, as 60.")] = "max",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    mock: Annotated[bool, typer.Option(help="The generated day of that date.")] = False,
) -> None:
    """Replay a day; the same tape gives the same digest, on every machine.

    Minutes that are damaged are left out, and one line on the error stream says so.
    """
    which = a_day(day)
    end = a_time(until, which) if until else None
    pacer = _pacer(speed)
    with the_store() as store:
        source, tools = source_of(store, which, mock=mock), make_tools(store)
        with progress_bar("Replaying") as report:
            result = replay_day(tools, which, source, end, progress=report, pacer=pacer)
        warn_of_damage(store, which, source, result.damaged)
    if as_json:
        typer.echo(_json(result))
    else:
        _print(result)


def _pacer(speed: str) -> Callable[[int], None] | None:
    """Return what waits until a frame is due at `speed` times real time."""
    if speed == "max":
        return None
    try:
        times = float(speed.removesuffix("x"))
    except ValueError:
        times = 0.0
    if not 0 < times < math.inf:  # NaN is neither
        raise InputError(
            f"A speed of {speed!r} is unknown: say max, or a number above 0 such as 60"
        )
    clock = SystemClock()
    begin: list[tuple[int, float]] = []

    def wait(received_ns: int) -> None:
        if not begin:
            begin.append((received_ns, clock.monotonic()))
        first_ns, first_s = begin[0]
        due_s = first_s + (received_ns - first_ns) / SECOND_NS / times
        time.sleep(max(0.0, due_s - clock.monotonic()))

    return wait


def _json(result: ReplayResult) -> str:
    final = [result.final[key].as_dict() for key in sorted(result.final)]
    return orjson.dumps(
        {
            "day": result.day.isoformat(),
            "source": result.source.value,
            "until": result.until.isoformat() if result.until else None,
            "messages": result.messages,
            "ticks": result.ticks,
            "readings": result.readings,
            "digest": result.digest,
            "counters": dict(result.counters),
            "failures": dict(result.failures),
            "damaged": [gap.reason for gap in result.damaged],
            "final": final,
        },
        option=orjson.OPT_INDENT_2,
    ).decode()


def _print(result: ReplayResult) -> None:
    keys = sorted(result.final, key=_place)
    for underlying in dict.fromkeys(key[0] for key in keys):
        out.print(f"[bold]{underlying}[/]")
        readings = [result.final[key] for key in keys if key[0] == underlying]
        out.print(_table(result.day, readings))
    counters = ", ".join(f"{k} {v:,}" for k, v in result.counters.items()) or "nothing caught"
    lines = [
        f"{result.day} {result.source}: {result.ticks:,} ticks, {result.readings:,} readings",
        f"Hygiene: {counters}",
        *(f"Failed: {name}: {words}" for name, words in result.failures.items()),
        *(f"{result.day}: {gap.reason}; left out" for gap in result.damaged),
        f"Digest over all readings: {result.digest}",
    ]
    out.print(escape("\n".join(lines)), highlight=False)


def _place(key: Key) -> tuple[int, int, str]:
    """Return where a reading stands: underlyings as everywhere, short bars first."""
    underlying, section, timeframe = key
    return UNDERLYINGS.index(underlying), TIMEFRAMES[timeframe], section


def _table(day: date, readings: list[Reading]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    for justify in ("left", "left", "left", "left", "right"):
        table.add_column(no_wrap=True, justify=justify)
    table.add_column()
    for reading in readings:
        table.add_row(
            f"  {reading.id}",
            reading.timeframe,
            _closed(day, reading.asof),
            STATES[reading.state],
            DASH if reading.state is Stance.INSUFFICIENT else number(reading.strength, 0),
            escape(reading.reason),
        )
    return table


def _closed(day: date, asof: datetime | None) -> str:
    """Return when the bar closed: the time of the day, or the date of an earlier one."""
    if asof is None:
        return DASH
    return f"{asof:%H:%M}" if asof.date() == day else f"{asof:%d %b}"
