"""The status room: Kite's sessions and sockets, every stage, what happened today, past days."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dashboard.auth.accounts import OWNER
from dashboard.core.clock import SECOND_NS, from_ns
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, DayReport, OperationsStatus, Stage
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from dashboard.core.wording import DASH, clock_time, short_date
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import clock_text, day_text, known, short_age
from dashboard.ui.selection import Selection

KITE_LOGIN = "/kite/login"
SHOWN_TRANSITIONS = 200  # a socket that flaps may leave hundreds, and nobody reads those
UNCONNECTED = "Kite is not connected: this desk plays recorded or generated days."
HOW_TO_CONNECT = "How to connect it is told in the README, under “Connect Kite”."
HIDDEN_REPORTS = "Blind: stored days are hidden."
NO_REPORTS = "None yet: the first one is written when a live day has ended."
SESSIONS = {
    SessionState.VALID: (FLOWING, "Signed in"),
    SessionState.EXPIRED: (LATE, "Expired, to be tried"),
    SessionState.REQUIRED: (DOWN, "Sign-in due"),
    SessionState.REFRESHING: (LATE, "Being tried"),
}
CONNECTIONS = {
    "connecting": (LATE, "Connecting"),
    "silent": (LATE, "Open, no tick yet"),
    "flowing": (FLOWING, "Flowing"),
    "waiting": (DOWN, "Waiting to try again"),
    "refused": (DOWN, "Refused"),
    "closed": (OFF, "Closed"),
}
STAGES = {FLOWING: "Flowing", LATE: "Late", DOWN: "Down", OFF: "Off"}
NO_EVENT = "No event of it has been seen yet"
NOT_COUNTED = "Nothing is counted at this stage, or not for long enough yet"


def status_pane(
    snapshot: Snapshot, selection: Selection, operations: OperationsStatus | None, role: str
) -> dict[str, Any]:
    """Return what the room shows; without operations, the stages of the desk alone."""
    if operations is None:
        return {
            "connected": False,
            "sentence": UNCONNECTED,
            "next": HOW_TO_CONNECT,
            "at": clock_text(snapshot.at),
            "stages": [_stage(one) for one in snapshot.stages],
        }
    now_ns = operations.at_ns
    reports = () if selection.blind else operations.reports
    return {
        "connected": True,
        "mode": operations.mode.upper(),
        "phase": operations.phase,
        "sentence": operations.sentence,
        "next": f"Next: {operations.next_sentence}" if operations.next_sentence else "",
        "at": clock_text(from_ns(now_ns)),
        "action": KITE_LOGIN,
        "keys": [_key(one, now_ns, role) for one in operations.sessions],
        "connections": [_connection(one, now_ns) for one in operations.connections],
        "stages": [_stage(one) for one in operations.stages],
        "subscribed": _subscribed(operations.subscribed),
        "transitions": _transitions(operations),
        "problems": list(operations.problems),
        "reports": [_report(one) for one in reports],
        "no_reports": HIDDEN_REPORTS if selection.blind else NO_REPORTS,
    }


def status_rests_on(
    snapshot: Snapshot, selection: Selection, operations: OperationsStatus | None
) -> tuple[object, ...]:
    """Return what the room is made of: operations look once a second, snapshots come oftener."""
    if operations is None:
        return (snapshot.stages, snapshot.at.replace(microsecond=0))
    states = tuple(stage.state for stage in operations.stages)
    return (operations.at_ns, states, selection.blind)


def since_text(at_ns: int, now_ns: int) -> str:
    """Return "08:52 IST", with the date where it was another day."""
    at, now = from_ns(at_ns), from_ns(now_ns)
    day = "" if at.date() == now.date() else f"{short_date(at)} "
    return f"{day}{clock_time(at)} IST"


def _key(one: SessionStatus, now_ns: int, role: str) -> dict[str, Any]:
    shape, word = SESSIONS[one.state]
    return {
        "key": one.key,
        "shape": shape,
        "word": word,
        "since": since_text(one.since_ns, now_ns),
        "reason": one.reason,
        "user": one.user_id or DASH,
        "no_user": "" if one.user_id else "Nobody has signed in with this key yet",
        "sign_in": role == OWNER,
        "due": one.state in (SessionState.REQUIRED, SessionState.EXPIRED),
    }


def _connection(one: ConnectionStatus, now_ns: int) -> dict[str, Any]:
    shape, word = CONNECTIONS.get(one.state, (OFF, one.state.capitalize()))
    age_s = None if one.last_ns is None else (now_ns - one.last_ns) / SECOND_NS
    return {
        "number": str(one.number),
        "key": one.key,
        "shape": shape,
        "word": word,
        "since": f"Since {since_text(one.since_ns, now_ns)}",
        "tokens": known(one.tokens, 0),
        "age": short_age(age_s),
        "no_age": "No message has come on this connection" if age_s is None else "",
        "messages": known(one.messages, 0),
        "attempts": known(one.attempts, 0),
        "reason": one.reason,
    }


def _stage(one: Stage) -> dict[str, Any]:
    return {
        "name": one.name,
        "shape": one.state,
        "word": STAGES.get(one.state, one.state),
        "age": short_age(one.age_s),
        "no_age": NO_EVENT if one.age_s is None else "",
        "rate": DASH if one.rate is None else f"{known(one.rate, 0 if one.rate >= 10 else 1)}/s",
        "no_rate": NOT_COUNTED if one.rate is None else "",
        "detail": one.detail,
        "todo": one.todo,
    }


def _subscribed(counts: Mapping[str, int]) -> list[list[str]]:
    rows = [[name, known(count, 0)] for name, count in counts.items()]
    return [*rows, ["All", known(sum(counts.values()), 0)]] if rows else []


def _transitions(operations: OperationsStatus) -> dict[str, Any]:
    """Return the latest first; those that are not shown are counted."""
    latest: Sequence[Any] = operations.transitions[-SHOWN_TRANSITIONS:]
    return {
        "rows": [[clock_text(from_ns(one.at_ns)), one.what] for one in reversed(latest)],
        "left": len(operations.transitions) - len(latest),
    }


def _report(one: DayReport) -> dict[str, Any]:
    return {
        "day": one.day,
        "title": day_text(date.fromisoformat(one.day)),
        "written": f"written {short_date(from_ns(one.written_ns))} "
        f"{clock_time(from_ns(one.written_ns))} IST",
        "figures": [[title, *_figure(value)] for title, value in one.figures.items()],
        "remarks": list(one.remarks),
    }


def _figure(value: float | str | None) -> tuple[str, str]:
    """Return a figure, and why there is none."""
    if value is None:
        return DASH, "It could not be had when the report was written"
    if isinstance(value, str):
        return value, ""
    return known(value, 0 if isinstance(value, int) else 2), ""
