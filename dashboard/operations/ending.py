"""What is to be done when a day is over: finish its tape, reconcile it, report it.

It is done whenever it is found undone: at the end of the day, or by the next process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from dashboard.core.calendar import Calendar
from dashboard.core.errors import CalendarError, TeziError
from dashboard.core.health import DayReport
from dashboard.core.kite import Grant, KiteApi
from dashboard.operations.asking import Kite
from dashboard.operations.diary import Diary
from dashboard.operations.jobs import Jobs
from dashboard.operations.parts import Journal, Reconciler, Recording
from dashboard.operations.plan import DayPhase, Plan
from dashboard.pipeline.hours import trading_hours

DAY = timedelta(days=1)
LOOKS_BACK = 7  # days in which something may have been left
REPORT_TRIES = 30  # some twenty-five minutes: what is not reconciled by then never is
REPORTS_SHOWN = 5
NO_TOKEN = "No token of Kite's was good after the close"  # noqa: S105 - a sentence


@dataclass
class Ending:
    """The days that are over and not yet reported."""

    calendar: Calendar
    recording: Recording
    reconciler: Reconciler
    journal: Journal
    kite: Kite
    jobs: Jobs
    diary: Diary
    reports: tuple[DayReport, ...] = ()  # latest first
    _unreported: list[date] = field(default_factory=list)
    _looked_on: date | None = None  # what was left before this day is finished

    def has_looked(self, day: date) -> bool:
        """Say whether what was left before `day` is finished, or could not be."""
        return self._looked_on == day or self.jobs.failures("left") > 0

    def finish_what_was_left(self, plan: Plan) -> None:
        """Finish and prepare the days that an earlier process left, or did not report."""
        if self._looked_on != plan.day and self.recording.day is None:
            self.jobs.begin("left", lambda: self._finish_left(plan))

    def finish(self, plan: Plan) -> None:
        """Finish the recording of a day that is over."""
        day = self.recording.day
        if day is None or (plan.needs_feed and day == plan.day):
            return

        def finish() -> None:
            try:
                self.recording.finish()
            except Exception:
                self._looked_on = None  # what is not done of a complete tape is left, and found
                raise
            self._owe(day)
            self._looked_on = plan.day
            self.diary.note(f"The tape of {day} is complete")

        self.jobs.begin("recording", finish)

    def report(self, plan: Plan) -> None:
        """Reconcile and report a day; without Kite it is reported all the same."""
        if not self._unreported or plan.needs_feed:
            return
        day = self._unreported[0]
        if self.jobs.failures("report") >= REPORT_TRIES:
            self._report_without(day, self.jobs.errors()["report"])
        elif self.kite.can_be_asked:
            self.kite.ask("report", lambda api, grant: self._reconcile(api, grant, day))
        elif not plan.has_session_ahead:  # for which somebody will sign in
            self._report_without(day, NO_TOKEN)

    # -- beside the loop -----------------------------------------------------------------------

    def _finish_left(self, plan: Plan) -> None:
        reported = {one.day for one in self.journal.reports(LOOKS_BACK + 1)}
        failure: TeziError | None = None
        for day in self._days_over(plan):
            try:
                if str(day) not in reported and self.recording.has_left(day):
                    self.recording.finish_left(day)
                    self._owe(day)
                    self.diary.note(f"The tape of {day} was finished, which was left open")
            except TeziError as error:  # the other days do not wait for this one
                failure = failure or error
        self.reports = self.journal.reports(REPORTS_SHOWN)
        if failure is not None:
            raise failure
        self._looked_on = plan.day

    def _days_over(self, plan: Plan) -> Iterator[date]:
        """Yield the latest days with a session that are over, oldest first."""
        for ago in range(LOOKS_BACK, -1, -1):
            day = plan.day - ago * DAY
            try:
                if self.calendar.has_session(day) and (ago or plan.phase is DayPhase.FINISHED):
                    yield day
            except CalendarError:
                continue  # nothing was recorded on a day that is not covered

    def _owe(self, day: date) -> None:
        if day not in self._unreported:
            self._unreported.append(day)

    def _reconcile(self, api: KiteApi, grant: Grant, day: date) -> None:
        hours = trading_hours(self.calendar, day)
        instruments = self.recording.instruments(day)
        self._keep(day, self.reconciler.reconcile(api, grant, day, hours, instruments))

    def _report_without(self, day: date, why: str) -> None:
        def report() -> None:
            hours = trading_hours(self.calendar, day)
            instruments = self.recording.instruments(day)
            self._keep(day, self.reconciler.unreconciled(day, hours, instruments, why))
            self.jobs.forget("report")

        self.jobs.begin("report without", report)

    def _keep(self, day: date, report: DayReport) -> None:
        self.journal.report(report)
        self.reports = self.journal.reports(REPORTS_SHOWN)
        self._unreported.remove(day)
        self.diary.note(f"The report of {day} is written")
