"""Serve the API with uvicorn in the page's own loop."""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from dashboard.api.stream.limits import MESSAGE_BYTES
from dashboard.api.stream.protocol import BoundedProtocol
from dashboard.core.errors import InputError

log = structlog.get_logger(__name__)

BACKLOG = 1024
KEEP_ALIVE_S = 30
PING_S = 20.0  # a client that answers no ping for as long is gone

HEADER_BYTES = 32 * 1024
GRACE_S = 3


class _Server(uvicorn.Server):
    """A server that leaves signals to the page's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class ApiServer:
    """The API on its own port."""

    def __init__(
        self, app: FastAPI, address: str, port: int, *, behind_proxy: bool = False
    ) -> None:
        self.address, self.port = address, port
        self._task: asyncio.Task[None] | None = None
        self._server = _Server(
            uvicorn.Config(
                app,
                host=address,
                port=port,
                log_config=None,
                log_level="warning",  # it notes every socket with its URL, and what is in it
                access_log=False,
                server_header=False,
                # else anybody on this machine could say that they are somewhere else
                proxy_headers=behind_proxy,
                lifespan="off",
                http="httptools",
                ws=BoundedProtocol,
                ws_max_size=MESSAGE_BYTES,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,  # frames are compressed once for all who ask
                backlog=BACKLOG,
                h11_max_incomplete_event_size=HEADER_BYTES,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @property
    def is_serving(self) -> bool:
        """Say whether requests are answered."""
        return self._server.started and self._task is not None and not self._task.done()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to serve on `loop`, which is the caller's own."""
        self._task = loop.create_task(self._serve())

    async def stop(self) -> None:
        """Finish what is being answered, and close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:  # uvicorn's word for a port that cannot be had
            log.error("the API cannot listen", address=self.address, port=self.port)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the API stopped")


def check_port(address: str, port: int) -> None:
    """Refuse an address that cannot be listened on, before anything starts.

    Raises
    ------
    InputError
        With the settings that choose it.
    """
    import socket

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise InputError(
                f"The API cannot listen on {address}:{port}: {error.strerror}. Choose another "
                "TEZI_API_PORT or TEZI_API_ADDRESS; TEZI_API_PORT=0 leaves the API out."
            ) from error
