"""When the database last took what was written, and how long that took."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dashboard.core.clock import Clock
from dashboard.core.health import Stage
from dashboard.operations.health import database_stage


@dataclass
class Probe:
    """Watch the small writes that operations make anyway; from any thread."""

    clock: Clock
    took_s: float | None = None
    _failures: dict[str, Exception] = field(default_factory=dict)  # by what was written
    _written_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._written_s = self.clock.monotonic()

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Watch one write."""
        begun_s = self.clock.monotonic()
        try:
            yield
        except Exception as error:
            self._failures[what] = error
            raise
        self._written_s = self.clock.monotonic()
        self.took_s = self._written_s - begun_s
        self._failures.pop(what, None)

    def stage(self) -> Stage:
        """Return the health of the database."""
        age_s = max(0.0, self.clock.monotonic() - self._written_s)
        failure = next(iter(list(self._failures.values())), None)
        return database_stage(age_s, self.took_s, failure)
