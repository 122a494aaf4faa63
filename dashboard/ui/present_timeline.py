"""The day as one strip, in seconds of the day; blind keeps what is still to come."""

from typing import Any

import numpy as np

from dashboard.core.clock import day_start_s
from dashboard.pipeline.snapshot import Flips, Snapshot
from dashboard.ui.phrases import spaced_age
from dashboard.ui.present_header import PHASES
from dashboard.ui.selection import Selection

LABELS = {"CONTINUOUS": "CONTINUOUS", "CLOSING_AUCTION": "AUC"}
KINDS = {"CONTINUOUS": "main", "CLOSING_AUCTION": "auction"}
LEVELS = 100  # steps of the silhouette's height


def timeline_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return bands, price silhouette, gaps and flips: what changes once a minute at most."""
    line = snapshot.timeline
    midnight = day_start_s(snapshot.day)
    now = int(snapshot.at.timestamp())
    seen = now if selection.blind else line.end
    return {
        "start": line.start - midnight,
        "end": line.end - midnight,
        "bands": [
            {
                "label": LABELS.get(phase, ""),
                "title": PHASES.get(phase, phase),
                "kind": KINDS.get(phase, ""),
                "from": began - midnight,
                "to": ended - midnight,
            }
            for phase, began, ended in line.bands
        ],
        "price": _silhouette(snapshot, selection, seen, midnight),
        "gaps": [
            {
                "from": began - midnight,
                "to": ended - midnight,
                "text": spaced_age(ended - began),
                "title": f"Nothing recorded for {spaced_age(ended - began)}: {reason}",
            }
            for began, ended, reason in line.gaps
            if began <= seen
        ],
        "flips": [[at - midnight, sign] for at, sign in _flips(snapshot, selection) if at <= seen],
    }


def timeline_rests_on(snapshot: Snapshot, selection: Selection) -> tuple[object, ...]:
    """Return all that the pane is made of; blind, the time is among it."""
    line = snapshot.timeline
    seen = int(snapshot.at.timestamp()) if selection.blind else None
    frame = (snapshot.day, seen, line.start, line.end, line.bands, line.gaps)
    minutes, closes = line.silhouettes.get(selection.underlying, (None, None))
    return (*frame, _flips(snapshot, selection), minutes, closes)


def _flips(snapshot: Snapshot, selection: Selection) -> Flips:
    return snapshot.timeline.flips.get(selection.underlying, ())


def _silhouette(
    snapshot: Snapshot, selection: Selection, seen: int, midnight: int
) -> list[list[int]]:
    """Return (second, level 0..100); scaled by what is seen, so that nothing leaks."""
    found = snapshot.timeline.silhouettes.get(selection.underlying)
    if found is None:
        return []
    minutes, closes = found
    shown = (minutes <= seen) & np.isfinite(closes)
    if not shown.any():
        return []
    at, price = minutes[shown] - midnight, closes[shown]
    low, high = price.min(), price.max()
    span = high - low if high > low else 1.0
    levels = np.rint((price - low) / span * LEVELS).astype(np.int64)
    points: list[list[int]] = np.column_stack([at, levels]).tolist()
    return points
