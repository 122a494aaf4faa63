"""Who is on a page, and closing the page when their sign-in ends.

Bokeh checks a visitor only when the page's socket opens. So every document is registered
under the session that it was opened with, and when that session is signed out, ended or
over, its sockets are closed, its document is given up, and the page asks the server
whether it is still signed in, which leads it to the sign-in page. An end made in this
process is heard of at once, one made elsewhere within seconds.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bokeh.events import ConnectionLost
from bokeh.models import CustomJS
from tornado.ioloop import IOLoop, PeriodicCallback

from dashboard.auth.accounts import Accounts
from dashboard.auth.records import of_session
from dashboard.auth.tokens import Claims
from dashboard.core.clock import SECOND_NS, Clock

if TYPE_CHECKING:
    from bokeh.document import Document

HEADER_NAME = "X-Tezi-User"
HEADER_ROLE = "X-Tezi-Role"
HEADER_ACCOUNT = "X-Tezi-Account-Id"
HEADER_SESSION = "X-Tezi-Session-Id"
HEADER_EXPIRES = "X-Tezi-Session-Expires"

CHECK_MS = 5000
CLOSE_CODE = 4401  # of the range that applications may use; 401 as in HTTP
LEAVE_WHEN_SIGNED_OUT = """
const page = window.location.pathname.replace(/[/]+$/, "")
const state = page.slice(0, page.lastIndexOf("/")) + "/login/state"
fetch(state, {cache: "no-store"}).then((reply) => {
  if (reply.status === 401) window.location.reload()
}, () => undefined)
"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opened a page, with which session. `expires_s` is seconds since the epoch."""

    name: str
    role: str
    account_id: int
    sid: str
    expires_s: int


class Visits:
    """Hold the open documents by their session."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._open: dict[Any, Visitor] = {}
        self._timer: PeriodicCallback | None = None

    def register(self, doc: "Document", visitor: Visitor) -> None:
        """Let `doc` live as long as the visitor's session."""
        self._open[doc] = visitor
        doc.on_session_destroyed(lambda _context: self._forget(doc))
        doc.js_on_event(ConnectionLost, CustomJS(code=LEAVE_WHEN_SIGNED_OUT))

    def count(self) -> int:
        """Return how many documents are open."""
        return len(self._open)

    def close(self, sid: str) -> None:
        """Close every page that was opened with the session of that id."""
        for doc in [doc for doc, visitor in self._open.items() if visitor.sid == sid]:
            self._forget(doc)
            _end(doc)

    def close_ended(self) -> None:
        """Close the pages whose session is over or was ended elsewhere."""
        now_s = self._clock.now_ns() // SECOND_NS
        for sid, expires_s in {(each.sid, each.expires_s) for each in self._open.values()}:
            if now_s >= expires_s or self._accounts.is_over(of_session(sid)):
                self.close(sid)

    def watch(self, io_loop: IOLoop) -> None:
        """Hear of sessions that end here, and look for others every few seconds."""

        def hear(credential: str) -> None:  # on any thread
            kind, _, sid = credential.partition(":")
            if kind == "s":
                io_loop.add_callback(self.close, sid)

        self._accounts.listen(hear)
        self._timer = PeriodicCallback(self.close_ended, CHECK_MS)
        io_loop.add_callback(self._timer.start)

    def _forget(self, doc: "Document") -> None:
        self._open.pop(doc, None)


def visitor_headers(claims: Claims) -> dict[str, str]:
    """Return what a page may know of its visitor, in place of the token itself."""
    return {
        HEADER_NAME: claims.name,
        HEADER_ROLE: claims.role,
        HEADER_ACCOUNT: str(claims.account_id),
        HEADER_SESSION: claims.sid,
        HEADER_EXPIRES: str(claims.expires_s),
    }


def visitor_of(doc: "Document") -> Visitor | None:
    """Return who opened `doc`; None where it was not opened by a signed-in request."""
    context = doc.session_context
    headers = context.request.headers if context and context.request else {}
    if HEADER_SESSION not in headers:
        return None
    return Visitor(
        name=headers[HEADER_NAME],
        role=headers[HEADER_ROLE],
        account_id=int(headers[HEADER_ACCOUNT]),
        sid=headers[HEADER_SESSION],
        expires_s=int(headers[HEADER_EXPIRES]),
    )


def _end(doc: "Document") -> None:
    session = doc.session_context.session if doc.session_context else None
    if session is None:
        return
    for connection in tuple(session._subscribed_connections):
        connection._socket.close(CLOSE_CODE, "signed out")
    session.request_expiration()
