"""Indicators that accounts subscribed to: kept for the life of the process, by account."""

import secrets
import threading
from dataclasses import dataclass

from dashboard.api.problems import Problem
from dashboard.auth.identity import Identity

MOST = 200  # of an account
ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Subscription:
    """Indicators of one instrument's bars."""

    id: str
    ids: tuple[str, ...]
    instrument: str
    timeframe: str

    @property
    def topic(self) -> str:
        """Return what /ws/desk tells them under."""
        return f"indicators:{self.instrument}:{self.timeframe}:{','.join(self.ids)}"


class Subscribed:
    """Subscriptions by account. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[int, dict[str, Subscription]] = {}

    def add(
        self, identity: Identity, ids: tuple[str, ...], instrument: str, timeframe: str
    ) -> Subscription:
        """Return the account's subscription to these; the one that is there already, if any.

        Raises
        ------
        Problem
            409 where the account has too many.
        """
        with self._lock:
            mine = self._of.setdefault(identity.account_id, {})
            wanted = (ids, instrument, timeframe)
            for one in mine.values():
                if (one.ids, one.instrument, one.timeframe) == wanted:
                    return one
            if len(mine) >= MOST:
                raise Problem(409, f"You have {MOST} subscriptions: end one first")
            made = Subscription(secrets.token_urlsafe(ID_BYTES), *wanted)
            mine[made.id] = made
            return made

    def remove(self, identity: Identity, subscription_id: str) -> None:
        """End one; raise `Problem` 404 where it is not the account's."""
        with self._lock:
            if self._of.get(identity.account_id, {}).pop(subscription_id, None) is None:
                raise Problem(404, "No such subscription of yours", "subscription")

    def of(self, identity: Identity) -> list[Subscription]:
        """Return the account's subscriptions, oldest first."""
        with self._lock:
            return list(self._of.get(identity.account_id, {}).values())
