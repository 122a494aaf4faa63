"""The connections of one API key, and when each of them may be tried.

All of a key share one backoff, and after a failure one of them goes ahead until it has
proved itself: an outage costs one attempt at a time, not three, and a dead token one at all.
"""

import re
from collections.abc import Callable, Sequence

from dashboard.core.clock import Clock
from dashboard.core.kite import ConnectionStatus, Grant
from feeds.kite_backoff import Backoff
from feeds.kite_connection import CLOSED, CONNECTING, REFUSED, SILENT, WAITING, Connection

FORBIDDEN = re.compile(r"\b403\b")  # in the reason of a close: the token is dead
STEADY_S = 60  # a connection that stands so long makes earlier failures forgotten

NO_TOKEN = "There is no access token: sign in"  # noqa: S105
DEAD_TOKEN = "Kite refused the access token: sign in again"  # noqa: S105


class Key:
    """See the module. Everything belongs to the reactor's thread.

    Attributes
    ----------
    connections : sequence of Connection
        As many as Kite allows; those that carry nothing stay closed.
    """

    def __init__(
        self,
        api_key: str,
        connections: Sequence[Connection],
        backoff: Backoff,
        clock: Clock,
        on_flow: Callable[[str], None],
        on_refused: Callable[[str, str], None],
    ) -> None:
        self.api_key = api_key
        self.connections = connections
        self._backoff = backoff
        self._clock = clock
        self._on_flow, self._on_refused = on_flow, on_refused
        self._grant: Grant | None = None
        self._refused: Grant | None = None
        self._token = ""  # that was used last
        for connection in connections:
            connection.owner = self

    @property
    def is_usable(self) -> bool:
        """Say whether there is a token that Kite has not refused."""
        return self._grant is not None

    def statuses(self) -> list[ConnectionStatus]:
        """Return what the connections do that carry something or did so before."""
        statuses = [connection.status(self.api_key) for connection in self.connections]
        return [s for s in statuses if s.tokens or s.messages or s.state != CLOSED]

    def use(self, grant: Grant) -> None:
        """Use this token from now on; one that Kite refused is not tried again."""
        if grant in (self._grant, self._refused):
            return
        self._grant, self._refused = grant, None
        if grant.access_token == self._token:
            return
        self._token = grant.access_token
        self._backoff.reset()
        self._rest(WAITING, "")

    def stop(self, reason: str) -> None:
        """Close every connection until there is a token again."""
        self._grant = None
        if self._refused is None:
            self._rest(CLOSED, reason)

    def look(self, ticks_expected_since: float | None) -> None:
        """Rebuild what fell silent, and open what is due."""
        now = self._clock.monotonic()
        for connection in self.connections:
            why = connection.silence(now, ticks_expected_since)
            if why is not None:
                connection.lost(why)
        if self._backoff.failures and any(self._is_steady(c, now) for c in self.connections):
            self._backoff.failures = 0
        self.open_due()

    def open_due(self) -> None:
        """Open what is not open, as far as earlier failures allow."""
        now = self._clock.monotonic()
        for connection in self.connections:
            if self._grant is None:
                return
            if not connection.tokens or connection.is_open or connection.state == CONNECTING:
                continue
            if now >= self._backoff.due and not self._one_goes_ahead():
                connection.open(self._grant)
            elif connection.state != WAITING:
                connection.rest(WAITING, "Another connection goes ahead")

    # -- what connections tell ---------------------------------------------------------------

    def on_open(self) -> None:
        """Let the others follow."""
        self.open_due()

    def on_flow(self) -> None:
        """Let the others follow, and say that the token is good."""
        self._on_flow(self.api_key)
        self.open_due()

    def on_lost(self, reason: str) -> None:
        """Wait; stop altogether where Kite refused the token."""
        self._backoff.failed(self._clock.monotonic())
        if FORBIDDEN.search(reason) and self._grant is not None:
            self._refused, self._grant = self._grant, None
            self._rest(REFUSED, DEAD_TOKEN)
            self._on_refused(self.api_key, reason)

    # -- inside --------------------------------------------------------------------------------

    def _rest(self, state: str, reason: str) -> None:
        for connection in self.connections:
            if connection.tokens or connection.state != CLOSED:
                connection.rest(state if connection.tokens else CLOSED, reason)

    def _one_goes_ahead(self) -> bool:
        """Say whether a connection is under way that has not shown yet that it works."""
        doubtful = (CONNECTING, SILENT) if self._backoff.failures else (CONNECTING,)
        return any(connection.state in doubtful for connection in self.connections)

    def _is_steady(self, connection: Connection, now: float) -> bool:
        after = connection.opened_at > self._backoff.failed_at
        return connection.is_open and after and now - connection.opened_at >= STEADY_S
