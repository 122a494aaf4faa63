"""One socket: frames out in order, messages in, and an end even for who takes nothing."""

import asyncio
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboard.api.stream.forms import Payload
from dashboard.api.stream.limits import CLOSE_S
from dashboard.api.stream.protocol import ABORT
from dashboard.core.clock import Clock


class Socket:
    """Send and receive; `lock` keeps together what has to arrive together."""

    def __init__(self, websocket: WebSocket, clock: Clock) -> None:
        self.websocket = websocket
        self.lock = asyncio.Lock()
        self.frames = self.bytes = 0
        self._clock = clock
        self._sending_since_s: float | None = None
        extensions = websocket.scope.get("extensions") or {}
        self._abort: Callable[[], None] = extensions.get(ABORT, _nothing)

    def stalled_s(self) -> float:
        """Return for how long a frame has not been taken [s]."""
        since = self._sending_since_s
        return 0.0 if since is None else self._clock.monotonic() - since

    @property
    def is_sending(self) -> bool:
        """Say whether a frame waits to be taken."""
        return self._sending_since_s is not None

    def abort(self) -> None:
        """End the connection without a word."""
        self._abort()

    async def send(self, payload: Payload) -> None:
        """Send a frame; hold `lock`. It waits while the client takes none.

        Raises
        ------
        WebSocketDisconnect
            Where the client is gone.
        """
        key = "text" if isinstance(payload, str) else "bytes"
        await self._put({"type": "websocket.send", key: payload})
        self.frames += 1
        self.bytes += len(payload)

    async def receive(self) -> Payload:
        """Return the next message.

        Raises
        ------
        WebSocketDisconnect
            Where the client is gone.
        """
        message = await self.websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        payload: Payload = text if text is not None else message["bytes"]
        return payload

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye; a client that does not answer is cut off."""
        if self.websocket.application_state is not WebSocketState.CONNECTED:
            return
        asyncio.get_running_loop().call_later(CLOSE_S, self.abort)
        await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _put(self, message: dict[str, object]) -> None:
        self._sending_since_s = self._clock.monotonic()
        try:
            await self.websocket.send(message)
        finally:
            self._sending_since_s = None


def _nothing() -> None:
    return
