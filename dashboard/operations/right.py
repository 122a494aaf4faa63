"""The right to be the one process that holds the connection to Kite and records the day."""

from dataclasses import dataclass

from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import StoreError
from dashboard.operations.diary import Diary
from dashboard.operations.jobs import Jobs
from dashboard.operations.parts import Lease
from dashboard.operations.probe import Probe

RENEW_S = 5.0
RETRY_S = (1.0, 2.0)  # it runs out soon, and to ask costs the database little
HOLDS_NS = 12 * SECOND_NS  # after it was asked for: less than the lease itself lasts
HOLDS_HERE_NS = 30 * SECOND_NS  # ... or after the last refusal, where who refuses us refuses all
SOMEBODY = "another process"


@dataclass
class Right:
    """Renew the lease beside the loop, and know at each look whether it is still ours.

    While a database that is a file here cannot be written, nobody else takes the lease either.
    What is received waits in memory then: to drop the connection would lose it. Should another
    process be quicker afterwards, the next look tells, and the tape has one writer always.
    """

    clock: Clock
    lease: Lease
    jobs: Jobs
    diary: Diary
    probe: Probe
    other: str = ""  # who holds it, where that is known to be somebody else
    _until_ns: int = 0

    @property
    def is_held(self) -> bool:
        """Say whether this process is the one."""
        return self.clock.now_ns() < self._until_ns

    @property
    def is_anothers(self) -> bool:
        """Say whether another process is the one, or may be: nobody has answered yet."""
        return bool(self.other) or not (self.is_held or self.jobs.failures("lease"))

    def renew(self) -> None:
        """Renew it when it is time to."""
        self.jobs.begin("lease", self._hold, RENEW_S, RETRY_S)
        if self.is_held:
            self.diary.change("lease", "held", "This process holds the connection to Kite")
        elif self.other:
            self.diary.change("lease", self.other, f"The connection to Kite: {self.other} holds it")
        elif self._until_ns:
            words = "The right to the connection to Kite ran out: it could not be renewed"
            self.diary.change("lease", "ran out", words)

    def problem(self) -> str:
        """Return what is wrong where it is not held, and what to do; "" where all is well."""
        if self.is_held:
            return ""
        if self.other:
            return (
                f"This process records nothing: {self.other} holds the connection to Kite. "
                "Look at the day there, or stop that one: this one takes over by itself."
            )
        if not self._until_ns and self.jobs.is_running("lease"):
            return ""  # it is being asked for the first time
        return (
            "The right to the connection to Kite could not be renewed, and nothing is received: "
            "see what Database says."
        )

    def release(self) -> None:
        """Give it back."""
        self._until_ns = 0
        self.lease.release()

    def _hold(self) -> None:
        asked_ns = self.clock.now_ns()  # the lease lasts from here, however long the answer takes
        try:
            with self.probe.watched("lease"):
                is_ours = self.lease.hold()
                other = "" if is_ours else self.lease.holder_now() or SOMEBODY
        except StoreError:
            if self.lease.is_local and self.is_held:
                self._until_ns = self.clock.now_ns() + HOLDS_HERE_NS
            raise
        self.other = other
        lasts_ns = HOLDS_HERE_NS if self.lease.is_local else HOLDS_NS
        self._until_ns = asked_ns + lasts_ns if is_ours else 0
