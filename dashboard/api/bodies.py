"""Bodies are small: what is larger is refused before it is read."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.problems import MEDIA_TYPE
from dashboard.api.replies import dumps

LARGEST = 64 * 1024  # bytes
LARGEST_OF = {"/v1/auth": 8 * 1024}
TOO_LARGE = {
    "type": "about:blank",
    "title": "Too large",
    "status": 413,
}


class SmallBodies:
    """Refuse bodies over the limit with 413, whether or not their length was told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        most = next((n for start, n in LARGEST_OF.items() if path.startswith(start)), LARGEST)
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told) > most:
            await _refuse(path, most, send)
            return
        come = 0

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(413, _detail(most))  # the app's own handler answers
            return message

        await self._app(scope, counted, send)


async def _refuse(path: str, most: int, send: Send) -> None:
    body = dumps({**TOO_LARGE, "detail": _detail(most), "instance": path})
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _detail(most: int) -> str:
    return f"A body here may have {most:,} bytes at most"
