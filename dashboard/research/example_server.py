"""Tezi's API served on an example day, for notebooks and first steps."""

import secrets
import socket
import time
from types import TracebackType
from typing import Self

from dashboard.api.serving import ApiServer
from dashboard.auth.passwords import Passwords
from dashboard.core.errors import TeziError
from dashboard.research.client import RecordedDay
from dashboard.research.trading.here import Here
from dashboard.research.trading.sessions import Secret

LOCAL = "127.0.0.1"
USERNAME = "guest"
START_S, LOOK_S = 20.0, 0.01  # a start, and how often it is looked at


class ExampleServer(Secret):
    """A server on a free port of this machine, with one account and one API key, both its own.

    Its desk stands on `day`, `at` HH:MM[:SS] IST or at its end. Nobody else can reach it, and
    nothing of yours is touched. It is gone with `close`.
    """

    def __init__(self, day: RecordedDay, at: str | None = None, port: int = 0) -> None:
        self.username, self.password = USERNAME, secrets.token_urlsafe(16)
        self.here = Here(day, at=at)
        self.key = self.here.key
        self.port = port or _free_port()
        self.here.join(self.username, Passwords().hash(self.password))
        self._server = ApiServer(self.here.app, LOCAL, self.port)
        self.here.run(self._start())
        for _ in range(round(START_S / LOOK_S)):
            if self._server.is_serving:
                return
            time.sleep(LOOK_S)
        self.here.close()
        raise TeziError(f"Nothing could be served on {self.url}")

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{LOCAL}:{self.port}"

    def close(self) -> None:
        """Stop serving; a second time does nothing."""
        if not self.here.loop.is_closed():
            self.here.run(self._server.stop())
            self.here.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _start(self) -> None:
        self._server.start(self.here.loop)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
        return port
