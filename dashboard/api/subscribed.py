"""Indicators that callers subscribed to: kept by credential, for the life of the process."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from dashboard.api.problems import Problem
from dashboard.auth.identity import Identity

MOST = 200  # of a credential
MOST_CREDENTIALS = 2_000  # sessions run out unseen; the one that rested longest goes
ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Subscription:
    """Indicators of one instrument's bars; `name` is what a topic calls the instrument."""

    id: str
    ids: tuple[str, ...]
    instrument: str
    name: str
    timeframe: str

    @property
    def topic(self) -> str:
        """Return what /ws/desk tells them under."""
        return f"indicators:{self.name}:{self.timeframe}:{','.join(self.ids)}"


class Subscribed:
    """Subscriptions by session or API key. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: OrderedDict[str, dict[str, Subscription]] = OrderedDict()

    def add(
        self, identity: Identity, ids: tuple[str, ...], instrument: str, name: str, timeframe: str
    ) -> Subscription:
        """Return the caller's subscription to these; the one that is there already, if any.

        Raises
        ------
        Problem
            409 where the caller has too many.
        """
        with self._lock:
            mine = self._of.setdefault(identity.credential, {})
            self._of.move_to_end(identity.credential)
            if len(self._of) > MOST_CREDENTIALS:
                self._of.popitem(last=False)
            for one in mine.values():
                if (one.ids, one.instrument, one.timeframe) == (ids, instrument, timeframe):
                    return one
            if len(mine) >= MOST:
                raise Problem(409, f"You have {MOST} subscriptions: end one first")
            made = Subscription(secrets.token_urlsafe(ID_BYTES), ids, instrument, name, timeframe)
            mine[made.id] = made
            return made

    def remove(self, identity: Identity, subscription_id: str) -> None:
        """End one; raise `Problem` 404 where it is not the caller's."""
        with self._lock:
            if self._of.get(identity.credential, {}).pop(subscription_id, None) is None:
                raise Problem(404, "No such subscription of yours", "subscription")

    def of(self, identity: Identity) -> list[Subscription]:
        """Return the caller's subscriptions, oldest first."""
        with self._lock:
            return list(self._of.get(identity.credential, {}).values())

    def forget(self, credential: str) -> None:
        """End all of a credential that is over."""
        with self._lock:
            self._of.pop(credential, None)
