"""As much of Kite as a sign-in meets: its page, which leads back at once, and its tokens.

The exchange of `tests.exchange` plays the whole of Kite; this one is told what goes wrong
with a sign-in, and counts.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

API_KEY, API_SECRET = "kitekeyalpha0001", "s3cr3tofalpha000000000000000001"
USER = "AB1234"
ACCESS = "access-token-of-the-day"


@dataclass
class Kite:
    """A running Kite. `redirect` is what its app names; `status` is what sign-ins end with."""

    port: int = 0
    redirect: str = ""
    status: str = "success"
    down: bool = False
    issued: list[str] = field(default_factory=list)  # request tokens that are good
    exchanged: int = 0
    profiles: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which Tezi finds it."""
        return {
            "TEZI_KITE_API_KEY": API_KEY,
            "TEZI_KITE_API_SECRET": API_SECRET,
            "TEZI_KITE_REST": self.base,
            "TEZI_KITE_LOGIN": f"{self.base}/connect/login",
            "TEZI_KITE_SOCKET": f"ws://127.0.0.1:{self.port}",
        }

    def issue(self) -> str:
        """Return a request token that is good once."""
        token = f"request-token-{len(self.issued) + self.exchanged}"
        self.issued.append(token)
        return token


class Handler(BaseHTTPRequestHandler):
    """Answer as Kite does."""

    kite: Kite

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/connect/login":
            self._lead_back({name: each[0] for name, each in parse_qs(address.query).items()})
        elif self.headers.get("Authorization") == f"token {API_KEY}:{ACCESS}":
            self.kite.profiles += 1
            self._say(200, {"status": "success", "data": {"user_id": USER}})
        else:
            self._refuse("Incorrect `api_key` or `access_token`.")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: each[0] for name, each in parse_qs(body).items()}
        if self.kite.down:
            self.send_response(502)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Bad gateway</h1>")
            return
        request_token = sent["request_token"]
        words = f"{API_KEY}{request_token}{API_SECRET}"
        if sent["checksum"] != hashlib.sha256(words.encode()).hexdigest():
            self._refuse("Invalid `checksum`.")
        elif request_token not in self.kite.issued:
            self._refuse("Token is invalid or has expired.")
        else:
            self.kite.issued.remove(request_token)
            self.kite.exchanged += 1
            data = {"user_id": USER, "access_token": ACCESS, "login_time": None}
            self._say(200, {"status": "success", "data": data})

    def log_message(self, *words: object) -> None:
        pass

    def _lead_back(self, asked: dict[str, str]) -> None:
        assert (asked["v"], asked["api_key"]) == ("3", API_KEY)
        words = {"action": "login", "type": "login", "status": self.kite.status}
        if self.kite.status == "success":
            words["request_token"] = self.kite.issue()
        self.send_response(302)
        back = f"{self.kite.redirect}?{urlencode(words)}&{asked['redirect_params']}"
        self.send_header("Location", back)
        self.end_headers()

    def _refuse(self, message: str) -> None:
        told = {"status": "error", "message": message, "error_type": "TokenException"}
        self._say(403, told)

    def _say(self, status: int, document: object) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())


@contextmanager
def kite_server() -> Iterator[Kite]:
    """Run Kite on a free port of loopback until the block ends."""
    kite = Kite()
    handler = type("HandlerOfOne", (Handler,), {"kite": kite})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        kite.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kite
        finally:
            server.shutdown()
            thread.join()
