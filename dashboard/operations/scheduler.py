"""The scheduler reconciles: once a second it asks what should be running, and makes it so.

It keeps no appointment. Started at 11:20 it finds that the day should be recorded and is
not, and begins; what broke is found missing a second later and made good. Nothing here waits:
what takes time is a job beside the loop, and the next look finds its outcome.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import structlog

from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS, Clock, from_ns
from dashboard.core.errors import CalendarError, KiteError, KiteTokenError
from dashboard.core.health import DOWN, FLOWING, LATE, DayReport, OperationsStatus, Stage
from dashboard.core.kite import Grant, KiteApi, TickPool
from dashboard.core.market import INDICES, UNDERLYINGS, Instrument
from dashboard.core.wording import age
from dashboard.operations import parts
from dashboard.operations.calling import Caller
from dashboard.operations.diary import Diary
from dashboard.operations.health import (
    kite_stage,
    liquid_of,
    quotes_stage,
    scheduler_stage,
    socket_stage,
)
from dashboard.operations.jobs import Jobs, Run, threads
from dashboard.operations.plan import DayPhase, plan
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.views.health import Rates

log = structlog.get_logger(__name__)

LEASE_S = 5.0  # between two renewals
LEASE_HOLDS_S = 12.0  # after a renewal: less than the lease itself lasts
SESSIONS_S = 5.0
CENTRE_S = 10.0
FILL_S = 60.0
BEAT_S = 5.0
BEAT_LATE_S = 15.0
OLD_DUMP_AFTER = 3  # failures in trading hours, then the last dump before today's serves
REPORT_TRIES = 8
REPORTS_SHOWN = 5
ELSEWHERE = "Another process of Tezi holds the connection to Kite: this one records nothing"


@dataclass(frozen=True)
class Parts:
    """What the scheduler drives; `apis` are by API key, in the order of the settings."""

    apis: Mapping[str, KiteApi]
    sessions: parts.Sessions
    contracts: parts.ContractBook
    history: parts.History
    pool: TickPool
    recording: parts.Recording
    filler: parts.Filler
    reconciler: parts.Reconciler
    notifier: parts.Notifier
    lease: parts.Lease
    journal: parts.Journal


@dataclass
class Scheduler:
    """Call `tick` once a second on the server's loop. `run` is where jobs go."""

    clock: Clock
    calendar: Calendar
    parts: Parts
    mode: str = "live"
    run: Run = field(default_factory=threads)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.clock, self.run)
        self.diary = Diary(self.clock)
        self._caller = Caller(self.parts.notifier)
        self._rates = Rates()
        self._faults: dict[str, str] = {}  # steps that raised, and what
        self._ticked_s = self._beaten_s = self.clock.monotonic()
        self._held_until_s = self._centred_s = float("-inf")
        self._granted: tuple[Grant, ...] = ()
        self._spots: Mapping[str, float] = {}
        self._instruments: tuple[Instrument, ...] = ()
        self._subscribed: frozenset[int] = frozenset()
        self._liquid: list[Instrument] = []
        self._contracts_day: date | None = None
        self._history_day: date | None = None
        self._left_day: date | None = None  # what was left before this day is finished
        self._unreported: list[date] = []
        self._reports: tuple[DayReport, ...] = ()
        self.plan = plan(self.calendar, from_ns(self.clock.now_ns()))
        self._status = OperationsStatus(
            self.clock.now_ns(),
            self.mode,
            self.plan.phase,
            self.plan.sentence,
            self.plan.next_sentence,
        )

    # -- once a second -----------------------------------------------------------------------

    def tick(self) -> None:
        """Make what runs what should run. It returns at once and never raises."""
        self.plan = plan(self.calendar, from_ns(self.clock.now_ns()))
        self._ticked_s = self.clock.monotonic()
        for step in (
            self._note_the_phase,
            self._hold_the_lease,
            self._look_at_sessions,
            self._call_a_person,
            self._finish_what_was_left,
            self._fetch_contracts,
            self._begin_recording,
            self._fetch_history,
            self._subscribe,
            self._connect,
            self._fill_holes,
            self._end_the_day,
            self._report,
            self._note_changes,
            self._tell,
        ):
            self._guarded(step)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step; one that raises is told, and the others go on."""
        name = step.__name__.strip("_").replace("_", " ")
        try:
            step()
            self._faults.pop(name, None)
        except Exception as error:
            if name not in self._faults:
                log.exception("scheduler's step failed", step=name)
            self._faults[name] = f"{type(error).__name__}: {error}"

    # -- the steps -----------------------------------------------------------------------------

    def _note_the_phase(self) -> None:
        self.diary.change("phase", self.plan.phase, f"{self.plan.phase}: {self.plan.sentence}")

    def _hold_the_lease(self) -> None:
        def renew() -> None:
            holds = self.parts.lease.hold()
            self._held_until_s = self.clock.monotonic() + LEASE_HOLDS_S if holds else float("-inf")
            words = "This process holds the connection to Kite" if holds else ELSEWHERE
            self.diary.change("lease", str(holds), words)

        self.jobs.begin("lease", renew, LEASE_S)

    @property
    def _is_the_one(self) -> bool:
        return self.clock.monotonic() < self._held_until_s

    def _look_at_sessions(self) -> None:
        self.jobs.begin("sessions", self.parts.sessions.look, SESSIONS_S)

    def _call_a_person(self) -> None:
        now = from_ns(self.clock.now_ns())
        if self._caller.look(self.plan, self.parts.sessions.statuses(), now):
            self.diary.note("A person was called to sign in to Kite")

    def _finish_what_was_left(self) -> None:
        """Finish and prepare the last live day where an earlier process did not."""
        if self._left_day == self.plan.day or self.parts.recording.day is not None:
            return
        today = self.plan.day

        def finish() -> None:
            for day in self._days_before(today):
                if self.parts.recording.has_left(day) and not self._has_report(day):
                    self.parts.recording.finish_left(day)
                    self._unreported.append(day)
                    self.diary.note(f"The tape of {day} was finished, which was left open")
            self._reports = self.parts.journal.reports(REPORTS_SHOWN)
            self._left_day = today

        self.jobs.begin("left", finish)

    def _days_before(self, today: date) -> list[date]:
        is_over = self.plan.phase is DayPhase.FINISHED
        try:
            return [self.calendar.previous_trading_day(today), *([today] if is_over else [])]
        except CalendarError:
            return []

    def _has_report(self, day: date) -> bool:
        return any(one.day == str(day) for one in self.parts.journal.reports(REPORTS_SHOWN))

    def _fetch_contracts(self) -> None:
        day = self.plan.day
        if not self.plan.needs_token or self._contracts_day == day:
            return

        def fetch(api: KiteApi, grant: Grant) -> None:
            if not self.parts.contracts.has(day):
                self.parts.contracts.fetch(api, grant, day)
                self.diary.note("The day's instruments are here")
            self._contracts_day = day

        self._ask("contracts", fetch)

    @property
    def _knows_contracts(self) -> bool:
        """Say whether the day's dump is here, or must do without."""
        late = self.jobs.failures("contracts") >= OLD_DUMP_AFTER and self.plan.expects_ticks
        return self._contracts_day == self.plan.day or late

    def _begin_recording(self) -> None:
        ready = self.plan.needs_feed and self._is_the_one and self._knows_contracts
        if not ready or self.parts.recording.day is not None or self._left_day != self.plan.day:
            return
        day = self.plan.day

        def begin(api: KiteApi, grant: Grant) -> None:
            self._spots = self._last_prices(api, grant)
            self._instruments = self.parts.contracts.universe(day, self._spots)
            self.parts.contracts.wanted(day, self._spots)  # the first look at a day takes a while
            self.parts.recording.begin(day, self._instruments)
            self.diary.note(f"Recording begins with {len(self._instruments):,} instruments")
            self._centred_s = float("-inf")

        self._ask("recording", begin)

    def _last_prices(self, api: KiteApi, grant: Grant) -> Mapping[str, float]:
        """Return the indices' last prices [INR]; without, options wait for the first ticks."""
        indices = [INDICES[name] for name in UNDERLYINGS]
        try:
            prices = api.last_prices(grant.access_token, indices)
        except KiteTokenError:
            raise
        except KiteError as error:
            log.warning("no last prices", error=str(error))
            return {}
        return {one.underlying: prices[one.token] for one in indices if one.token in prices}

    def _fetch_history(self) -> None:
        day = self.plan.day
        if self._history_day == day or self._contracts_day != day:
            return

        def fetch(api: KiteApi, grant: Grant) -> None:
            count = self.parts.history.fetch(api, grant, day)
            self._history_day = day
            if count:
                self.diary.note(f"{count} earlier sessions were fetched")
                self.parts.recording.refresh()

        self._ask("history", fetch)

    def _subscribe(self) -> None:
        recording, contracts = self.parts.recording, self.parts.contracts
        day = recording.day
        if day is None or self.clock.monotonic() - self._centred_s < CENTRE_S:
            return
        self._centred_s = self.clock.monotonic()
        self._spots = {**self._spots, **recording.spots()}
        self._subscribed = contracts.wanted(day, self._spots) | recording.shown()
        self.parts.pool.want("market", self._subscribed)
        self._liquid = liquid_of(self._instruments, self._spots, self.plan)
        if self._subscribed - {one.token for one in self._instruments}:
            self.jobs.begin("recording", self._grow)

    def _grow(self) -> None:
        day = self.parts.recording.day
        if day is not None:
            self._instruments = self.parts.contracts.universe(day, self._spots)
            self.parts.recording.grow(self._instruments)
            self.diary.note(f"The day grew to {len(self._instruments):,} instruments")

    def _connect(self) -> None:
        recorded = self.parts.recording.day == self.plan.day and self.plan.needs_feed
        grants = self.parts.sessions.grants() if recorded and self._is_the_one else ()
        pool = self.parts.pool
        if grants != self._granted:
            self._granted = grants
            pool.grant(grants)
        pool.expect_ticks(self.plan.expects_ticks)
        pool.check()

    def _fill_holes(self) -> None:
        if self.parts.recording.day != self.plan.day or not self.plan.needs_feed:
            return
        now_s = self.clock.now_ns() // SECOND_NS

        def fill(api: KiteApi, grant: Grant) -> None:
            count = self.parts.filler.fill(api, grant, self.parts.recording, now_s)
            if count:
                self.diary.note(f"{count} missing bars were backfilled")

        self._ask("fill", fill, FILL_S)

    def _end_the_day(self) -> None:
        day = self.parts.recording.day
        if day is None or (self.plan.needs_feed and day == self.plan.day):
            return

        def finish() -> None:
            self.parts.recording.finish()
            self._unreported.append(day)
            self._left_day = self.plan.day
            self.diary.note(f"The tape of {day} is complete")

        self.jobs.begin("recording", finish)

    def _report(self) -> None:
        if not self._unreported or self.plan.needs_feed:
            return
        day = self._unreported[0]
        tired = self.jobs.failures("report") >= REPORT_TRIES
        if tired or not self.parts.sessions.grants():
            why = self.jobs.errors().get("report") or "No token of Kite's was good after the close"
            self.jobs.forget("report")
            self.jobs.begin("report without", lambda: self._keep_report(day, None, why))
            return
        self._ask("report", lambda api, grant: self._keep_report(day, (api, grant), ""))

    def _keep_report(self, day: date, access: tuple[KiteApi, Grant] | None, why: str) -> None:
        hours, instruments = (
            trading_hours(self.calendar, day),
            self.parts.recording.instruments(day),
        )
        reconciler = self.parts.reconciler
        if access is None:
            report = reconciler.unreconciled(day, hours, instruments, why)
        else:
            report = reconciler.reconcile(*access, day, hours, instruments)
        self.parts.journal.report(report)
        self._reports = self.parts.journal.reports(REPORTS_SHOWN)
        self._unreported.remove(day)
        self.diary.note(f"The report of {day} is written")

    def _note_changes(self) -> None:
        self.diary.see_sessions(self.parts.sessions.statuses())
        self.diary.see_connections(self.parts.pool.connections())

    def _tell(self) -> None:
        """Put the present state together, and keep it where other processes find it."""
        self._status = self._made_status()

        def beat() -> None:
            self.parts.journal.beat(self._status)
            self._beaten_s = self.clock.monotonic()

        self.jobs.begin("journal", beat, BEAT_S)

    def _ask(
        self, name: str, work: Callable[[KiteApi, Grant], object], every_s: float = 0.0
    ) -> None:
        """Begin a job that asks Kite; without a good token there is nobody to ask."""
        grant = next(iter(self.parts.sessions.grants()), None)
        if grant is None:
            return
        sessions, api = self.parts.sessions, self.parts.apis[grant.api_key]

        def ask() -> None:
            try:
                work(api, grant)
            except KiteTokenError as error:
                sessions.refused(grant.api_key, str(error))
                raise

        self.jobs.begin(name, ask, every_s)

    # -- what it says ---------------------------------------------------------------------------

    def status(self) -> OperationsStatus:
        """Return operations as they are, also if the scheduler stands still; from any thread."""
        first = scheduler_stage(max(0.0, self.clock.monotonic() - self._ticked_s))
        others = tuple(s for s in self._status.stages if s.name != first.name)
        return replace(self._status, stages=(first, *others))

    def stages(self) -> tuple[Stage, ...]:
        """Return the health of what stands before the desk, and of its tape."""
        return tuple(s for s in self.status().stages if s.name in OUTER)

    def stop(self) -> None:
        """Let go of the connection and of the right to it; the tape stays to be gone on with."""
        self.parts.pool.close()
        self.parts.lease.release()

    def _made_status(self) -> OperationsStatus:
        return OperationsStatus(
            at_ns=self.clock.now_ns(),
            mode=self.mode,
            phase=self.plan.phase,
            sentence=self.plan.sentence,
            next_sentence=self.plan.next_sentence,
            sessions=self.parts.sessions.statuses(),
            connections=self.parts.pool.connections(),
            stages=self._made_stages(),
            subscribed=self._counts(),
            transitions=self.diary.entries,
            problems=self._problems(),
            reports=self._reports,
        )

    def _made_stages(self) -> tuple[Stage, ...]:
        now_ns, pool = self.clock.now_ns(), self.parts.pool
        connections = pool.connections()
        rate, _ = self._rates.see(now_ns, sum(one.messages for one in connections), 0)
        return (
            scheduler_stage(0.0),
            kite_stage(self.parts.sessions.statuses(), self.plan),
            socket_stage(connections, self.plan, now_ns, rate),
            quotes_stage(pool.ages_s(), self._liquid, self.plan),
            *self.parts.recording.stages(),
            self._database_stage(),
        )

    def _database_stage(self) -> Stage:
        age_s = max(0.0, self.clock.monotonic() - self._beaten_s)
        error = self.jobs.errors().get("journal", "")
        if error:
            todo = "Make the database writable: `tezi doctor` says what stands in its way."
            return Stage("Database", DOWN, error, age_s, todo=todo)
        if age_s > BEAT_LATE_S:
            todo = "Look at the disk: the database answers too slowly."
            return Stage("Database", LATE, f"No write for {age(age_s)}", age_s, todo=todo)
        return Stage("Database", FLOWING, f"Written {age(age_s)} ago", age_s)

    def _counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self._instruments:
            if one.token in self._subscribed:
                found[one.underlying] = found.get(one.underlying, 0) + 1
        return found

    def _problems(self) -> tuple[str, ...]:
        found = []
        if self.plan.needs_feed and not self._is_the_one and not self.jobs.is_running("lease"):
            found.append(f"{ELSEWHERE}. Stop the other one, or look at the day there.")
        if self.plan.needs_feed and self._contracts_day == self.plan.day:
            found += self.parts.contracts.remarks(self.plan.day)
        found += [f"{SAID.get(n, n)}: {why}" for n, why in self.jobs.errors().items()]
        found += [f"The scheduler could not {n}: {why}" for n, why in self._faults.items()]
        return (*found, *self.plan.warnings)


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
