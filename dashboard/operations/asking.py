"""Ask Kite beside the loop, with a token that is good; without one there is nobody to ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dashboard.core.errors import KiteTokenError
from dashboard.core.kite import Grant, KiteApi
from dashboard.operations.jobs import Jobs
from dashboard.operations.parts import Sessions

Question = Callable[[KiteApi, Grant], object]


@dataclass
class Kite:
    """Begin jobs that ask Kite. A token that it refuses is told to the sessions at once."""

    apis: Mapping[str, KiteApi]
    sessions: Sessions
    jobs: Jobs
    _asked: set[str] = field(default_factory=set)  # names of jobs
    _grants: tuple[Grant, ...] = ()

    @property
    def can_be_asked(self) -> bool:
        """Say whether there is a good token."""
        return bool(self.sessions.grants())

    def ask(self, name: str, question: Question, every_s: float = 0.0) -> bool:
        """Begin the job `name` unless it runs, is not due or has no token; say if it began."""
        grant = next(iter(self.sessions.grants()), None)
        if grant is None:
            return False
        self._asked.add(name)
        return self.jobs.begin(name, lambda: self._put(question, grant), every_s)

    def look(self) -> None:
        """Forget the patience that old tokens asked for: a new one may be used at once."""
        grants = self.sessions.grants()
        if set(grants) - set(self._grants):
            for name in self._asked:
                self.jobs.forget(name)
        self._grants = grants

    def _put(self, question: Question, grant: Grant) -> None:
        try:
            question(self.apis[grant.api_key], grant)
        except KiteTokenError as error:
            if grant in self.sessions.grants():  # a newer one is not refused by an older question
                self.sessions.refused(grant.api_key, str(error))
            raise
