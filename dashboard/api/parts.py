"""What the API is made of: the process's own parts, handed in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dashboard.api.desks import ApiDesks
from dashboard.api.last_closes import LastCloses
from dashboard.api.looking import Looking
from dashboard.api.prepared import PreparedBodies
from dashboard.api.recognised import Recognised
from dashboard.api.roll import Rolls
from dashboard.api.subscribed import Subscribed
from dashboard.auth.accounts import Accounts
from dashboard.core.calendar import Calendar
from dashboard.core.clock import Clock
from dashboard.core.health import OperationsStatus
from dashboard.desk_room import DeskRoom
from dashboard.settings import Settings
from storage.store import SqlStore


@dataclass(frozen=True)
class ApiParts:
    """Everything that an answer may be made from.

    `operations` tells what keeps a live desk going; None where none does.
    """

    settings: Settings
    clock: Clock
    calendar: Calendar
    store: SqlStore
    accounts: Accounts
    room: DeskRoom
    desks: ApiDesks
    looking: Looking
    operations: Callable[[], OperationsStatus | None]
    last_closes: LastCloses
    recognised: Recognised
    subscribed: Subscribed = field(default_factory=Subscribed)
    rolls: Rolls = field(default_factory=Rolls)
    prepared: PreparedBodies = field(default_factory=PreparedBodies)


def make_parts(
    settings: Settings,
    clock: Clock,
    accounts: Accounts,
    room: DeskRoom,
    operations: Callable[[], OperationsStatus | None],
) -> ApiParts:
    """Return the parts of a process's API."""
    recognised = Recognised(clock)
    subscribed = Subscribed()
    accounts.listen(recognised.forget)
    accounts.listen(subscribed.forget)
    return ApiParts(
        settings=settings,
        clock=clock,
        calendar=room.desks.tools.calendar,
        store=room.store,
        accounts=accounts,
        room=room,
        desks=ApiDesks(room),
        looking=Looking(clock),
        operations=operations,
        last_closes=LastCloses(room.store),
        recognised=recognised,
        subscribed=subscribed,
    )
