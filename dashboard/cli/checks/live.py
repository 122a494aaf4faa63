"""A live process, by what it left in the database, and what it recorded; Kite is not asked.

The process that records writes its whole state down every few seconds. That it stopped
doing so is the one thing it cannot say itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dashboard.cli.checks.finding import Finding, ok, problem, warning
from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS, Clock, from_ns
from dashboard.core.errors import CalendarError
from dashboard.core.health import DOWN, LATE, OperationsStatus
from dashboard.core.kite import SessionState
from dashboard.core.wording import age
from dashboard.live_recording import LABEL
from dashboard.operations.plan import Plan, plan
from storage.contracts import SqlContracts
from storage.journal import SqlJournal
from storage.leases import KITE, SqlLease
from storage.store import SqlStore

WHAT = "Live"
LATE_S = 15.0  # three heartbeats
START = "start Tezi: `uv run panel serve app.py`"
UPDATE = "update Tezi: a newer one knows more days"
SIGN_IN = "sign in to Kite: the button is on the status page, or run `tezi kite login`"
NOT_LIVE = "off: without an API key of Kite's, or in another mode, no day is recorded"


@dataclass(frozen=True)
class Left:
    """What live processes left.

    The last state of one, who holds Kite, whether today's dump is here, and the newest day
    before today that was recorded.
    """

    status: OperationsStatus | None = None
    holder: str | None = None
    has_contracts: bool = False
    recorded: date | None = None


def read_left(store: SqlStore, clock: Clock) -> Left:
    """Return what is there; nothing is changed."""
    database, today = store.database, from_ns(clock.now_ns()).date()
    before = [one for one in store.days() if LABEL in one.labels and one.day < today]
    recorded = [one.day for one in before if one.ticks]  # a tape may be begun and get nothing
    return Left(
        SqlJournal(database, clock).last(),
        SqlLease(database, clock, KITE, holder="").holder_now(),
        SqlContracts(database).has(today),
        max(recorded, default=None),
    )


def check_live(left: Left, calendar: Calendar, clock: Clock, *, is_live: bool) -> Iterator[Finding]:
    """See that what should be running now is, and that every stage of it flows.

    `is_live` says whether the settings ask for it.
    """
    due = plan(calendar, from_ns(clock.now_ns()))
    yield from _process(left, due, clock.now_ns(), is_live=is_live)
    if is_live and left.recorded is not None:
        yield from _recorded(left.recorded, calendar, due)


def _process(left: Left, due: Plan, now_ns: int, *, is_live: bool) -> Iterator[Finding]:
    status = left.status
    age_s = None if status is None else (now_ns - status.at_ns) / SECOND_NS
    if status is not None and age_s is not None and abs(age_s) <= LATE_S:
        yield ok(WHAT, f"{status.phase} · {status.sentence} · looked {age(age_s)} ago")
        yield from _running(status, left, due)
    elif not is_live:
        yield ok(WHAT, NOT_LIVE)
    elif status is None or age_s is None:
        yield _off("never started here", due)
    elif age_s < 0:
        found = f"its last sign of life is {age(-age_s)} in the future"
        yield problem(WHAT, found, "set the clocks of both machines: two disagree")
    else:
        at = from_ns(status.at_ns)
        yield _off(f"no sign of life since {at:%a %d %b %H:%M:%S} IST, {age(age_s)} ago", due)


def _off(found: str, due: Plan) -> Finding:
    """Say that nothing runs: it matters once the day is to be prepared."""
    if due.needs_token:
        do = f"{START}; if it runs, its scheduler stands still: read the log and restart it"
        return problem(WHAT, f"{found}, and the day is to be recorded now · {due.sentence}", do)
    until = f" before {due.next_at:%a %d %b %H:%M} IST" if due.next_at else ""
    return warning(WHAT, f"{found} · {due.sentence}", f"{START}{until}")


def _running(status: OperationsStatus, left: Left, due: Plan) -> Iterator[Finding]:
    yield from _stages(status)
    yield from _sessions(status, due)
    if due.needs_token:
        yield _contracts(left, due)
    if left.holder is not None:
        yield ok("Connection", f"held by {left.holder}")
    elif due.needs_feed:
        found = "no process holds the right to Kite's connection"
        yield problem("Connection", found, "look at Database: the right is renewed there")
    for sentence in status.problems:
        if sentence in due.warnings:
            yield warning(WHAT, sentence, UPDATE)
        else:
            yield problem(WHAT, sentence, "")


def _stages(status: OperationsStatus) -> Iterator[Finding]:
    """Tell each stage that is behind; the session of each key is told by itself."""
    behind = [one for one in status.stages if one.state in (LATE, DOWN) and one.name != "Kite"]
    for one in behind:
        yield problem(one.name, f"{one.state}: {one.detail}", one.todo)
    if not behind:
        names = ", ".join(one.name for one in status.stages)
        yield ok("Stages", f"none is behind: {names}")


def _sessions(status: OperationsStatus, due: Plan) -> Iterator[Finding]:
    for one in status.sessions:
        what, found = f"Kite {one.key}", f"{one.state}: {one.reason}"
        if due.needs_token and one.state in (SessionState.REQUIRED, SessionState.EXPIRED):
            yield problem(what, found, SIGN_IN)
        else:
            yield ok(what, found)


def _contracts(left: Left, due: Plan) -> Finding:
    what = "Instruments"
    if left.has_contracts:
        return ok(what, f"those of {due.day} are here")
    do = "they are asked for again by themselves once a key is signed in"
    found = f"those of {due.day} are not here yet"
    return problem(what, found, do) if due.needs_feed else warning(what, found, do)


def _recorded(last: date, calendar: Calendar, due: Plan) -> Iterator[Finding]:
    """See that the last trading day was recorded."""
    try:
        before = calendar.previous_trading_day(due.day)
    except CalendarError:
        return  # the calendar's own check says so
    found = f"the newest live day is {last:%a %d %b %Y}"
    if last < before:
        do = "leave Tezi running, and sign in to Kite each morning"
        yield warning("Recorded", f"{found}; {before:%a %d %b} was not recorded", do)
    else:
        yield ok("Recorded", found)
