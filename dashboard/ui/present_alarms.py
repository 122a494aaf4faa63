"""Banners of operations: a sign-in that is due, a silent socket, a store that cannot be written.

They stand in every room, and call a person through the browser where that is allowed.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from dashboard.auth.accounts import OWNER
from dashboard.core.clock import from_ns
from dashboard.core.health import DOWN, LATE, OperationsStatus, Stage
from dashboard.core.kite import SessionState, SessionStatus
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.notice import Notice
from dashboard.ui.phrases import clock_text, plural, spaced_age
from dashboard.ui.present_status import KITE_LOGIN, since_text

LIVE = "live"
STATUS = "status"
LOOK = "Show status"
SIGN_IN = "Sign in to Kite"
NEXT = {
    SessionState.REQUIRED: "Nothing is received with it until then; the rest runs by itself.",
    SessionState.EXPIRED: "It is tried once when the day is prepared, before anybody is asked.",
}
ASK_OWNER = "Only the owner can sign in."
WRITTEN = ("Tape", "Store", "Database")


def alarms(snapshot: Snapshot, operations: OperationsStatus | None, role: str) -> list[Notice]:
    """Return what a person should see wherever on the page they are."""
    if operations is None:
        return list(_store(snapshot.stages, None))
    return [
        *_sign_ins(operations, role),
        *_stopped(operations),
        *_socket(operations),
        *_desk(operations),
        *_store(operations.stages, operations.at_ns),
        *_problems(operations),
    ]


def _sign_ins(operations: OperationsStatus, role: str) -> Iterator[Notice]:
    if operations.mode != LIVE:
        return
    due = [one for one in operations.sessions if one.state is SessionState.REQUIRED]
    old = [one for one in operations.sessions if one.state is SessionState.EXPIRED]
    for one in due or old:  # a person who signs in anyway need not hear of keys still to be tried
        yield _sign_in(one, operations, role)


def _sign_in(one: SessionStatus, operations: OperationsStatus, role: str) -> Notice:
    required = one.state is SessionState.REQUIRED
    owner = role == OWNER
    since = f"Since {since_text(one.since_ns, operations.at_ns)}"
    words = [f"{since}: {_ended(one.reason)}" if one.reason else f"{since}.", NEXT[one.state]]
    return Notice(
        id=f"kite-{one.key}-{one.state}",
        title=f"Kite sign-in due: key {one.key}"
        if required
        else f"Kite’s token has expired: key {one.key}",
        text=" ".join(words if owner else [*words, ASK_OWNER]),
        kind="error" if required else "warning",
        more=operations.next_sentence,
        action=SIGN_IN if owner else LOOK,
        post=(KITE_LOGIN, {"key": one.key}) if owner else None,
        room="" if owner else STATUS,
        calls=True,
    )


def _stopped(operations: OperationsStatus) -> Iterator[Notice]:
    for stage in operations.stages:
        if stage.name == "Scheduler" and stage.state == DOWN:
            yield _of(stage, "scheduler", "The scheduler stands still", operations.at_ns)


def _socket(operations: OperationsStatus) -> Iterator[Notice]:
    for stage in operations.stages:
        if stage.name == "Socket" and stage.state in (DOWN, LATE):
            word = "is down" if stage.state == DOWN else "is late"
            yield _of(
                stage, f"socket-{stage.state}", f"The socket to Kite {word}", operations.at_ns
            )


def _desk(operations: OperationsStatus) -> Iterator[Notice]:
    """Yield a banner for a desk that is behind: what it shows looks as it did in time."""
    for stage in operations.stages:
        if stage.name == "Desk" and stage.state in (DOWN, LATE):
            word = "has failed" if stage.state == DOWN else "is behind"
            yield _of(stage, f"desk-{stage.state}", f"The desk {word}", operations.at_ns)


def _store(stages: Sequence[Stage], now_ns: int | None) -> Iterator[Notice]:
    """Yield one banner for all that cannot be written."""
    broken = [stage for stage in stages if stage.name in WRITTEN and stage.state == DOWN]
    if broken:
        yield _of(broken[0], "store", f"{broken[0].name} cannot be written", now_ns)


def _of(stage: Stage, name: str, title: str, now_ns: int | None) -> Notice:
    """Return the banner of a stage: its last event tells since when."""
    return Notice(
        id=name,
        title=f"{title}.",
        text=" ".join(filter(None, [_ended(stage.detail), _last(stage, now_ns), stage.todo])),
        kind="error" if stage.state == DOWN else "warning",
        action=LOOK,
        room=STATUS,
        calls=True,
    )


def _last(stage: Stage, now_ns: int | None) -> str:
    if stage.age_s is None:
        return ""
    ago = f"Last event {spaced_age(stage.age_s)} ago"
    if now_ns is None:
        return f"{ago}."
    return f"{ago}, at {clock_text(from_ns(now_ns) - timedelta(seconds=stage.age_s))} IST."


def _problems(operations: OperationsStatus) -> Iterator[Notice]:
    if not operations.problems:
        return
    first, *others = operations.problems
    head, _, rest = first.partition(". ")
    more = f"and {plural(len(others), 'other problem')}" if others else ""
    yield Notice(
        id=f"problem-{head}",
        title=_ended(head),
        text=rest,
        more=more,
        action=LOOK,
        room=STATUS,
        calls=True,
    )


def _ended(sentence: str) -> str:
    """Return a sentence with its full stop."""
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."
