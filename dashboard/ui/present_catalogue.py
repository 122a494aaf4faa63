"""The catalogue as the page shows it: each section's entry, made once and sent when asked for."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.catalogue import NO_ADVICE, NO_EDGE, Block, Entry, entry
from dashboard.core.market import Segment
from dashboard.core.signal import Signal
from dashboard.ui.phrases import plural, to_json
from dashboard.ui.present_sections import FIRST, in_order

HOURS = {Segment.INDEX: "hours of the index", Segment.FNO: "hours of futures and options"}


def catalogue_text(signals: Mapping[str, Signal]) -> str:
    """Return the JSON of all entries, in the order of the cards, and the sentence below them."""
    entries = [_entry(entry(signals[name])) for name in in_order(signals)]
    return to_json({"entries": entries, "footer": NO_ADVICE})


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "headline": one.headline,
        "edge": f"{NO_EDGE.upper()}" if one.id == FIRST else "",
        "formula": [_block(block) for block in one.formula],
        "source": one.source or "None; the text above says what is a convention.",
        "facts": [
            ["timeframes", f"{', '.join(one.timeframes)}; {HOURS[one.segment]}"],
            ["a state from", plural(one.warmup, "bar")],
            *([what, use] for _, what, use in one.inputs),
        ],
        "parameters": [[p.name, p.value, p.comment] for p in one.parameters],
        "table": one.table,
        "columns": [_block(block) for block in one.columns],
        "refuses": one.refuses,
    }


def _block(block: Block) -> list[str | bool]:
    return [block.text.replace("``", "`"), block.fixed]
