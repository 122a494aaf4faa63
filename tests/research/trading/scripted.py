"""A server that answers by a script, over real connections."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Reply = tuple[int, dict[str, str], Any]
HANG_UP: Reply = (0, {}, None)  # close the connection without an answer


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Scripted:
    """Answer each request with what `answer` returns for it, and remember it.

    Each one has a connection of its own.
    """

    answer: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                headers = {name.lower(): text for name, text in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                script.asked.append(asked)
                status, more, document = script.answer(asked)
                if status == 0:
                    self.close_connection = True
                    return
                raw = b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                for name, text in more.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_words: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


def in_turn(*replies: Reply) -> Callable[[Asked], Reply]:
    """Return a script of one reply after the other; the last one stays."""
    left = list(replies)
    return lambda _asked: left.pop(0) if len(left) > 1 else left[0]


def problem(status: int, detail: str, **more: Any) -> Reply:
    """Return a refusal."""
    headers = {"Content-Type": "application/problem+json"}
    return status, headers, {"status": status, "detail": detail, **more}
