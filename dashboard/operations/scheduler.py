"""The scheduler reconciles: once a second it asks what should be running, and makes it so.

It keeps no appointment. Started at 11:20 it finds that the day should be recorded and is
not, and begins; what broke is found missing a second later and made good. Nothing here waits:
what takes time is a job beside the loop, and the next look finds its outcome.
"""

from dataclasses import dataclass, field, replace
from datetime import date

from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS, Clock, from_ns
from dashboard.core.health import OperationsStatus, Stage
from dashboard.core.kite import Grant, KiteApi
from dashboard.core.wording import age
from dashboard.operations.asking import Kite
from dashboard.operations.calling import Caller
from dashboard.operations.diary import Diary
from dashboard.operations.ending import Ending
from dashboard.operations.faults import Faults
from dashboard.operations.health import TICK_LATE_S, scheduler_stage
from dashboard.operations.jobs import Jobs, Run, threads
from dashboard.operations.parts import Parts
from dashboard.operations.plan import plan
from dashboard.operations.probe import Probe
from dashboard.operations.right import Right
from dashboard.operations.subscribing import Subscription
from dashboard.operations.telling import OUTER, brief_status, outer_stages, sentences
from dashboard.pipeline.views.health import Rates

SESSIONS_S = 5.0
FILL_S = 60.0
BEAT_S = 5.0
OLD_DUMP_AFTER = 3  # failures in trading hours, then the last dump before today's serves
PATIENCE_S = 5.0  # at the end of the process, for what is being written


@dataclass
class Scheduler:
    """Call `tick` once a second on the server's loop. `run` is where jobs go."""

    clock: Clock
    calendar: Calendar
    parts: Parts
    mode: str = "live"
    run: Run = field(default_factory=threads)

    def __post_init__(self) -> None:
        clock, parts = self.clock, self.parts
        self.jobs, self.diary = Jobs(clock, self.run), Diary(clock)
        self._faults, self._probe, self._rates = Faults(), Probe(clock), Rates()
        self._kite = Kite(parts.apis, parts.sessions, self.jobs)
        self._right = Right(clock, parts.lease, self.jobs, self.diary, self._probe)
        self._caller = Caller(parts.notifier)
        self._subscription = Subscription(
            clock, parts.contracts, parts.recording, parts.pool, self.jobs, self.diary
        )
        self._ending = Ending(
            self.calendar,
            parts.recording,
            parts.reconciler,
            parts.journal,
            self._kite,
            self.jobs,
            self.diary,
        )
        self._ticked_s = clock.monotonic()
        self._granted: tuple[Grant, ...] = ()
        self._contracts_day: date | None = None
        self._history_day: date | None = None
        self.plan = plan(self.calendar, from_ns(clock.now_ns()))
        self._status = brief_status(clock.now_ns(), self.mode, self.plan)

    # -- once a second -----------------------------------------------------------------------

    def tick(self) -> None:
        """Make what runs what should run. It returns at once and never raises."""
        for step in (
            self._look_at_the_calendar,
            self._hold_the_right,
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
            self._faults.guard(step)

    def _look_at_the_calendar(self) -> None:
        still_s = self.clock.monotonic() - self._ticked_s
        if still_s > TICK_LATE_S:
            self.diary.note(f"The scheduler had not looked for {age(still_s)}")
        self._ticked_s = self.clock.monotonic()
        self.plan = plan(self.calendar, from_ns(self.clock.now_ns()))
        self.diary.change("phase", self.plan.phase, f"{self.plan.phase}: {self.plan.sentence}")

    def _hold_the_right(self) -> None:
        self._right.renew()
        recording = self.parts.recording
        if recording.day is not None and (self._right.other or recording.is_lost):
            self.jobs.begin("recording", recording.close)  # it is, or was, another's day

    def _look_at_sessions(self) -> None:
        self.jobs.begin("sessions", self.parts.sessions.look, SESSIONS_S)
        self._kite.look()

    def _call_a_person(self) -> None:
        if self._right.is_anothers:
            return  # which calls
        now = from_ns(self.clock.now_ns())
        if self._caller.look(self.plan, self.parts.sessions.statuses(), now):
            self.diary.note("A person was called to sign in to Kite")

    def _finish_what_was_left(self) -> None:
        if self._right.is_held:
            self._ending.finish_what_was_left(self.plan)

    def _fetch_contracts(self) -> None:
        day, contracts = self.plan.day, self.parts.contracts
        if not (self.plan.needs_contracts and self._right.is_held) or self._contracts_day == day:
            return

        def fetch(api: KiteApi, grant: Grant) -> None:
            if not contracts.has(day):
                contracts.fetch(api, grant, day)
                self.diary.note("The day's instruments are here")
            contracts.remarks(day)  # the first look at a day takes a while: not on the loop
            self._contracts_day = day

        self._kite.ask("contracts", fetch)

    def _begin_recording(self) -> None:
        day = self.plan.day
        is_ready = self._knows_contracts and self._ending.has_looked(day)
        if not (self.plan.needs_feed and self._right.is_held and is_ready):
            return
        if self.parts.recording.day is None:
            begin = self._subscription.begin
            self._kite.ask("recording", lambda api, grant: begin(api, grant, day))

    @property
    def _knows_contracts(self) -> bool:
        """Say whether the day's dump is here, or must do without."""
        late = self.jobs.failures("contracts") >= OLD_DUMP_AFTER and self.plan.expects_ticks
        return self._contracts_day == self.plan.day or late

    @property
    def _records(self) -> bool:
        """Say whether today is recorded, and by this process."""
        is_today = self.parts.recording.day == self.plan.day
        return is_today and self.plan.needs_feed and self._right.is_held

    def _fetch_history(self) -> None:
        day = self.plan.day
        is_ready = self._contracts_day == day and self._ending.has_looked(day)  # yesterday is past
        if not (self._right.is_held and is_ready) or self._history_day == day:
            return

        def fetch(api: KiteApi, grant: Grant) -> None:
            count = self.parts.history.fetch(api, grant, day)
            self._history_day = day
            if count:
                self.diary.note(f"{count} earlier sessions were fetched")
                self.parts.recording.refresh()

        self._kite.ask("history", fetch)

    def _subscribe(self) -> None:
        self._subscription.follow(self.plan)

    def _connect(self) -> None:
        grants = self.parts.sessions.grants() if self._records else ()
        if grants != self._granted:
            self.parts.pool.grant(grants)
            self._granted = grants  # only now: what raised is not done
        self.parts.pool.expect_ticks(self._records and self.plan.expects_ticks)
        self.parts.pool.check()

    def _fill_holes(self) -> None:
        if not self._records:
            return
        now_s = self.clock.now_ns() // SECOND_NS

        def fill(api: KiteApi, grant: Grant) -> None:
            count = self.parts.filler.fill(api, grant, self.parts.recording, now_s)
            if count:
                self.diary.note(f"{count} missing bars were backfilled")

        self._kite.ask("fill", fill, FILL_S)

    def _end_the_day(self) -> None:
        if self._right.is_held:
            self._ending.finish(self.plan)

    def _report(self) -> None:
        if self._right.is_held:
            self._ending.report(self.plan)

    def _note_changes(self) -> None:
        self.diary.see_sessions(self.parts.sessions.statuses())
        self.diary.see_connections(self.parts.pool.connections())

    def _tell(self) -> None:
        """Put the present state together, and keep it where other processes find it."""
        self._status = self._whole_status()
        if not self._right.is_anothers:  # which tells its own
            self.jobs.begin("journal", self._beat, BEAT_S)

    def _beat(self) -> None:
        with self._probe.watched("journal"):
            self.parts.journal.beat(self._status)

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
        self.jobs.close(PATIENCE_S)
        self._granted = ()
        self.parts.pool.close()
        try:
            self.parts.recording.close()  # first: whoever has the right next takes over the tape
        finally:
            self._right.release()

    def _whole_status(self) -> OperationsStatus:
        now = brief_status(self.clock.now_ns(), self.mode, self.plan)
        return replace(
            now,
            sessions=self.parts.sessions.statuses(),
            connections=self.parts.pool.connections(),
            stages=self._whole_stages(),
            subscribed=self._subscription.counts(),
            transitions=self.diary.entries,
            problems=self._problems(),
            reports=self._ending.reports,
        )

    def _whole_stages(self) -> tuple[Stage, ...]:
        messages = sum(one.messages for one in self.parts.pool.connections())
        rate, _ = self._rates.see(self.clock.now_ns(), messages, 0)
        return (
            *outer_stages(
                self.parts, self.plan, self._subscription.liquid, self.clock.now_ns(), rate
            ),
            *self.parts.recording.stages(),
            self._probe.stage(),
        )

    def _problems(self) -> tuple[str, ...]:
        right = self._right.problem() if self.plan.needs_token else ""
        is_here = self.plan.needs_feed and self._contracts_day == self.plan.day
        remarks = self.parts.contracts.remarks(self.plan.day) if is_here else ()
        found = [*([right] if right else []), *remarks, *sentences(self.jobs)]
        return (*found, *self._faults.sentences(), *self.plan.warnings)
