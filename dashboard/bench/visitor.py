"""A visit without a browser: opens the page's socket, says it is ready, and listens.

Run as ``python -m dashboard.bench.visitor PORT``, so that listening costs another process.
"""

import asyncio
import json
import sys
from typing import Any

from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.websocket import websocket_connect

READY = {"type": "event", "name": "document_ready", "values": {"type": "map"}}
MESSAGE: tuple[dict[str, Any], ...] = (
    {"msgid": "1", "msgtype": "PATCH-DOC"},
    {},
    {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": READY}]},
)


async def visit(port: int) -> None:
    """Stay until the server closes the socket."""
    token = generate_jwt_token(generate_session_id())
    url = f"ws://127.0.0.1:{port}/ws"
    socket = await websocket_connect(url, subprotocols=["bokeh", token])
    await socket.read_message()  # the server's greeting
    for part in MESSAGE:
        await socket.write_message(json.dumps(part))
    while await socket.read_message() is not None:
        pass


if __name__ == "__main__":
    asyncio.run(visit(int(sys.argv[1])))
