"""Serve app.py in a process of its own, and talk to it as a browser would."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from playwright.sync_api import Page
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

ROOT = Path(__file__).resolve().parents[2]
OWNER = "aruna.rao"
PASSWORD = "correct horse battery"
COOKIE = "tezi_token"
PATIENCE_S = 180  # two cores may be busy with other tests
PATIENCE_MS = 60_000  # of a page, for the same reason


class Visiting(requests.Session):
    """A browser that loses patience, so that a server that hangs fails a test by name."""

    def request(self, *words, **options) -> requests.Response:
        options.setdefault("timeout", PATIENCE_S)
        return super().request(*words, **options)


@dataclass
class Served:
    """A running server: where it is, its first-start link, its data folder, what it says."""

    base: str
    link: str
    home: Path
    log: Path
    sessions: list[requests.Session] = field(default_factory=list, repr=False)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    @property
    def port(self) -> int:
        return int(self.base.rsplit(":", 1)[1])

    def form(self, path: str, **query: str) -> requests.Session:
        """Return a session that has loaded a page with a form, and so has its XSRF cookie."""
        session = Visiting()
        self.sessions.append(session)  # closed with the server
        session.get(f"{self.base}{path}", params=query).raise_for_status()
        return session

    def post(self, session: requests.Session, path: str, **words: str) -> requests.Response:
        """Send a form as the browser does, and do not follow where it leads."""
        words = {"_xsrf": session.cookies.get("_xsrf") or "", **words}
        return session.post(
            f"{self.base}{path}", data=words, allow_redirects=False, timeout=PATIENCE_S
        )

    def sign_up(self, name: str = OWNER, password: str = PASSWORD) -> requests.Session:
        """Create the owner's account through the link; the session is signed in."""
        token = self.link.partition("token=")[2]
        session = self.form("/welcome", token=token)
        reply = self.post(session, "/welcome", token=token, name=name, password=password)
        assert reply.status_code == 302, reply.text
        return session

    def sign_in(self, name: str = OWNER, password: str = PASSWORD) -> requests.Session:
        """Return a session that is signed in over HTTP."""
        session = self.form("/login")
        reply = self.post(session, "/login", name=name, password=password)
        assert reply.status_code == 302, reply.text
        return session

    def sign_in_page(self, page: Page, name: str = OWNER, password: str = PASSWORD) -> None:
        """Sign in as a person does, and wait for the desk's document."""
        page.goto(f"{self.base}/login")
        page.fill("#name", name)
        page.fill("#password", password)
        page.click("#go")
        page.wait_for_url("**/app")

    def page_token(self, session: requests.Session) -> str:
        """Open the page and return the token that its scripts can read."""
        html = session.get(f"{self.base}/app").text
        found = re.search(r'"token":"([^"]+)"', html)
        assert found, "the page holds no token"
        return found.group(1)

    def knock(self, cookie: str = "", token: str = "", origin: str = "") -> "Knock":
        """Open the page's socket and say what came of it."""
        return in_a_thread(self._knock(cookie, token, origin or self.base))

    async def _knock(self, cookie: str, token: str, origin: str) -> "Knock":
        try:
            socket = await self.open_socket(cookie, token, origin)
        except HTTPClientError as error:
            return Knock(error.code, None)
        first = message = await asyncio.wait_for(socket.read_message(), PATIENCE_S)
        socket.close()
        while message is not None:  # until the server has closed its side too
            message = await asyncio.wait_for(socket.read_message(), PATIENCE_S)
        return Knock(101, str(first) if first else None)

    async def open_socket(self, cookie: str, token: str, origin: str) -> WebSocketClientConnection:
        """Connect as BokehJS does."""
        headers = {"Origin": origin}
        if cookie:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        url = f"ws{self.base.removeprefix('http')}/app/ws"
        request = HTTPRequest(url, headers=headers, request_timeout=PATIENCE_S)
        return await websocket_connect(request, subprotocols=["bokeh", token or "none"])


@dataclass(frozen=True)
class Knock:
    """The HTTP status of opening a socket, and its first message (None: closed at once)."""

    status: int
    first: str | None


def in_a_thread(coroutine):
    """Run a coroutine in a thread: a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@contextmanager
def serve(
    home: Path, *options: str, ahead_ns: int | None = None, **environment: str
) -> Iterator[Served]:
    """Run ``panel serve app.py`` on a free port until the block ends.

    `ahead_ns` shifts the clock of the process, as where the market must be open.
    Its words go to a file: a pipe that nobody empties would bring the server to a halt.
    """
    module = ["panel", "serve", "app.py"] if ahead_ns is None else ["tests.ui.shifted", ahead_ns]
    command = [sys.executable, "-m", *map(str, module), "--port", "0", *options]
    log = home.with_suffix(".log")
    with log.open("w") as words:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                "TEZI_HOME": str(home),
                "TEZI_API_PORT": "0",
                "TEZI_ENV_FILE": "",
                **environment,
            },
            stdout=words,
            stderr=subprocess.STDOUT,
        )
    try:
        said = _wait_for_start(process, log)
        base = _find(r"Tezi is at (\S+)/\s", said)
        served = Served(base, _find(r"(http\S+/welcome\S+)", said), home, log)
        yield served
        for session in served.sessions:
            session.close()
    finally:
        _end(process)


def _wait_for_start(process: subprocess.Popen[bytes], log: Path) -> str:
    patience = time.monotonic() + PATIENCE_S
    while time.monotonic() < patience and process.poll() is None:
        said = log.read_text()
        # the announcement is written at once and ends with an empty line
        if "\n\n" in said.partition("Tezi is at ")[2]:
            return said
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _find(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    return found.group(1) if found else ""
