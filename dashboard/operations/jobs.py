"""Blocking steps beside the loop: each at most once at a time, tried again with patience."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import KiteLimitError, TeziError

log = structlog.get_logger(__name__)

RETRY_S = (2.0, 5.0, 10.0, 30.0, 60.0)  # after each failure in a row
LONG_S = 300.0  # a step that is under way for longer than this is told

Run = Callable[[Callable[[], None]], None]


def threads() -> Run:
    """Return what gives every piece of work a thread of its own.

    There are never more than there are names of steps, and so none waits for another: the
    lease is renewed and the tape ended while Kite takes its time. They do not keep a process
    alive that is told to end; `Jobs.close` gives them the time they need.
    """

    def run(work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="operations", daemon=True).start()

    return run


@dataclass
class _Job:
    begun_s: float | None = None  # monotonic; None while it does not run
    failures: int = 0
    due_s: float = 0.0  # monotonic; no attempt before
    failure: Exception | None = None


@dataclass
class Jobs:
    """Named steps. What is asked of it returns at once; the loop looks at the outcome later."""

    clock: Clock
    run: Run = field(default_factory=threads)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def begin(
        self,
        name: str,
        work: Callable[[], object],
        every_s: float = 0.0,
        retry_s: tuple[float, ...] = RETRY_S,
    ) -> bool:
        """Begin a step unless it runs or is not due; say whether it was begun.

        After a success it is due again in `every_s`, after failures in a row in the seconds of
        `retry_s`, of which the last repeats.
        """
        with self._changed:
            job = self._jobs.setdefault(name, _Job())
            now_s = self.clock.monotonic()
            if self._closed or job.begun_s is not None or now_s < job.due_s:
                return False
            job.begun_s = now_s
        try:
            self.run(lambda: self._do(name, job, work, every_s, retry_s))
        except BaseException:  # no thread could be had: it never ran
            self._end(job, retry_s[0])
            raise
        return True

    def is_running(self, name: str) -> bool:
        """Say whether a step is under way."""
        job = self._jobs.get(name)
        return job is not None and job.begun_s is not None

    def failures(self, name: str) -> int:
        """Return how often in a row a step has failed."""
        job = self._jobs.get(name)
        return job.failures if job else 0

    def failure(self, name: str) -> Exception | None:
        """Return why a step failed, if it failed last time it was tried."""
        job = self._jobs.get(name)
        return job.failure if job else None

    def forget(self, name: str) -> None:
        """Let a step be tried at once, as when what stood in its way is gone."""
        with self._changed:
            job = self._jobs.get(name)
            if job is not None and job.begun_s is None:
                del self._jobs[name]

    def errors(self) -> dict[str, str]:
        """Return why each step failed that failed last time it was tried."""
        found = [(name, job.failure) for name, job in list(self._jobs.items())]
        return {name: told(failure) for name, failure in found if failure is not None}

    def long(self) -> dict[str, float]:
        """Return the seconds of each step that is under way for suspiciously long."""
        now_s = self.clock.monotonic()
        found = [(name, job.begun_s) for name, job in list(self._jobs.items())]
        ages = {name: now_s - begun for name, begun in found if begun is not None}
        return {name: age_s for name, age_s in ages.items() if age_s > LONG_S}

    def close(self, patience_s: float) -> bool:
        """Begin nothing any more; say whether all that ran ended within `patience_s`."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(
                lambda: all(job.begun_s is None for job in self._jobs.values()), patience_s
            )

    def _do(
        self,
        name: str,
        job: _Job,
        work: Callable[[], object],
        every_s: float,
        retry_s: tuple[float, ...],
    ) -> None:
        wait_s = every_s
        try:
            work()
        except Exception as error:
            wait_s = self._failed(name, job, error, retry_s)
        else:
            job.failure, job.failures = None, 0
        finally:  # whatever ended the work, the next one is not locked out
            self._end(job, wait_s)

    def _failed(self, name: str, job: _Job, error: Exception, retry_s: tuple[float, ...]) -> float:
        """Note a failure; return how long to wait, in seconds."""
        is_plain = isinstance(error, TeziError)  # its sentence says enough
        if job.failure is None or type(error) is not type(job.failure):
            log.warning("step failed", step=name, error=str(error), exc_info=not is_plain)
        wait_s = retry_s[min(job.failures, len(retry_s) - 1)]
        job.failure = error.with_traceback(None)  # which would keep all that the work held
        job.failures += 1
        return max(wait_s, error.wait_s) if isinstance(error, KiteLimitError) else wait_s

    def _end(self, job: _Job, wait_s: float) -> None:
        with self._changed:
            job.due_s = self.clock.monotonic() + wait_s
            job.begun_s = None
            self._changed.notify_all()


def told(error: Exception) -> str:
    """Return what a person may read of an error."""
    return str(error) if isinstance(error, TeziError) else f"{type(error).__name__}: {error}"
