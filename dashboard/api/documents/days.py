"""Stored days as documents."""

from typing import Any

from dashboard.core.clock import from_ns
from dashboard.core.ports import DaySummary


def day_document(day: DaySummary) -> dict[str, Any]:
    """Return what a stored day holds and how true it is."""
    return {
        "day": day.day,
        "source": day.source.value,
        "fidelity": day.fidelity,
        "instruments": day.instruments,
        "underlyings": day.underlyings,
        "ticks": day.ticks,
        "stored_bytes": day.stored_bytes,
        "first": _instant(day.first_ns),
        "last": _instant(day.last_ns),
        "gaps": [
            {"start": from_ns(gap.started_ns), "end": from_ns(gap.ended_ns), "reason": gap.reason}
            for gap in day.gaps
        ],
        "notes": day.notes,
    }


def _instant(ns: int | None) -> Any:
    return None if ns is None else from_ns(ns)
