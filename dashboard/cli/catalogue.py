"""`tezi catalogue`: every section on one page of Markdown, as its module tells it."""

from collections.abc import Iterable

import typer

from dashboard.core.catalogue import NO_ADVICE, NO_EDGE, Block, Entry, entry
from dashboard.core.market import Segment
from dashboard.core.signal import Signal
from dashboard.signals import load_signals

OPENING = """# Sections

Every section of the desk: formula, units, source, parameters, inputs and columns. The page is
made from the modules in `dashboard/signals`; after a change of one run
`uv run tezi catalogue > docs/sections.md`.
"""
HOURS = {Segment.INDEX: "the index", Segment.FNO: "futures and options"}


def catalogue() -> None:
    """Print every section's formula, source, parameters and columns as Markdown."""
    typer.echo(markdown(load_signals().values()), nl=False)


def markdown(signals: Iterable[Signal]) -> str:
    """Return the page of all sections."""
    entries = [entry(signal) for signal in signals]
    listed = [f"- [{one.title}](#{_anchor(one.title)}): {one.headline}" for one in entries]
    parts = [OPENING, "\n".join(listed) + "\n", *(_section(one) for one in entries)]
    return "\n".join(parts) + f"\n---\n\n{NO_ADVICE}\n"


def _anchor(title: str) -> str:
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _section(one: Entry) -> str:
    lines = [f"## {one.title}", "", one.headline, ""]
    if one.id == "confluence":
        lines += [f"**{NO_EDGE}.**", ""]
    lines += _blocks(one.formula)
    lines += [f"**Source.** {one.source or 'None; the text above says what is a convention.'}", ""]
    lines += _facts(one)
    lines += ["| parameter | value | meaning |", "|---|---|---|"]
    lines += [f"| `{p.name}` | {_cell(p.value)} | {_cell(p.comment)} |" for p in one.parameters]
    lines += ["", f"**Columns.** {one.table}", "", *_blocks(one.columns)]
    if one.refuses:
        lines += [f"**Refuses.** {one.refuses}", ""]
    return "\n".join(lines)


def _facts(one: Entry) -> list[str]:
    inputs = "; ".join(f"{what} ({use})" for _, what, use in one.inputs)
    shown = ", ".join(f"{label} (`{column}`)" for label, column in one.numbers)
    return [
        f"- Id: `{one.id}`",
        f"- Timeframes: {', '.join(one.timeframes)}; hours of {HOURS[one.segment]}",
        f"- A state from: {one.warmup} {'bar' if one.warmup == 1 else 'bars'}",
        f"- Inputs: {inputs}",
        f"- On the card: {shown}",
        "",
    ]


def _blocks(blocks: tuple[Block, ...]) -> list[str]:
    lines = []
    for block in blocks:
        lines += ["```text", block.text, "```", ""] if block.fixed else [_plain(block.text), ""]
    return lines


def _plain(text: str) -> str:
    """Return a docstring's text as Markdown: code in single ticks, no accidental emphasis."""
    code = text.replace("``", "`").split("`")
    return "`".join(part if i % 2 else part.replace("*", r"\*") for i, part in enumerate(code))


def _cell(text: str) -> str:
    return _plain(text).replace("|", r"\|")
