"""What lives as long as the process: settings, store, accounts, visits.

The page's script is run anew for every visit and its globals are wiped afterwards, so
whatever must last is held here. The handle itself is kept in Panel's process-wide cache,
where a reload of our modules under ``--dev`` finds it again.
"""

import asyncio
import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from panel.io.state import state
from tornado.ioloop import IOLoop

from dashboard.api.app import make_app
from dashboard.api.parts import ApiParts, make_parts
from dashboard.api.serving import ApiServer
from dashboard.auth.accounts import Accounts
from dashboard.composition import make_accounts, make_kite_apis, make_kite_sessions
from dashboard.configuration import read_configuration
from dashboard.core.clock import Clock, SystemClock
from dashboard.core.errors import TeziError
from dashboard.core.kite import KiteApi
from dashboard.desk_room import DeskRoom, make_desk_room, status_words
from dashboard.going_live import Operations, make_operations
from dashboard.operations.kite_session import KiteSessions
from dashboard.settings import Settings
from dashboard.ui.signin.visits import Visits
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.schema import open_database
from storage.store import SqlStore

KEY = "tezi.runtime"
SECRET_SETTING = "page_token_secret"  # noqa: S105 - the name of the setting, not the secret


def no_status() -> tuple[str, ...]:
    """Return no words."""
    return ()


@dataclass(slots=True)
class Runtime:
    """The process-wide parts, made once.

    `on_start` are called once, in order, on the server's loop. `status_words` are what the
    sign-in page says of the recorder and the market; the first one is led by a dot.
    """

    settings: Settings
    clock: Clock
    database: Database
    store: SqlAccounts
    accounts: Accounts
    visits: Visits
    room: DeskRoom
    apis: Mapping[str, KiteApi] = field(default_factory=dict)  # Kite's, by API key
    sessions: KiteSessions | None = None  # of Kite; None where no API key is set
    operations: Operations | None = None  # of a live desk; None where it is another's
    api: ApiServer | None = None  # None where the settings leave it out
    on_start: list[Callable[[IOLoop], None]] = field(default_factory=list)
    status_words: Callable[[], tuple[str, ...]] = no_status
    guarded: bool = False  # sign-in stands in front of every page
    started: bool = False

    def start(self, io_loop: IOLoop) -> None:
        """Begin what runs without a visit; a second call does nothing."""
        if self.started:
            return
        self.started = True
        self.visits.watch(io_loop)
        self.room.start()
        if self.operations is not None:
            self.operations.start(io_loop)
            atexit.register(self.stop)
        if self.api is not None:
            io_loop.add_callback(self._serve_api)
        for callback in self.on_start:
            callback(io_loop)

    def _serve_api(self) -> None:
        assert self.api is not None
        self.api.start(asyncio.get_running_loop())

    def stop(self) -> None:
        """Write what waits, and leave a live day to be gone on with."""
        try:
            if self.operations is not None:
                self.operations.stop()
        finally:
            self.room.stop()


def build(settings: Settings, clock: Clock) -> Runtime:
    """Open the store and put the parts together."""
    settings.make_home()
    database = open_database(settings.url_of_database)
    store = SqlAccounts(database)
    accounts = make_accounts(settings, database, clock)
    apis = make_kite_apis(settings, clock)
    room = make_desk_room(SqlStore(database), clock, settings.mode, kite=bool(apis))
    runtime = Runtime(settings, clock, database, store, accounts, Visits(accounts, clock), room)
    runtime.apis = apis
    runtime.sessions = make_kite_sessions(settings, apis, database, clock)
    runtime.operations = make_operations(settings, database, clock, room, apis, runtime.sessions)
    runtime.status_words = lambda: status_words(room)
    if settings.api_port:
        origins = (*settings.origins, _origin(settings.public_url))
        app = make_app(parts_of(runtime), origins=filter(None, origins))
        runtime.api = ApiServer(
            app,
            settings.api_address,
            settings.api_port,
            behind_proxy=bool(settings.public_url),
        )
    return runtime


def parts_of(runtime: Runtime) -> ApiParts:
    """Return what the API of this process answers from."""
    return make_parts(
        runtime.settings,
        runtime.clock,
        runtime.accounts,
        runtime.room,
        lambda: runtime.operations.status() if runtime.operations else None,
    )


def _origin(address: str) -> str:
    """Return the origin of an address, as browsers write it; empty for none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def ensure_started() -> Runtime:
    """Return the process's runtime, made from the environment when there is none yet.

    Raises
    ------
    InputError
        If anything is wrong with the configuration; nothing was opened or made then.
    """
    runtime: Runtime | None = state.cache.get(KEY)
    if runtime is None:
        runtime = state.cache[KEY] = build(read_configuration(), SystemClock())
    return runtime


def get_runtime() -> Runtime:
    """Return the process's runtime.

    Raises
    ------
    TeziError
        If it was not made: the page was opened in some other way than `panel serve`.
    """
    runtime: Runtime | None = state.cache.get(KEY)
    if runtime is None:
        raise TeziError("Tezi is not running here: start it with `panel serve app.py`.")
    return runtime


def start(io_loop: IOLoop) -> None:
    """Begin what runs without a visit, on the server's loop."""
    ensure_started().start(io_loop)
