"""Which desk an answer is of: the shared one, or a replay of one's own."""

import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from dashboard.api.problems import Problem
from dashboard.auth.identity import Identity
from dashboard.core.clock import from_ns
from dashboard.core.errors import InputError
from dashboard.core.market import Source
from dashboard.desk_room import DeskRoom
from dashboard.pipeline.desk import Desk

SHARED = "shared"
ID_BYTES = 9
MOST_EACH = 4  # replays of one account
WHEN_IDLE = {"Retry-After": "60"}  # idle desks are closed meanwhile


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """A replay that somebody opened."""

    id: str
    account_id: int
    desk: Desk


class ApiDesks:
    """Find desks by the id that programs use. Safe to use from any thread."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._own: dict[str, OwnDesk] = {}
        self._opening: Counter[int] = Counter()  # replays that are about to be there, by account
        self._standing: Desk | None = None

    def find(self, identity: Identity, desk_id: str | None = None) -> Desk:
        """Return a desk: the shared one, unless the id of a replay of one's own is given.

        Where no desk is shared, the latest recorded day stands at its end in its place.

        Raises
        ------
        Problem
            404 where there is no such desk (of this account).
        """
        if desk_id is None or desk_id == SHARED:
            return self._room.desks.shared or self._standing_desk()
        with self._lock:
            self._forget_closed()
            own = self._own.get(desk_id)
        if own is None or own.account_id != identity.account_id:
            raise Problem(404, "No such desk of yours; it may have been closed while idle", "desk")
        return own.desk

    def mine(self, identity: Identity) -> list[OwnDesk]:
        """Return the replays of an account, oldest first."""
        with self._lock:
            return self._mine(identity.account_id)

    def open(
        self, identity: Identity, day: date, source: Source, at: datetime | None, *, playing: bool
    ) -> OwnDesk:
        """Open a replay.

        Raises
        ------
        Problem
            409 where the account has too many, 503 where the machine has.
        StoreError, CalendarError
            As `dashboard.pipeline.desks.Desks.open_replay`.
        """
        account = identity.account_id
        with self._lock:
            mine = len(self._mine(account)) + self._opening[account]
            if mine >= MOST_EACH:
                raise Problem(409, f"You have {MOST_EACH} replays open: close one first")
            self._opening[account] += 1  # others of the account may ask at the same time
        own = None
        try:
            desk = self._room.desks.open_replay(day, source, at, playing=playing)
            own = OwnDesk(secrets.token_urlsafe(ID_BYTES), account, desk)
        except InputError as error:
            raise Problem(503, str(error), headers=WHEN_IDLE) from error
        finally:
            with self._lock:
                self._opening[account] -= 1
                if own is not None:
                    self._own[own.id] = own
        return own

    def close(self, identity: Identity, desk_id: str) -> None:
        """Close a replay of one's own; raise `Problem` 404 where it is not there."""
        desk = self.find(identity, desk_id)
        with self._lock:
            if self._own.pop(desk_id, None) is None:
                raise Problem(409, "The shared desk is everybody's: it cannot be closed", "desk")
        self._room.desks.close(desk)

    def _standing_desk(self) -> Desk:
        with self._lock:
            desks = self._room.desks
            if self._standing is not None and self._standing in desks.replays:
                return self._standing
            recorded = [one for one in self._room.store.days() if one.source is not Source.MOCK]
            if not recorded:
                raise Problem(404, "No day is recorded yet and no desk is shared")
            latest = recorded[0]
            end = from_ns(latest.last_ns) if latest.last_ns else None
            self._standing = desks.open_replay(latest.day, latest.source, end, playing=False)
            return self._standing

    def _mine(self, account_id: int) -> list[OwnDesk]:
        self._forget_closed()
        return [own for own in self._own.values() if own.account_id == account_id]

    def _forget_closed(self) -> None:
        """Forget the desks that were closed while idle; the lock is held."""
        alive = set(map(id, self._room.desks.replays))
        self._own = {k: own for k, own in self._own.items() if id(own.desk) in alive}
