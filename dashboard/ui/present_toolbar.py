"""The chart's bar: underlyings, timeframes, and the overlays and panes that sections offer."""

from typing import Any

from dashboard.core.market import TIMEFRAMES, UNDERLYINGS
from dashboard.core.signal import Signal
from dashboard.core.view import Line
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.chart.parts import VOLUME, Part, parts_of
from dashboard.ui.present_readings import final_of
from dashboard.ui.selection import Selection

NO_BASIS = "The future's basis to the index is not known yet"


def toolbar_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return what can be chosen, and what is."""
    absent = _absent(snapshot, selection)
    offered = [
        _offer(key, part) | {"on": key in selection.overlays, "why": absent.get(part.section, "")}
        for key, part in parts_of(snapshot.signals).items()
    ]
    volume = {"id": VOLUME, "label": "Volume", "colour": "neut", "style": "", "pane": True}
    volume |= {"on": VOLUME in selection.overlays, "why": _no_volume(snapshot, selection)}
    return {
        "underlyings": [{"id": name, "on": name == selection.underlying} for name in UNDERLYINGS],
        "timeframes": list(TIMEFRAMES),
        "timeframe": selection.timeframe,
        "overlays": [one for one in offered if not one["pane"]],
        "panes": [volume, *(one for one in offered if one["pane"])],
    }


def toolbar_rests_on(snapshot: Snapshot, selection: Selection) -> tuple[object, ...]:
    """Return what the bar is made of; it seldom changes."""
    absent, volume = _absent(snapshot, selection), _no_volume(snapshot, selection)
    return (snapshot.signals, selection, absent, volume)


def _absent(snapshot: Snapshot, selection: Selection) -> dict[str, str]:
    """Return why a section has nothing to draw, by section; {} while there is no chart."""
    chart = snapshot.charts.get((selection.underlying, selection.timeframe))
    if chart is None:
        return {}
    reasons = {}
    for name, signal in snapshot.signals.items():
        if name not in chart.overlays:
            reading = final_of(snapshot, selection, name)
            reasons[name] = reading.reason if reading else "Not calculated yet"
        elif chart.basis is None and signal.needs[0] == "future":
            reasons[name] = NO_BASIS
    return reasons


def _no_volume(snapshot: Snapshot, selection: Selection) -> str:
    chart = snapshot.charts.get((selection.underlying, selection.timeframe))
    return "No future in this recording" if chart is not None and not chart.contract else ""


def _offer(key: str, part: Part) -> dict[str, Any]:
    """Return how the legend and the menu draw one switch."""
    if part.pane is not None:
        pane = part.pane
        label = ", ".join(curve.label for curve in pane.curves if not curve.bars)
        colour = next(curve.colour for curve in pane.curves if not curve.bars)
        return {"id": key, "label": label, "colour": colour, "style": "", "pane": True}
    return {"id": key, "pane": False} | _look(part.signal, part.label)


def _look(signal: Signal, label: str) -> dict[str, Any]:
    first = signal.view[0]
    style = "" if isinstance(first, Line) else "dashed"
    if isinstance(first, Line) and first.direction:
        style = "split"
    if isinstance(first, Line) and len(signal.view) == 1:
        label = first.label
    return {"label": label, "colour": getattr(first, "colour", "c2"), "style": style}
