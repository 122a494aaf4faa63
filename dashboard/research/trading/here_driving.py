"""Do what calls ask for in this process; see `dashboard.research.trading.here`."""

from collections.abc import Mapping

from dashboard.core.clock import SystemClock
from dashboard.research.trading.driving import AsyncDriver, Driver
from dashboard.research.trading.here import (
    ADDRESS,
    AsyncHereSocket,
    AsyncHereTransport,
    Here,
    HereSocket,
    HereTransport,
)
from dashboard.research.trading.line import Line
from dashboard.research.trading.retrying import Patience
from dashboard.research.trading.sessions import KeySession
from dashboard.research.trading.sockets import AsyncSocket, Socket


class HereDriver(Driver):
    """Wait in the thread that calls."""

    def __init__(self, here: Here) -> None:
        super().__init__(_line(here), HereTransport(here))
        self._here = here

    def open_socket(self, path: str, headers: Mapping[str, str]) -> Socket:
        """Return a socket to the application."""
        return HereSocket(self._here, path, headers)


class AsyncHereDriver(AsyncDriver):
    """Let others go on meanwhile."""

    def __init__(self, here: Here) -> None:
        super().__init__(_line(here), AsyncHereTransport(here))
        self._here = here

    async def open_socket(self, path: str, headers: Mapping[str, str]) -> AsyncSocket:
        """Return a socket to the application."""
        return await AsyncHereSocket.open(self._here, path, headers)


def _line(here: Here) -> Line:
    return Line(ADDRESS, KeySession(here.key), SystemClock(), Patience())
