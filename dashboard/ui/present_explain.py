"""One section in full: every value, level and flag of its reading."""

from typing import Any

from dashboard.core.signal import Reading, Signal
from dashboard.core.view import Number
from dashboard.core.wording import DASH
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import closed_text, known, minute_text, without_month
from dashboard.ui.present_cards import number_text
from dashboard.ui.present_labels import label_of
from dashboard.ui.present_readings import final_of, forming_of, outlived
from dashboard.ui.selection import Selection

Pair = tuple[str, str] | tuple[str, str, str]
PRICE_DIGITS = 2
COUNT_LIMIT = 100  # whole numbers below it are sides and counts, not prices


def explain_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the reading of the chosen section in groups of name and text."""
    name = selection.explain
    if name is None or name not in snapshot.signals:
        return {"id": None, "when": "", "groups": []}
    final = final_of(snapshot, selection, name)
    signal, forming = snapshot.signals[name], forming_of(snapshot, selection, name)
    if final is None or outlived(snapshot, signal, final):
        return {"id": name, "when": "", "groups": []}
    groups = [
        ("Values", _values(signal, final)),
        ("Still forming", _values(signal, forming) if forming else []),
        ("Levels", [(lv.label, known(lv.price, PRICE_DIGITS)) for lv in final.levels]),
        ("Where it is from", _origin(final, blind=selection.blind)),
    ]
    return {
        "id": name,
        "when": _when(snapshot, selection, final),
        "groups": [{"title": title, "pairs": pairs} for title, pairs in groups if pairs],
    }


def _when(snapshot: Snapshot, selection: Selection, final: Reading) -> str:
    if final.asof is None:
        return ""
    closed = closed_text(final.asof, snapshot.day, blind=selection.blind)
    return f"final, {final.timeframe} closed {closed}"


def _values(signal: Signal, reading: Reading) -> list[Pair]:
    """Return the key numbers, then every other column, each by its name."""
    named = {part.column: part for part in signal.view if isinstance(part, Number)}
    keys: list[Pair] = [
        (
            label_of(part.column, part.label),
            number_text(part, reading.values.get(part.column)),
            part.column,
        )
        for part in named.values()
        if part.column in reading.values
    ]
    rest: list[Pair] = [
        (label_of(column), _plain(value), column)
        for column, value in reading.values.items()
        if column not in named
    ]
    return [*keys, *rest]


def _plain(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return DASH
    counted = value == round(value) and abs(value) < COUNT_LIMIT
    return known(value, 0 if counted else PRICE_DIGITS)


def _origin(final: Reading, *, blind: bool) -> list[Pair]:
    instrument = without_month(final.instrument) if blind else final.instrument
    pairs: list[Pair] = [("instrument", instrument or DASH), ("timeframe", final.timeframe)]
    if final.bar_ts is not None:
        pairs.append(("bar began", minute_text(final.bar_ts)))
    pairs.append(("bars", f"{final.warmup.have} of {final.warmup.need} needed"))
    pairs.extend(("flag", flag.replace("_", " ")) for flag in final.flags[:1])
    if len(final.flags) > 1:
        pairs[-1] = ("flags", ", ".join(flag.replace("_", " ") for flag in final.flags))
    return pairs
