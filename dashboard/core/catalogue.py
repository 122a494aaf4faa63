"""What a section's module says of itself: formula, source, parameters, inputs, columns.

Nothing is typed a second time: a page about a section is read from its docstrings, from the
constants of its module with their comments, and from its `Signal`.
"""

import ast
import inspect
import re
import sys
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from types import ModuleType

from dashboard.core.market import Segment
from dashboard.core.signal import Signal
from dashboard.core.view import Number

SOURCE = re.compile(r"\bSources?:\s")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
INDENT = "    "
TITLE_WORDS = 3  # more words before a colon are no title
NO_ADVICE = "Nothing here is advice, and no signal is claimed to predict."
NO_EDGE = "No statistical edge established"
INPUTS = {
    "index": "bars of the index",
    "future": "bars of the front month's future",
    "next_future": "bars of the next month's future",
    "index_15m": "closed 15-minute bars of the index",
    "vix": "bars of India VIX",
    "daily": "earlier sessions of the index",
    "vix_daily": "earlier sessions of India VIX",
    "past_volume": "running volume of earlier sessions by clock minute",
    "votes": "what the other sections said",
    "chain": "the option chain of the nearest expiry",
    "underlying": "the underlying's name",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or with `fixed` lines whose layout is kept (formulas, tables)."""

    text: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a module, its value, and the comment behind it."""

    name: str
    value: str
    comment: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One section of the catalogue."""

    id: str
    title: str
    headline: str
    formula: tuple[Block, ...]
    source: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[tuple[str, str, str], ...]  # name, what it is, how it is used
    timeframes: tuple[str, ...]
    segment: Segment
    warmup: int
    table: str
    columns: tuple[Block, ...]
    refuses: str
    numbers: tuple[tuple[str, str], ...]  # label on the card, column


@cache
def entry(signal: Signal) -> Entry:
    """Return what there is to say of a section."""
    module = sys.modules[signal.calculate.__module__]
    headline, *rest = _paragraphs(inspect.getdoc(module) or "")
    formula, source = _parted(rest)
    parts = _numpy_parts(inspect.getdoc(signal.calculate) or "")
    return Entry(
        id=signal.id,
        title=signal.title,
        headline=_after_title(headline.text),
        formula=formula,
        source=source,
        parameters=parameters(module),
        inputs=_inputs(signal),
        timeframes=signal.timeframes,
        segment=signal.segment,
        warmup=signal.warmup,
        table=_table(parts.get("Returns", ""))[0],
        columns=_table(parts.get("Returns", ""))[1],
        refuses=_joined(" ".join(parts.get("Raises", "").splitlines()[1:])),
        numbers=tuple((p.label, p.column) for p in signal.view if isinstance(p, Number)),
    )


def _after_title(headline: str) -> str:
    """Return what a module is about without its name before a colon."""
    name, colon, rest = headline.partition(": ")
    return rest[:1].upper() + rest[1:] if colon and name.count(" ") < TITLE_WORDS else headline


def _paragraphs(doc: str) -> list[Block]:
    """Return the paragraphs of a docstring; indented ones keep their lines."""
    blocks = []
    for text in re.split(r"\n\s*\n", doc.strip("\n")):
        fixed = all(line.startswith(INDENT) for line in text.splitlines())
        blocks.append(Block(inspect.cleandoc(text), True) if fixed else Block(_joined(text)))
    return blocks


def _table(doc: str) -> tuple[str, tuple[Block, ...]]:
    """Return the shape of what `calculate` returns, and its columns."""
    shape, _, columns = doc.partition("\n")
    return shape.strip(), tuple(_paragraphs(dedent(columns))) if columns.strip() else ()


def _joined(text: str) -> str:
    return " ".join(text.split())


def _parted(blocks: list[Block]) -> tuple[tuple[Block, ...], str]:
    """Return the blocks before the source, and what the docstring says of it."""
    for at, block in enumerate(blocks):
        found = None if block.fixed else SOURCE.search(block.text)
        if found:
            before = block.text[: found.start()].strip()
            after = [block.text[found.end() :], *(b.text for b in blocks[at + 1 :])]
            kept = [*blocks[:at], *([Block(before)] if before else [])]
            return tuple(kept), " ".join(after)
    return tuple(blocks), ""


def _numpy_parts(doc: str) -> dict[str, str]:
    """Return the sections of a NumPy docstring by their names."""
    lines = doc.splitlines()
    heads = [
        i for i, line in enumerate(lines[1:], 1) if re.fullmatch(r"-{3,}", line.strip()) and i > 0
    ]
    ends = [*heads[1:], len(lines) + 1]
    return {
        lines[head - 1].strip(): "\n".join(lines[head + 1 : end - 1])
        for head, end in zip(heads, ends, strict=True)
    }


def _inputs(signal: Signal) -> tuple[tuple[str, str, str], ...]:
    groups = (
        ("needed", signal.needs),
        ("used where it is known", signal.optional),
        ("looked at by the judgement", signal.context),
    )
    return tuple((name, INPUTS.get(name, name), use) for use, names in groups for name in names)


def parameters(module: ModuleType) -> tuple[Parameter, ...]:
    """Return a module's constants that are plain numbers or texts, in their order."""
    text = inspect.getsource(module)
    lines = text.splitlines()
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        names = [name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)]
        if not all(map(NAME.fullmatch, names)) or not _is_plain(value):
            continue
        comment = lines[node.end_lineno - 1][node.end_col_offset :] if node.end_lineno else ""
        meaning = comment.strip().removeprefix("#").strip()
        found += [Parameter(name, _shown(getattr(module, name)), meaning) for name in names]
    return tuple(found)


def _is_plain(node: ast.expr) -> bool:
    """Say whether a value is written with numbers, texts and names of constants only."""
    allowed = (
        ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp,
        ast.operator, ast.unaryop,
    )  # fmt: skip
    names = (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    return all(isinstance(part, allowed) for part in ast.walk(node)) and all(
        map(NAME.fullmatch, names)
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{_shown(k)}: {_shown(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_shown, value)) + ")"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 or value > 1e15 else f"{value:.0f}"
    return value or '""' if isinstance(value, str) else str(value)
