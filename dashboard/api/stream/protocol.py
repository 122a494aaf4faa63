"""uvicorn's WebSocket protocol, with bounds that it leaves to the system."""

import socket
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from dashboard.api.stream.limits import SOCKET_BUFFER, WRITE_BUFFER

ABORT = "tezi.abort"  # the extension under which a handler finds how to cut a client off


class BoundedProtocol(WebSocketsSansIOProtocol):
    """Hold little for a client that does not read, and let go of one that is gone.

    uvicorn closes a connection only once its buffer is sent; to a client that reads no more
    that is when TCP gives up, a quarter of an hour later.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        """Bound what waits for the client, in the process and in the kernel."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)

    def handle_connect(self, event: Request) -> None:
        """Let the handler cut the client off."""
        super().handle_connect(event)
        if self.response.status_code == 101:  # else there is no handler
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[ABORT] = self.transport.abort

    def keepalive_timeout(self) -> None:
        """End the connection of a client that answered no ping, sent or not."""
        super().keepalive_timeout()
        self.transport.abort()
