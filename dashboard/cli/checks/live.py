"""A live process: is it there, does all of it flow, and is what it recorded of yesterday."""

from collections.abc import Iterator
from datetime import date

from dashboard.cli.checks.finding import Finding, ok, problem, warning
from dashboard.core.clock import SECOND_NS
from dashboard.core.health import DOWN, LATE, OperationsStatus
from dashboard.core.kite import SessionState
from dashboard.core.wording import age
from dashboard.operations.plan import Plan

WHAT = "Live"
SILENT_S = 15.0  # three heartbeats
START = "start it with `uv run panel serve app.py`"
SIGN_IN = "sign in on the status page, or with `tezi kite login`"
DUE = frozenset({SessionState.REQUIRED, SessionState.EXPIRED})


def check_live(status: OperationsStatus | None, plan: Plan, now_ns: int) -> Iterator[Finding]:
    """Hold what a process last said of itself against what should be running now."""
    if status is None:
        if plan.needs_feed:
            yield problem(WHAT, f"{plan.sentence}, and nothing records it", START)
        else:
            yield ok(WHAT, f"no process has reported yet; {plan.sentence}")
        return
    silent_s = max(0.0, (now_ns - status.at_ns) / SECOND_NS)
    if silent_s > SILENT_S:
        words = f"not heard of for {age(silent_s)}"
        if plan.needs_feed:
            yield problem(WHAT, f"{words}: it stopped or hangs. {plan.sentence}", START)
        else:
            yield ok(WHAT, f"{words}; nothing is to be recorded now. {plan.sentence}")
        return
    found = [*_stages(status), *_sessions(status, plan), *_problems(status)]
    if not found:
        stages = ", ".join(f"{one.name} {_age(one.age_s)}" for one in status.stages)
        yield ok(WHAT, f"{status.mode}, {status.phase}, heard {age(silent_s)} ago; {stages}")
    yield from found


def _age(age_s: float | None) -> str:
    return "—" if age_s is None else age(age_s)


def _stages(status: OperationsStatus) -> Iterator[Finding]:
    for one in status.stages:
        if one.state == DOWN:
            yield problem(one.name, one.detail, one.todo or "read the log")
        elif one.state == LATE:
            yield warning(one.name, one.detail, one.todo or "wait, and look again")


def _sessions(status: OperationsStatus, plan: Plan) -> Iterator[Finding]:
    for one in status.sessions:
        if one.state in DUE:
            say = problem if plan.needs_token else warning
            yield say("Kite", f"{one.key} {one.state}: {one.reason}", SIGN_IN)


def _problems(status: OperationsStatus) -> Iterator[Finding]:
    for sentence in status.problems:
        yield warning(WHAT, sentence, "see the status page")


def check_recorded(last: date | None, due: date) -> Finding:
    """See that the last trading day was recorded; `last` is the newest live day stored."""
    if last is None:
        return ok("Recorded", "no live day is stored yet")
    if last < due:
        words = f"the newest live day is {last:%a %d %b %Y}; {due:%a %d %b} was not recorded"
        return warning("Recorded", words, "leave Tezi running, and sign in to Kite each morning")
    return ok("Recorded", f"the newest live day is {last:%a %d %b %Y}")
