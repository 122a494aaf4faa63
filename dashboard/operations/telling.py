"""What operations say of themselves: put together once a second, out of what is known anyway."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dashboard.core.clock import Clock
from dashboard.core.health import DOWN, FLOWING, LATE, DayReport, OperationsStatus, Stage
from dashboard.core.kite import TickPool
from dashboard.core.market import Instrument
from dashboard.core.wording import age
from dashboard.operations import parts
from dashboard.operations.diary import Diary
from dashboard.operations.health import kite_stage, quotes_stage, scheduler_stage, socket_stage
from dashboard.operations.jobs import Jobs
from dashboard.operations.plan import Plan
from dashboard.pipeline.views.health import Rates

BEAT_LATE_S = 15.0
ELSEWHERE = "Another process of Tezi holds the connection to Kite: this one records nothing"
OUTER = frozenset({"Scheduler", "Kite", "Socket", "Quotes", "Tape", "Database"})
SAID = {
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


@dataclass
class Standing:
    """What the scheduler knows between two looks, as far as it is told."""

    instruments: Sequence[Instrument] = ()
    subscribed: frozenset[int] = frozenset()
    liquid: Sequence[Instrument] = ()
    is_elsewhere: bool = False  # another process holds the lease
    remarks: Sequence[str] = ()  # on the day's contracts
    faults: dict[str, str] = field(default_factory=dict)  # steps that raised, and what
    reports: tuple[DayReport, ...] = ()
    beaten_s: float = 0.0  # monotonic; when the state was last written


@dataclass
class Teller:
    """Put the present state together; nothing here asks a database or Kite."""

    clock: Clock
    sessions: parts.Sessions
    pool: TickPool
    recording: parts.Recording
    jobs: Jobs
    diary: Diary
    _rates: Rates = field(default_factory=Rates)

    def status(self, mode: str, plan: Plan, standing: Standing) -> OperationsStatus:
        """Return operations as they are now."""
        return OperationsStatus(
            at_ns=self.clock.now_ns(),
            mode=mode,
            phase=plan.phase,
            sentence=plan.sentence,
            next_sentence=plan.next_sentence,
            sessions=self.sessions.statuses(),
            connections=self.pool.connections(),
            stages=self._stages(plan, standing),
            subscribed=_counts(standing),
            transitions=self.diary.entries,
            problems=self._problems(plan, standing),
            reports=standing.reports,
        )

    def _stages(self, plan: Plan, standing: Standing) -> tuple[Stage, ...]:
        now_ns, connections = self.clock.now_ns(), self.pool.connections()
        rate, _ = self._rates.see(now_ns, sum(one.messages for one in connections), 0)
        return (
            scheduler_stage(0.0),
            kite_stage(self.sessions.statuses(), plan),
            socket_stage(connections, plan, now_ns, rate),
            quotes_stage(self.pool.ages_s(), standing.liquid, plan),
            *self.recording.stages(),
            self._database(standing.beaten_s),
        )

    def _database(self, beaten_s: float) -> Stage:
        age_s = max(0.0, self.clock.monotonic() - beaten_s)
        error = self.jobs.errors().get("journal", "")
        if error:
            todo = "Make the database writable: `tezi doctor` says what stands in its way."
            return Stage("Database", DOWN, error, age_s, todo=todo)
        if age_s > BEAT_LATE_S:
            todo = "Look at the disk: the database answers too slowly."
            return Stage("Database", LATE, f"No write for {age(age_s)}", age_s, todo=todo)
        return Stage("Database", FLOWING, f"Written {age(age_s)} ago", age_s)

    def _problems(self, plan: Plan, standing: Standing) -> tuple[str, ...]:
        found = []
        if plan.needs_feed and standing.is_elsewhere:
            found.append(f"{ELSEWHERE}. Stop the other one, or look at the day there.")
        found += standing.remarks
        found += [f"{SAID.get(n, n)}: {why}" for n, why in self.jobs.errors().items()]
        found += [f"The scheduler could not {n}: {why}" for n, why in standing.faults.items()]
        return (*found, *plan.warnings)


def _counts(standing: Standing) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in standing.instruments:
        if one.token in standing.subscribed:
            found[one.underlying] = found.get(one.underlying, 0) + 1
    return found
