"""Who is on a page, and closing the page when their sign-in ends.

Bokeh checks a visitor only when the page's socket opens. So every document is registered
under the id of the token it was opened with, and when that token is signed out, ended or
over, its sockets are closed, its document is given up, and the page asks the server
whether it is still signed in, which leads it to the sign-in page.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bokeh.events import ConnectionLost
from bokeh.models import CustomJS
from tornado.ioloop import IOLoop, PeriodicCallback

from dashboard.auth.accounts import Accounts
from dashboard.auth.tokens import Claims

if TYPE_CHECKING:
    from bokeh.document import Document

HEADER_NAME = "X-Tezi-User"
HEADER_ROLE = "X-Tezi-Role"
HEADER_JTI = "X-Tezi-Token-Id"
HEADER_EXPIRES = "X-Tezi-Token-Expires"

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
    """Who opened a page. `expires_s` is seconds since the epoch."""

    name: str
    role: str
    jti: str
    expires_s: int


class Visits:
    """Hold the open documents by the id of their token."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._open: dict[Any, Visitor] = {}
        self._timer: PeriodicCallback | None = None

    def register(self, doc: "Document", visitor: Visitor) -> None:
        """Let `doc` live as long as the visitor's sign-in."""
        self._open[doc] = visitor
        doc.on_session_destroyed(lambda _context: self._forget(doc))
        doc.js_on_event(ConnectionLost, CustomJS(code=LEAVE_WHEN_SIGNED_OUT))

    def count(self) -> int:
        """Return how many documents are open."""
        return len(self._open)

    def close(self, jti: str) -> None:
        """Close every page that was opened with the token of that id."""
        for doc in [doc for doc, visitor in self._open.items() if visitor.jti == jti]:
            self._forget(doc)
            _end(doc)

    def close_ended(self) -> None:
        """Close the pages whose sign-in expired or was ended elsewhere."""
        for jti, expires_s in {(each.jti, each.expires_s) for each in self._open.values()}:
            if self._accounts.is_over(jti, expires_s):
                self.close(jti)

    def watch(self, io_loop: IOLoop) -> None:
        """Look for ended sign-ins every few seconds."""
        self._timer = PeriodicCallback(self.close_ended, CHECK_MS)
        io_loop.add_callback(self._timer.start)

    def _forget(self, doc: "Document") -> None:
        self._open.pop(doc, None)


def visitor_headers(claims: Claims) -> dict[str, str]:
    """Return what a page may know of its visitor, in place of the token itself."""
    return {
        HEADER_NAME: claims.name,
        HEADER_ROLE: claims.role,
        HEADER_JTI: claims.jti,
        HEADER_EXPIRES: str(claims.expires_s),
    }


def visitor_of(doc: "Document") -> Visitor | None:
    """Return who opened `doc`; None where it was not opened by a signed-in request."""
    context = doc.session_context
    headers = context.request.headers if context and context.request else {}
    if HEADER_JTI not in headers:
        return None
    return Visitor(
        name=headers[HEADER_NAME],
        role=headers[HEADER_ROLE],
        jti=headers[HEADER_JTI],
        expires_s=int(headers[HEADER_EXPIRES]),
    )


def _end(doc: "Document") -> None:
    session = doc.session_context.session if doc.session_context else None
    if session is None:
        return
    for connection in tuple(session._subscribed_connections):
        connection._socket.close(CLOSE_CODE, "signed out")
    session.request_expiration()
