"""What keeps a served process live: the scheduler, joined to the real Kite, store and desk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tornado.ioloop import IOLoop, PeriodicCallback

from dashboard.core.clock import Clock, from_ns
from dashboard.core.health import OperationsStatus
from dashboard.core.kite import KiteApi
from dashboard.desk_room import DeskRoom
from dashboard.kite_history import KiteHistory
from dashboard.live_recording import LiveRecording
from dashboard.operations.filling import CandleFiller
from dashboard.operations.kite_session import KiteSessions
from dashboard.operations.notify import AppriseNotifier
from dashboard.operations.parts import Parts
from dashboard.operations.reconcile import CandleReconciler
from dashboard.operations.scheduler import Scheduler
from dashboard.settings import Settings
from feeds.contracts import Contracts
from storage.contracts import SqlContracts
from storage.engine import Database
from storage.journal import SqlJournal
from storage.leases import KITE, SqlLease

LOOK_MS = 1000


@dataclass
class Operations:
    """The scheduler on the server's loop."""

    scheduler: Scheduler
    room: DeskRoom

    def start(self, io_loop: IOLoop) -> None:
        """Look once a second from now on, whether anybody visits or not."""
        io_loop.add_callback(PeriodicCallback(self.look, LOOK_MS).start)

    def look(self) -> None:
        """Make what runs what should run, and let the shared desk be the right day's."""
        self.scheduler.tick()
        self.room.wait_for_a_day()

    def status(self) -> OperationsStatus:
        """Return operations as they are."""
        return self.scheduler.status()

    def stop(self) -> None:
        """Let go of Kite; the day's tape stays to be gone on with."""
        self.scheduler.stop()


def make_operations(
    settings: Settings,
    database: Database,
    clock: Clock,
    room: DeskRoom,
    apis: Mapping[str, KiteApi],
    sessions: KiteSessions | None,
) -> Operations | None:
    """Return the operations of a live desk; None where the desk is another's."""
    if room.recording is None or sessions is None:
        return None
    from feeds.kite import KitePool  # brings Kite's client and Twisted, which replays do without

    recording: LiveRecording = room.recording
    tools = room.desks.tools
    contracts = Contracts(
        SqlContracts(database), tools.calendar, settings.strikes, settings.expiries
    )
    pool = KitePool(
        clock,
        recording.take,
        sessions.confirmed,
        sessions.refused,
        settings.kite_endpoints,
    )
    started = from_ns(clock.now_ns())  # process numbers are used again, in containers always
    holder = f"process {os.getpid()}, started {started:%d %b %H:%M:%S} IST"
    parts = Parts(
        apis=apis,
        sessions=sessions,
        contracts=contracts,
        history=KiteHistory(tools, contracts),
        pool=pool,
        recording=recording,
        filler=CandleFiller(),
        reconciler=CandleReconciler(tools.store, clock),
        notifier=AppriseNotifier(settings.notify_addresses, clock),
        lease=SqlLease(database, clock, KITE, holder),
        journal=SqlJournal(database, clock),
    )
    scheduler = Scheduler(clock, tools.calendar, parts)
    recording.outer = room.outer = scheduler.stages
    return Operations(scheduler, room)
