"""One section in full: where it stands, what it is made from, what it said before."""

from typing import Any

from dashboard.core.signal import Reading, Signal
from dashboard.core.view import Number
from dashboard.core.wording import DASH
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import chip, closed_text, known, minute_text, spaced_age, without_month
from dashboard.ui.present_cards import number_text
from dashboard.ui.present_flags import WARNING_FLAGS, flag_words
from dashboard.ui.present_labels import label_of
from dashboard.ui.present_origin import inputs_table, notebook, states_table, votes_table
from dashboard.ui.present_readings import final_of, forming_of, outlived, timeframe_of
from dashboard.ui.present_scale import ruler
from dashboard.ui.selection import Selection

Pair = tuple[str, str] | tuple[str, str, str]
PRICE_DIGITS = 2
COUNT_LIMIT = 100  # whole numbers below it are sides and counts, not prices


def explain_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return all there is to say of the chosen section's reading.

    Its formula and parameters are not here: they never change, and the catalogue has them.
    """
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
        "age": _age(snapshot, final),
        "ruler": ruler(name, final, _price(snapshot, signal, final)) if final.values else None,
        "votes": votes_table(name, final, snapshot, selection),
        "flags": [_flag(flag) for flag in final.flags if flag != "not_in_recording"],
        "groups": [{"title": title, "pairs": pairs} for title, pairs in groups if pairs],
        "notebook": notebook(final, snapshot, selection),
        **_past(snapshot, selection, signal),
    }


def _past(snapshot: Snapshot, selection: Selection, signal: Signal) -> dict[str, Any]:
    """Return inputs and last states, once the desk has worked them out."""
    key = (selection.underlying, signal.id, timeframe_of(signal, selection))
    explained = snapshot.explained.get(key)
    if explained is None:
        return {"inputs": None, "states": None}
    return {
        "inputs": inputs_table(explained, snapshot, selection),
        "states": states_table(explained, signal, snapshot, selection),
    }


def _price(snapshot: Snapshot, signal: Signal, final: Reading) -> float | None:
    """Return the price now [INR] of what the section's levels are of."""
    quote = snapshot.indices.get(final.underlying)
    price = quote.price if quote else None
    if signal.needs[0] != "future" or price is None:
        return price
    views = (view for (of, _), view in snapshot.charts.items() if of == final.underlying)
    basis = next((view.basis for view in views), None)
    return None if basis is None else price + basis


def _age(snapshot: Snapshot, final: Reading) -> str:
    if final.asof is None or final.asof > snapshot.at:
        return ""
    return f"{spaced_age((snapshot.at - final.asof).total_seconds())} ago"


def _flag(flag: str) -> dict[str, str]:
    word, meaning = flag_words(flag)
    return chip(word, "warning" if flag in WARNING_FLAGS else "", meaning)


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
    return pairs
