"""The chart's bar: underlyings, timeframes, and the overlays that sections offer."""

from typing import Any

from dashboard.core.market import TIMEFRAMES, UNDERLYINGS
from dashboard.core.signal import Signal
from dashboard.core.view import Level, Line, Zone
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.selection import Selection


def toolbar_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return what can be chosen, and what is."""
    return {
        "underlyings": [{"id": name, "on": name == selection.underlying} for name in UNDERLYINGS],
        "timeframes": list(TIMEFRAMES),
        "timeframe": selection.timeframe,
        "overlays": [
            overlay | {"on": name in selection.overlays}
            for name, signal in snapshot.signals.items()
            if (overlay := _overlay(name, signal)) is not None
        ],
    }


def _overlay(name: str, signal: Signal) -> dict[str, Any] | None:
    """Return how the legend draws a section, or None if it draws nothing over the price."""
    drawn = [part for part in signal.view if isinstance(part, Line | Level | Zone)]
    if not drawn:
        return None
    first = drawn[0]
    style = "" if isinstance(first, Line) else "dashed"
    if isinstance(first, Line) and first.direction:
        style = "split"
    lone = isinstance(first, Line) and len(drawn) == 1
    label = first.label if lone and isinstance(first, Line) else signal.title
    return {"id": name, "label": label, "colour": first.colour, "style": style}
