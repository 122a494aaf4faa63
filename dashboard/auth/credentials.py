"""Whether a session or API key is alive, asked often and answered fast.

What the database says is believed for two seconds, which is how long an end that another
process made may go unnoticed. An end made in this process counts at once: it is dropped
from what is believed, and those who listen are told.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from dashboard.auth.records import Standing
from dashboard.auth.stores import AccountStore
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import StoreLockedError

log = structlog.get_logger(__name__)

BELIEVED_S = 2.0
MOST = 10_000  # credentials that are remembered at once
SEEN_EVERY_NS = 60 * SECOND_NS  # how often it is written when one was last seen

Listener = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    at_s: float  # of the monotonic clock
    standing: Standing


class Credentials:
    """Know what stands behind ``s:<session id>`` and ``k:<key id>``."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[str, _Answer] = {}
        self._ends = 0  # counts them: an answer from before one is not remembered after it
        self._listeners: dict[int, Listener] = {}
        self._next_number = 1

    def standing(self, credential: str) -> Standing | None:
        """Return whose it is; None where it is unknown, over, or its account shut out."""
        with self._lock:
            answer, ends = self._answers.get(credential), self._ends
        if answer is not None and self._clock.monotonic() - answer.at_s < BELIEVED_S:
            return answer.standing if self._lasts(answer.standing) else None
        asked_s = self._clock.monotonic()
        standing = self._ask(credential)
        with self._lock:
            if standing is None:
                self._answers.pop(credential, None)
            elif ends == self._ends:
                if len(self._answers) >= MOST:
                    self._answers.clear()
                self._answers[credential] = _Answer(asked_s, standing)
        if standing is not None:
            self._see(credential, standing)
        return standing

    def is_over(self, credential: str) -> bool:
        """Ask the database, whatever is believed, whether a credential is over."""
        is_over = self._ask(credential) is None
        if is_over:
            self._drop([credential])
        return is_over

    def end(self, credentials: Iterable[str]) -> None:
        """Believe nothing of these any more, and tell those who listen."""
        ended = list(credentials)
        self._drop(ended)
        with self._lock:
            listeners = list(self._listeners.values())
        for credential in ended:
            for listener in listeners:
                _tell(listener, credential)

    def listen(self, listener: Listener) -> int:
        """Have `listener` called with each credential that ends in this process.

        It is called too when the account's role changes: what was opened with the
        credential was opened for the role before. It may be called on any thread, and must
        return soon.

        Returns
        -------
        int
            What `leave` takes.
        """
        with self._lock:
            number, self._next_number = self._next_number, self._next_number + 1
            self._listeners[number] = listener
        return number

    def leave(self, number: int) -> None:
        """Call a listener no more."""
        with self._lock:
            self._listeners.pop(number, None)

    def _drop(self, credentials: Iterable[str]) -> None:
        with self._lock:
            self._ends += 1
            for credential in credentials:
                self._answers.pop(credential, None)

    def _ask(self, credential: str) -> Standing | None:
        kind, _, number = credential.partition(":")
        now_ns = self._clock.now_ns()
        if kind == "s":
            return self._store.sessions.standing(number, now_ns)
        if kind == "k":
            return self._store.api_keys.standing(number, now_ns)
        return None

    def _lasts(self, standing: Standing) -> bool:
        return standing.expires_ns is None or standing.expires_ns > self._clock.now_ns()

    def _see(self, credential: str, standing: Standing) -> None:
        now_ns = self._clock.now_ns()
        if standing.seen_ns is not None and now_ns - standing.seen_ns < SEEN_EVERY_NS:
            return
        kind, _, number = credential.partition(":")
        store = self._store.sessions if kind == "s" else self._store.api_keys
        with suppress(StoreLockedError):  # it is seen again before long
            store.touch(number, now_ns)


def _tell(listener: Listener, credential: str) -> None:
    try:
        listener(credential)
    except Exception:
        log.exception("A listener to ended sign-ins failed")
