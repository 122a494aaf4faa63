"""A desk of one's own as a document."""

from typing import Any

from dashboard.api.envelope import envelope
from dashboard.core.clock import from_seconds
from dashboard.pipeline.snapshot import Snapshot


def replay_document(desk_id: str, snapshot: Snapshot) -> dict[str, Any]:
    """Return a desk's state; its times are in IST."""
    timeline = snapshot.timeline
    return {
        "desk": envelope(desk_id, snapshot),
        "speed": snapshot.speed,
        "progress": snapshot.progress,
        "error": snapshot.error,
        "start": from_seconds(timeline.start),
        "end": from_seconds(timeline.end),
        "gaps": [
            {"start": from_seconds(start), "end": from_seconds(end), "reason": reason}
            for start, end, reason in timeline.gaps
        ],
    }
