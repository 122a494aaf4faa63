"""Blocking steps beside the loop: each at most once at a time, tried again with patience."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import KiteLimitError, TeziError

log = structlog.get_logger(__name__)

THREADS = 3  # the tape's end must not wait for Kite's answer
RETRY_S = (2.0, 5.0, 10.0, 30.0, 60.0)  # after each failure in a row

Run = Callable[[Callable[[], None]], None]


def threads() -> Run:
    """Return what runs work in a few threads of its own."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="operations")

    def run(work: Callable[[], None]) -> None:
        pool.submit(work)

    return run


@dataclass
class _Job:
    running: bool = False
    failures: int = 0
    due_s: float = 0.0  # monotonic; no attempt before
    error: str = ""


@dataclass
class Jobs:
    """Named steps. What is asked of it returns at once; the loop looks at the outcome later."""

    clock: Clock
    run: Run = field(default_factory=threads)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, work: Callable[[], object], every_s: float = 0.0) -> bool:
        """Begin a step unless it runs or is not due; say whether it was begun.

        After a success it is due again in `every_s`, after a failure when its patience is over.
        """
        with self._lock:
            job = self._jobs.setdefault(name, _Job())
            if job.running or self.clock.monotonic() < job.due_s:
                return False
            job.running = True
        self.run(lambda: self._do(name, job, work, every_s))
        return True

    def is_running(self, name: str) -> bool:
        """Say whether a step is under way."""
        job = self._jobs.get(name)
        return job is not None and job.running

    def failures(self, name: str) -> int:
        """Return how often in a row a step has failed."""
        job = self._jobs.get(name)
        return job.failures if job else 0

    def forget(self, name: str) -> None:
        """Let a step be tried at once, as when what stood in its way is gone."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and not job.running:
                del self._jobs[name]

    def errors(self) -> dict[str, str]:
        """Return why each step failed that failed last time it was tried."""
        return {name: job.error for name, job in list(self._jobs.items()) if job.error}

    def _do(self, name: str, job: _Job, work: Callable[[], object], every_s: float) -> None:
        try:
            work()
        except Exception as error:
            told = isinstance(error, TeziError)  # its sentence says enough
            if not job.error:
                log.warning("step failed", step=name, error=str(error), exc_info=not told)
            job.error = str(error) if told else f"{type(error).__name__}: {error}"
            wait_s = RETRY_S[min(job.failures, len(RETRY_S) - 1)]
            if isinstance(error, KiteLimitError):
                wait_s = max(wait_s, error.wait_s)
            job.failures += 1
        else:
            job.error, job.failures, wait_s = "", 0, every_s
        with self._lock:
            job.due_s = self.clock.monotonic() + wait_s
            job.running = False
