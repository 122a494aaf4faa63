"""`tezi days` and `tezi prepare`: what is stored, and how true it is."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.padding import Padding

from dashboard.cli.console import a_day, out, progress_bar, source_of, the_store
from dashboard.cli.repair import warn_of_damage
from dashboard.composition import make_tools
from dashboard.core.clock import from_ns
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary, Gap
from dashboard.core.wording import DASH
from dashboard.pipeline.prepare import prepare_day

INDENT = 5


def days() -> None:
    """List the stored days with their source, fidelity, hours and gaps."""
    with the_store() as store:
        stored = store.days()
    if not stored:
        out.print("No day is stored yet: `tezi import bars FILE` or `tezi generate DAY --seed 1`.")
        return
    for one in stored:
        out.print(escape(_first_line(one)), highlight=False)
        out.print(Padding(escape(_second_line(one)), (0, 0, 0, INDENT)), style="dim")


def _first_line(one: DaySummary) -> str:
    """Return day, source, hours, ticks and fidelity, in columns of the same width."""
    hours = DASH
    if one.first_ns and one.last_ns:
        hours = f"{from_ns(one.first_ns):%H:%M}–{from_ns(one.last_ns):%H:%M}"
    fidelity = ", ".join(one.fidelity)
    return (
        f"{one.day:%a %d %b %Y}  {one.source:<8}  {hours:<11}  {one.ticks:>10,} ticks  {fidelity}"
    )


def _second_line(one: DaySummary) -> str:
    words = [", ".join(one.underlyings), plural(one.instruments, "instrument")]
    if one.ticks:
        words.append(f"{one.stored_bytes / one.ticks:.1f} bytes a tick")
    words.append(plural(len(one.gaps), "gap") if one.gaps else "no gaps")
    words += one.notes
    if not one.prepared:
        words.append(_how_to_prepare(one))
    return "; ".join(words)


def _how_to_prepare(one: DaySummary) -> str:
    mock = " --mock" if one.source is Source.MOCK else ""
    return f"not prepared yet: `tezi prepare {one.day}{mock}`"


def plural(count: int, noun: str) -> str:
    """Return "1 gap", "2 gaps"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def prepare(
    day: Annotated[str, typer.Argument(help="The day, as 2026-08-18.")],
    mock: Annotated[bool, typer.Option(help="The generated day of that date.")] = False,
) -> None:
    """Derive a day's bars, chain and checkpoints anew from its tapes."""
    which = a_day(day)
    with the_store() as store:
        source, tools = source_of(store, which, mock=mock), make_tools(store)
        damaged: list[Gap] = []
        with progress_bar("Preparing") as report:
            prepare_day(
                store,
                which,
                source,
                tools.calendar,
                tools.decoder,
                report,
                damaged.append,
                decode_many=tools.decode_many,
            )
        warn_of_damage(store, which, source, damaged)
    out.print(f"{which} ({source}) is prepared.", highlight=False)
