"""Kite's sign-in: the one click of the morning, to Kite and back.

The click is a POST of the owner's; Kite leads back with a request token and our state, which
`KiteSessions` checks. Both are in the address, so the address of a request is never logged.
"""

from functools import partial
from types import TracebackType
from typing import Any

import structlog
from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from dashboard.auth.accounts import OWNER
from dashboard.auth.tokens import Claims
from dashboard.core.errors import AuthError, InputError, KiteError
from dashboard.core.kite import SessionState
from dashboard.operations.kite_session import KiteSessions
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.guard import claims_of, with_form_targets
from dashboard.ui.signin.handlers import FORM_HEADERS, FormHandler

log = structlog.get_logger(__name__)

STATES = {
    SessionState.VALID: "signed in",
    SessionState.EXPIRED: "to be tried",
    SessionState.REQUIRED: "sign in",
    SessionState.REFRESHING: "being tried",
}
NO_KEY = (
    "No API key of Kite's is set. Set TEZI_KITE_API_KEY and TEZI_KITE_API_SECRET and start "
    "Tezi again; its README says how to get them."
)
NOT_OWNER = "Only the owner signs in to Kite. Sign in to Tezi as the owner, then begin again."
NOT_HERE = (
    "You are not signed in to Tezi at {host}. Sign in here, or let the redirect URL of your "
    "Kite Connect app name the address at which you are; then begin again."
)
CANCELLED = "The sign-in at Kite was not completed. Begin it again when you like."
INCOMPLETE = "Kite's answer lacks {what}. Begin the sign-in again."
UNREADABLE = "This address cannot be read. Begin the sign-in again."


class KiteHandler(FormHandler):
    """What the pages of Kite's sign-in share."""

    def set_default_headers(self) -> None:
        """Forbid what the other forms forbid, but let this one lead to Kite."""
        for name, value in with_form_targets(FORM_HEADERS).items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in one sentence what was refused."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, HTTPError) and status_code == 400:
            self._refuse(400, UNREADABLE)
        else:
            super().write_error(status_code, **kwargs)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log a mistake of ours without the request, which holds what Kite sent."""
        if isinstance(value, HTTPError) or typ is None or value is None:
            super().log_exception(typ, value, tb)
        else:
            log.error("A sign-in to Kite broke off", exc_info=(typ, value, tb))

    def _request_summary(self) -> str:
        """Return what is logged of a request: its path, without what Kite sent."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def _owner(self, claims: Claims | None) -> Claims | None:
        """Return the owner's claims; None, and a refusal shown, where it is not the owner."""
        if claims is not None and claims.role == OWNER:
            return claims
        if claims is None:
            self._refuse(401, NOT_HERE.format(host=self.request.host), "login", "Sign in to Tezi")
        else:
            self._refuse(403, NOT_OWNER, "", "Back to the desk")
        return None

    def _sessions(self) -> KiteSessions | None:
        """Return Kite's sessions; None, and a refusal shown, where no API key is set."""
        sessions = get_runtime().sessions
        if sessions is None:
            self._refuse(404, NO_KEY, "", "Back to the desk")
        return sessions

    def _refuse(
        self, status: int, problem: str, back: str = "kite/login", words: str = "Begin again"
    ) -> None:
        self.set_status(status)
        self.render("kite_refused.html", problem=problem, back=back, back_words=words)


class KiteLoginHandler(KiteHandler):
    """Show where each key stands, and lead the owner to Kite."""

    def get(self) -> None:
        """Show the form."""
        claims = claims_of(self)
        if claims is None:
            self.redirect(f"{self._prefix}/login?next={self._prefix}/kite/login")
            return
        sessions = self._sessions() if self._owner(claims) else None
        if sessions is not None:
            self.render("kite.html", keys=sessions.statuses(), states=STATES)

    def post(self) -> None:
        """Begin a sign-in and lead to Kite."""
        self.check_xsrf_cookie()
        claims = self._owner(claims_of(self))
        sessions = self._sessions() if claims else None
        if claims is None or sessions is None:
            return
        try:
            address = sessions.begin_sign_in(self.get_body_argument("key", ""), _who(claims))
        except InputError as error:
            self._refuse(400, str(error))
        else:
            self.redirect(address)


class KiteCallbackHandler(KiteHandler):
    """Take what Kite sends back."""

    async def get(self) -> None:
        """Check who brings what, and exchange it beside the loop."""
        claims = self._owner(claims_of(self))
        sessions = self._sessions() if claims else None
        if claims is None or sessions is None:
            return
        problem = self._problem()
        if problem:
            self._refuse(400, problem)
            return
        request_token, state = self._sent("request_token"), self._sent("state")
        complete = partial(sessions.complete, request_token, state, _who(claims))
        try:
            await IOLoop.current().run_in_executor(None, complete)
        except AuthError as error:
            self._refuse(403, str(error))
        except KiteError as error:
            self._refuse(502, f"{error}.".replace("..", "."))
        else:
            self.redirect(f"{self._prefix}/app")

    def _problem(self) -> str:
        status = self._sent("status")
        if status and status != "success":
            return CANCELLED
        needed = {"status": "status", "state": "state", "request_token": "request token"}
        missing = [f"its {words}" for name, words in needed.items() if not self._sent(name)]
        if not missing:
            return ""
        *first, last = missing
        return INCOMPLETE.format(what=f"{', '.join(first)} and {last}" if first else last)

    def _sent(self, name: str) -> str:
        return self.get_query_argument(name, "")


def patterns() -> list[tuple[str, type[KiteHandler]]]:
    """Return the routes; they stand before that of Panel's nested sign-in, which is wider."""
    return [(r"/kite/login", KiteLoginHandler), (r"/kite/callback", KiteCallbackHandler)]


def _who(claims: Claims) -> str:
    return f"account {claims.account_id}"
