"""A server on loopback that answers Kite's REST client with whatever a test scripts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    values: dict[str, list[str]]
    authorization: str


@dataclass
class Answers:
    """What the server says, and what it was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = lambda asked: (404, {}, b"")


def json(data: Any, status: int = 200, **headers: str) -> Answer:
    body = orjson.dumps({"status": "success", "data": data})
    return status, {"Content-Type": "application/json", **headers}, body


def error(kind: str, text: str, status: int, **headers: str) -> Answer:
    body = orjson.dumps({"status": "error", "error_type": kind, "message": text})
    return status, {"Content-Type": "application/json", **headers}, body


def html(status: int) -> Answer:
    return status, {"Content-Type": "text/html"}, b"<html><h1>Bad gateway</h1></html>"


@contextmanager
def answering() -> Iterator[Answers]:
    """Run the server for as long as a test lasts."""
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _reply(self, values: str) -> None:
            path = urlsplit(self.path).path
            authorization = self.headers.get("Authorization", "")
            asked = Asked(self.command, path, parse_qs(values), authorization)
            answers.asked.append(asked)
            status, headers, body = answers.answer(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    answers.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
