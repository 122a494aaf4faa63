"""What the pages of the account room share: who asks, the frame round it, and refusals.

Plain forms and our own HTML as at sign-in; everything works without scripts. Each POST
carries Tornado's XSRF token, which is checked here for all of them. A POST that succeeded
leads to a page that names what was done; one that was refused is answered with the form,
the reason beside its field, and what was typed, but never a password.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from dashboard.auth.identity import Identity, Scope
from dashboard.core.errors import AuthError, TeziError, TooManyTriesError
from dashboard.ui.account.words import Moments
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.guard import COOKIE
from dashboard.ui.signin.handlers import FormHandler

T = TypeVar("T")

TEMPLATES = Path(__file__).parent / "templates"
READS = ("GET", "HEAD")
OWNERS_ONLY = "Only an owner may see this page. Ask one for what you need of it."
STALE_FORM = "This form was open too long. Go back, load the page again and repeat it."
BROKEN = "Tezi could not answer. The terminal in which it runs says why."
UNKNOWN_PAGE = "There is no such page."

# What a page says after a POST that succeeded, by the word that stands in its address.
DONE = {
    "password": "The password is changed, and every other sign-in of yours was ended.",
    "codes-on": "One-time codes are on: the next sign-in asks for one.",
    "codes-off": "One-time codes are off.",
    "session": "The session is ended.",
    "sessions": "Every other session is ended.",
    "revoked": "The key is revoked and opens nothing any more.",
    "role": "The role is changed.",
    "disabled": "The account is disabled; its sessions and API keys are ended.",
    "enabled": "The account is enabled.",
    "withdrawn": "The invitation is withdrawn.",
}


class AccountHandler(FormHandler):
    """A page of the room, for everyone who is signed in."""

    room: ClassVar[str] = ""  # which entry of the navigation is this page's
    identity: Identity | None = None

    def prepare(self) -> None:
        """Let in who is signed in, and a form only with its XSRF token."""
        try:
            self.identity = self._accounts.identify(cookie=self.get_cookie(COOKIE) or "")
        except AuthError:
            self._to_sign_in()
            return
        if self.request.method not in READS:
            self.check_xsrf_cookie()

    def get_template_path(self) -> str:
        """Return the folder of the pages."""
        return str(TEMPLATES)

    def get_template_namespace(self) -> dict[str, Any]:
        """Add what the frame shows."""
        return super().get_template_namespace() | {
            "me": self.identity,
            "is_owner": self.identity is not None and self.identity.may(Scope.MANAGE),
            "room": self.room,
            "moments": Moments(get_runtime().clock.now_ns()),
            "done": DONE.get(self.get_query_argument("done", ""), ""),
            "problems": {},
            "typed": {},
        }

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in one sentence what was refused."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, HTTPError) or status_code >= 500:
            sentence = BROKEN
        else:
            sentence = STALE_FORM if status_code == 403 else UNKNOWN_PAGE
        self.render("refused.html", problem=sentence)

    @property
    def _me(self) -> Identity:
        if self.identity is None:
            raise AuthError("Nobody is signed in here.")  # `prepare` lets nobody come so far
        return self.identity

    @property
    def _session_id(self) -> str:
        """Return the session that asks."""
        return self._me.credential.partition(":")[2]

    async def _beside(self, act: Callable[..., T], *words: Any, **named: Any) -> T:
        """Do beside the loop what waits for a slow hash or for the database."""
        return await IOLoop.current().run_in_executor(None, partial(act, *words, **named))

    def _typed(self, name: str) -> str:
        return self.get_body_argument(name, "", strip=False)

    def _go(self, page: str, done: str = "") -> None:
        """Lead on after a POST that succeeded, so that a reload repeats nothing."""
        query = f"?{urlencode({'done': done})}" if done else ""
        self.redirect(f"{self._prefix}/{page}{query}", status=303)

    def _to_sign_in(self) -> None:
        back = self.request.path if self.request.method in READS else f"{self._prefix}/account"
        self.redirect(f"{self._prefix}/login?{urlencode({'next': back})}", status=303)

    def _say_status(self, error: TeziError) -> None:
        """Set the status of a refusal that the page then tells in words."""
        if isinstance(error, TooManyTriesError):
            self.set_status(429)
            self.set_header("Retry-After", str(error.wait_s))
        else:
            self.set_status(403 if isinstance(error, AuthError) else 400)


class OwnerHandler(AccountHandler):
    """A page for owners only."""

    def prepare(self) -> None:
        """Let in owners alone."""
        super().prepare()
        if not self._finished and not self._me.may(Scope.MANAGE):
            self.set_status(403)
            self.render("refused.html", problem=OWNERS_ONLY)
