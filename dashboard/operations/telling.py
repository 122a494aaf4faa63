"""What operations tell of themselves: in stages, and in sentences that say what to do."""

from collections.abc import Iterator, Sequence

from dashboard.core.health import OperationsStatus, Stage
from dashboard.core.market import Instrument
from dashboard.core.wording import age
from dashboard.operations.health import (
    calendar_stage,
    kite_stage,
    quotes_stage,
    scheduler_stage,
    socket_stage,
)
from dashboard.operations.jobs import Jobs
from dashboard.operations.parts import Parts
from dashboard.operations.plan import Plan

OUTER = frozenset({"Scheduler", "Calendar", "Kite", "Socket", "Quotes", "Desk", "Tape", "Database"})
FAILED = {
    "lease": "The right to the connection could not be asked for",
    "sessions": "Kite's sessions could not be looked at",
    "contracts": "The instruments dump could not be had, and is asked for again",
    "recording": "The recording could not be begun or ended, and is tried again",
    "history": "Earlier sessions could not be had, and are asked for again",
    "fill": "Missing bars could not be had, and are asked for again",
    "report": "The day could not be reconciled, and is tried again",
    "report without": "The day's report could not be written, and is tried again",
    "left": "A tape that was left open could not be finished, and is tried again",
    "journal": "The state could not be written to the database",
}
LONG = "The step {!r} of the scheduler is under way for {}: if it does not end, restart Tezi."


def brief_status(now_ns: int, mode: str, plan: Plan) -> OperationsStatus:
    """Return what should be running, and nothing yet of what is."""
    return OperationsStatus(now_ns, mode, plan.phase, plan.sentence, plan.next_sentence)


def outer_stages(
    parts: Parts, plan: Plan, liquid: Sequence[Instrument], now_ns: int, rate: float | None
) -> tuple[Stage, ...]:
    """Return the health of what stands before the recording, looked at just now.

    `rate` is messages a second over all connections; of the `liquid` instruments every one
    ought to tick.
    """
    sessions = parts.sessions.statuses()
    return (
        scheduler_stage(0.0),
        *calendar_stage(plan),
        kite_stage(sessions, plan),
        socket_stage(parts.pool.connections(), sessions, plan, now_ns, rate),
        quotes_stage(parts.pool.ages_s(), liquid, plan, now_ns),
    )


def sentences(jobs: Jobs) -> Iterator[str]:
    """Yield what goes wrong beside the loop."""
    for name, why in jobs.errors().items():
        yield f"{FAILED.get(name, name)}: {why}"
    for name, long_s in jobs.long().items():
        yield LONG.format(name, age(long_s))
