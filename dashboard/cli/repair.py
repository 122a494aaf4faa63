"""What mends a damaged day, as one types it."""

import shlex
from collections.abc import Sequence
from datetime import date

from rich.markup import escape

from dashboard.cli.console import errors
from dashboard.composition import SEED_LABEL
from dashboard.core.clock import from_ns
from dashboard.core.market import Source
from dashboard.core.ports import Gap, TapeInfo
from storage.store import SqlStore

RESTORE = "restore a copy of the database"


def how_to_mend(tapes: Sequence[TapeInfo]) -> str:
    """Say what writes each of the damaged tapes of a day anew."""
    return "; ".join(dict.fromkeys(map(_how, tapes))) or RESTORE


def warn_of_damage(store: SqlStore, day: date, source: Source, gaps: Sequence[Gap]) -> None:
    """Print one line on the error stream if minutes of a day were left out."""
    starts = sorted({gap.started_ns for gap in gaps})
    if not starts:
        return
    count = "1 minute is" if len(starts) == 1 else f"{len(starts):,} minutes are"
    how = how_to_mend(store.damaged_tapes(day, source))
    sentence = (
        f"{day} ({source}) is damaged: {count} left out, from {from_ns(starts[0]):%H:%M}. "
        f"To mend it: {how}"
    )
    errors.print(f"[bold]tezi:[/] {escape(sentence)}", highlight=False, soft_wrap=True)


def _how(tape: TapeInfo) -> str:
    if tape.source is Source.MOCK:
        return _generate(tape)
    if tape.source is Source.LIVE or not tape.origin_digest:
        return f"{RESTORE}, for what came live cannot be fetched again"
    kind = "chain" if tape.fidelity.startswith("chain") else "bars"
    return (
        f"`tezi import {kind} {shlex.quote(tape.label)}`, with the options of the first time, "
        "writes the day anew"
    )


def _generate(tape: TapeInfo) -> str:
    seed = tape.label.removeprefix(SEED_LABEL)
    with_seed = f" --seed {seed}" if seed.isdigit() else ""
    return f"`tezi generate {tape.day}{with_seed} --replace` makes the day anew"
