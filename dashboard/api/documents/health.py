"""Whether Tezi can answer, and how what it depends on is."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.clock import SECOND_NS
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, OperationsStatus, Stage
from dashboard.core.kite import SessionState
from dashboard.pipeline.snapshot import Snapshot

OK, DEGRADED = "ok", "degraded"
OF_STAGES = {FLOWING: OK, LATE: DEGRADED, DOWN: DOWN, OFF: OFF}
VITAL = ("database", "desk")  # without which nothing is answered


def dependency(status: str, detail: str, age_s: float | None = None) -> dict[str, Any]:
    """Return how one thing is: ok, degraded, down, or off where there is nothing to do."""
    return {"status": status, "detail": detail, "age_s": age_s}


def health_document(dependencies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return how all of it is: down without what nothing works without."""
    states = {name: each["status"] for name, each in dependencies.items()}
    if any(states[name] == DOWN for name in VITAL if name in states):
        status = DOWN
    else:
        status = DEGRADED if {DOWN, DEGRADED} & set(states.values()) else OK
    return {"status": status, "dependencies": dependencies}


def of_desk(snapshot: Snapshot | None, *, shared: bool) -> dict[str, Any]:
    """Return how the shared desk is."""
    if not shared:
        return dependency(OFF, "No desk is shared: recorded days are ready")
    if snapshot is None or snapshot.status == "loading":
        return dependency(DEGRADED, "The desk is loading its day")
    if snapshot.status == "failed":
        return dependency(DOWN, snapshot.error or "The desk failed", snapshot.feed_age_s)
    return dependency(OK, f"{snapshot.day} is {snapshot.status}", snapshot.feed_age_s)


def of_stage(snapshot: Snapshot | None, name: str) -> dict[str, Any]:
    """Return how one step of the shared desk's flow is."""
    found: Stage | None = next(
        (stage for stage in (snapshot.stages if snapshot else ()) if stage.name == name), None
    )
    if found is None:
        return dependency(OFF, f"There is no {name.lower()} on this desk")
    detail = " ".join(filter(None, (found.detail, found.todo)))
    return dependency(OF_STAGES[found.state], detail, found.age_s)


def of_kite(status: OperationsStatus | None, now_ns: int) -> dict[str, Any]:
    """Return how the sessions with Kite are."""
    if status is None or not status.sessions:
        return dependency(OFF, "No Kite credentials are set")
    worst = next((one for one in status.sessions if one.state is not SessionState.VALID), None)
    one = worst or status.sessions[0]
    age_s = max(0.0, (now_ns - one.since_ns) / SECOND_NS)
    return dependency(DEGRADED if worst else OK, one.reason or one.state.value, age_s)


def of_scheduler(status: OperationsStatus | None, now_ns: int) -> dict[str, Any]:
    """Return how what keeps a live desk going is."""
    if status is None:
        return dependency(OFF, "Nothing is scheduled: the desk is not live")
    age_s = max(0.0, (now_ns - status.at_ns) / SECOND_NS)
    if status.problems:
        return dependency(DEGRADED, status.problems[0], age_s)
    return dependency(OK, status.sentence, age_s)
