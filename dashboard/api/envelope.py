"""Which desk an answer is of: every answer with market content says so."""

from typing import Any

from dashboard.api.desks import SHARED
from dashboard.core.market import Source
from dashboard.pipeline.snapshot import Snapshot

REPLAY = "REPLAY"


def envelope(desk_id: str, snapshot: Snapshot) -> dict[str, Any]:
    """Return what an answer says of its desk.

    Parameters
    ----------
    desk_id : str
        As programs name it, ``"shared"`` or a replay's.
    snapshot : Snapshot
        The picture the answer is made from; `at` is in IST, `feed_age_s` in seconds.
    """
    return {
        "id": desk_id,
        "source": _source(desk_id, snapshot),
        "replay": snapshot.replay,
        "day": snapshot.day,
        "at": snapshot.at,
        "status": snapshot.status,
        "seq": snapshot.seq,
        "feed_age_s": snapshot.feed_age_s,
    }


def _source(desk_id: str, snapshot: Snapshot) -> str:
    """Return LIVE, REPLAY, MOCK or RECORDED; what is generated says so wherever it plays."""
    if snapshot.replay and snapshot.source is not Source.MOCK:
        return Source.RECORDED.value if desk_id == SHARED else REPLAY
    return snapshot.source.value
