"""Hear what Kite sends back, where the redirect URL of the app names this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, urlsplit

from dashboard.core.errors import AuthError

HEARD = (
    "<!doctype html><meta charset=utf-8><title>Tezi</title>"
    "<p>Kite has answered. The terminal says what came of it; this page may be closed.</p>"
)
GRACE_S = 10.0  # for a browser that opens a connection and then says nothing


@dataclass(frozen=True, slots=True)
class Answer:
    """What Kite sent back. It is good once, and shown to nobody."""

    request_token: str = field(repr=False)
    state: str = field(repr=False)

    @classmethod
    def read(cls, query: str) -> "Answer":
        """Read the query of the address to which Kite led.

        Raises
        ------
        AuthError
            If the sign-in was not completed.
        """
        sent = {name: values[0] for name, values in parse_qs(query).items()}
        if sent.get("status", "success") != "success":
            raise AuthError("The sign-in at Kite was not completed: begin it again.")
        return cls(sent.get("request_token", ""), sent.get("state", ""))


@contextmanager
def listening(back: SplitResult) -> Iterator[Callable[[], Answer] | None]:
    """Listen at an address, and give what waits for Kite to lead the browser there.

    None is given where that is not on this machine, or something serves it already: Tezi
    itself may.
    """
    queries: list[str] = []
    server = _server(back, queries)
    if server is None:
        yield None
        return

    def wait() -> Answer:
        while not queries:
            server.handle_request()
        return Answer.read(queries[0])

    with server:
        yield wait


def _server(back: SplitResult, queries: list[str]) -> HTTPServer | None:
    host, port = back.hostname or "", back.port or 80
    if back.scheme != "http" or not _is_here(host):
        return None

    class Callback(BaseHTTPRequestHandler):
        timeout = GRACE_S

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            known = address.path == back.path
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            if known:
                self.wfile.write(HEARD.encode())
                queries.append(address.query)

        def log_message(self, *words: object) -> None:
            """Say nothing: the address holds what nobody may read."""

    try:
        return HTTPServer((host, port), Callback)
    except OSError:
        return None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
