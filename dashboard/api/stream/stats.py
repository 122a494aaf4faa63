"""How the sockets fare, as numbers."""

from collections import Counter
from typing import Any

from dashboard.api.stream.room import StreamRoom


def stats_document(room: StreamRoom) -> dict[str, Any]:
    """Return counts since the start and of now; durations in milliseconds."""
    clients = list(room.clients)
    sockets = [client.socket for client in clients]
    rounds = sorted(room.governor.durations)
    counters = room.counters
    return {
        "clients": len(clients),
        "by_path": dict(Counter(client.path for client in clients)),
        "desks": len(room.fanouts),
        "subscriptions": len(room.subscriptions),
        "opened": counters["opened"],
        "refused": counters["refused"],
        "frames": counters["frames"] + sum(one.frames for one in sockets),
        "bytes": counters["bytes"] + sum(one.bytes for one in sockets),
        "frames_made": counters["made"]
        + sum(one.board.made + one.papers.made for one in room.fanouts.values()),
        "conflated_snapshots": counters["conflated"],
        "errors": counters["errors"],
        "slow_closes": counters["slow_closes"],
        "waiting": sum(1 for one in sockets if one.is_sending),
        "rounds": len(rounds),
        "round_p50_ms": _percentile_ms(rounds, 0.5),
        "round_p99_ms": _percentile_ms(rounds, 0.99),
    }


def _percentile_ms(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
