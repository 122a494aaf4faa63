"""The section cards in their order, and the head that counts their states."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import closed_text
from dashboard.ui.present_cards import card_of
from dashboard.ui.present_readings import final_of
from dashboard.ui.selection import Selection

FIRST, LAST = "confluence", "vix"


def sections_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the cards in their order, and the head that counts their states."""
    cards = [card_of(snapshot, selection, name) for name in in_order(snapshot.signals)]
    states = Counter(card["state"] for card in cards)
    silent = states["insufficient"] + states["absent"] + states["failed"]
    return {
        "title": _head(snapshot, selection),
        "counts": {
            "bullish": states["bullish"],
            "bearish": states["bearish"],
            "neutral": states["neutral"],
            "insufficient": silent,
        },
        "cards": cards,
    }


def in_order(names: Iterable[str]) -> list[str]:
    """Return sections as a page lists them: what sums up the others first, VIX last."""
    return sorted(names, key=lambda name: (name == LAST) - (name == FIRST))


def _head(snapshot: Snapshot, selection: Selection) -> str:
    readings = (final_of(snapshot, selection, name) for name in snapshot.signals)
    closed = Counter(
        reading.asof
        for reading in readings
        if reading is not None and reading.asof and reading.timeframe == selection.timeframe
    )
    head = f"{selection.underlying} {selection.timeframe}"
    if not closed:
        return head
    latest = closed.most_common(1)[0][0]
    return f"{head} · closed {closed_text(latest, snapshot.day, blind=selection.blind)}"
