"""The pages of sign-in: sign in, sign out, and new accounts by their one-time links.

Plain Tornado handlers with our own HTML; nothing of Panel runs before someone is signed
in. Forms are answered only with Tornado's XSRF token. A refusal never says which field
was wrong.
"""

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from dashboard.auth.accounts import Accounts
from dashboard.auth.passwords import SHORTEST
from dashboard.auth.tokens import LIFETIME_S
from dashboard.core.errors import AuthError, CodeNeededError, InputError, TooManyTriesError
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.guard import COOKIE, claims_of, get_user, safe_next

__all__ = ["LoginHandler", "LogoutHandler", "get_user", "patterns"]

FOLDER = Path(__file__).parent
THEME = FOLDER.parent / "theme.css"
FORM_HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class FormHandler(RequestHandler):
    """What the pages with a form share."""

    def set_default_headers(self) -> None:
        """Forbid caching, framing and anything from another host."""
        for name, value in FORM_HEADERS.items():
            self.set_header(name, value)

    def get_template_path(self) -> str:
        """Return the folder of the pages."""
        return str(FOLDER / "templates")

    def get_template_namespace(self) -> dict[str, Any]:
        """Add what every page shows."""
        return super().get_template_namespace() | {
            "root": f"{self._prefix}/",
            "status": get_runtime().status_words(),
            "version": version("tezi"),
            "shortest": SHORTEST,
            "problem": "",
            "wait_s": 0,
            "name": "",
            "code": False,
        }

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in one sentence what was refused."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        refused = isinstance(error, HTTPError) and status_code < 500
        sentence = (
            "This form was open too long. Go back, load the page again and repeat it."
            if refused
            else "Tezi could not answer. The terminal in which it runs says why."
        )
        self.render("refused.html", problem=sentence)

    @property
    def _accounts(self) -> Accounts:
        return get_runtime().accounts

    @property
    def _prefix(self) -> str:
        return getattr(self.application, "prefix", "")

    @property
    def _address(self) -> str:
        return self.request.remote_ip or ""

    @property
    def _agent(self) -> str:
        return self.request.headers.get("User-Agent", "")

    def _next(self) -> str:
        return safe_next(self.get_argument("next", ""), f"{self._prefix}/")

    def _sign_in_as(self, token: str) -> None:
        self.set_cookie(
            COOKIE,
            token,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=get_runtime().settings.secure_cookies or self.request.protocol == "https",
            max_age=LIFETIME_S,
        )


class LoginHandler(FormHandler):
    """Sign in."""

    def get(self) -> None:
        """Show the form, or go on where someone is signed in already."""
        if claims_of(self):
            self.redirect(self._next())
        else:
            self._show()

    async def post(self) -> None:
        """Check name, password and code; the slow hash runs beside the loop."""
        self.check_xsrf_cookie()
        name = self.get_body_argument("name", "")
        password = self.get_body_argument("password", "", strip=False)
        code = self.get_body_argument("code", None)
        sign_in = partial(
            self._accounts.sign_in, name, password, self._address, code=code, agent=self._agent
        )
        try:
            token = await IOLoop.current().run_in_executor(None, sign_in)
        except TooManyTriesError as error:
            self.set_status(429)
            self.set_header("Retry-After", str(error.wait_s))
            self._show(name=name, problem=str(error), wait_s=error.wait_s)
        except CodeNeededError as error:
            self.set_status(401)
            self._show(name=name, problem=str(error), code=True)
        except AuthError as error:
            self.set_status(401)
            self._show(name=name, problem=str(error), code=code is not None)
        else:
            self._sign_in_as(token)
            self.redirect(self._next())

    def _show(self, **words: Any) -> None:
        self.render(
            "login.html",
            next=self._next(),
            needs_owner=self._accounts.needs_owner(),
            used=self.get_argument("used", "") == "1",
            **words,
        )


class WelcomeHandler(FormHandler):
    """Create an account from a one-time link: the owner's first one, or one by invitation."""

    def get(self) -> None:
        """Show the form while the link may be good; one that is used up leads to sign-in."""
        if self._accounts.needs_owner() or self._accounts.is_invited(self._link_token()):
            self._show()
        else:
            used = "?used=1" if self._link_token() else ""
            self.redirect(f"{self._prefix}/login{used}")

    async def post(self) -> None:
        """Create the account and sign in."""
        self.check_xsrf_cookie()
        name = self.get_body_argument("name", "")
        password = self.get_body_argument("password", "", strip=False)
        who = (name, password, self._address, self._agent)
        accept = partial(self._accounts.accept_invitation, self._link_token(), *who)
        try:
            token = await IOLoop.current().run_in_executor(None, accept)
        except InputError as error:
            self.set_status(400)
            self._show(name=name, problem=str(error))
        except AuthError as error:
            self.set_status(403)
            self._show(name=name, problem=str(error))
        else:
            self._sign_in_as(token)
            self.redirect(f"{self._prefix}/")

    def _show(self, **words: Any) -> None:
        is_first = self._accounts.needs_owner()
        self.render("welcome.html", token=self._link_token(), is_first=is_first, **words)

    def _link_token(self) -> str:
        return self.get_argument("token", "")


class LogoutHandler(FormHandler):
    """Sign out: only a POST does it, so that no other page's picture or link can."""

    def get(self) -> None:
        """Ask, for those whose browser runs no scripts."""
        claims = claims_of(self)
        if claims is None:
            self.redirect(f"{self._prefix}/login")
        else:
            self.render("logout.html", name=claims.name)

    def post(self) -> None:
        """End the session, which closes its pages."""
        self.check_xsrf_cookie()
        self._accounts.sign_out(self.get_cookie(COOKIE) or "")
        self.clear_cookie(COOKIE, path="/")
        self.redirect(f"{self._prefix}/login")


class StateHandler(FormHandler):
    """Say whether the request is signed in: 204 or 401, nothing else."""

    def get(self) -> None:
        """Answer without a body."""
        self.set_status(204 if claims_of(self) else 401)


class NestedHandler(RequestHandler):
    """Lead ``/app/login`` to ``/login``: Panel's redirect is relative to the page."""

    def get(self, page: str) -> None:
        """Redirect, with the question kept."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{getattr(self.application, 'prefix', '')}/{page}{query}")


class JwksHandler(RequestHandler):
    """Publish the keys that check our tokens."""

    def get(self) -> None:
        """Answer with the JWKS document."""
        self.set_header("Cache-Control", "public, max-age=300")
        self.write(get_runtime().accounts.tokens.jwks())


class HealthHandler(RequestHandler):
    """Say that the server answers."""

    def get(self) -> None:
        """Answer with a word."""
        self.write({"status": "ok"})


def patterns() -> list[tuple[Any, ...]]:
    """Return the routes beside Panel's own and the auth module's two."""
    return [
        (r"/welcome", WelcomeHandler),
        (r"/login/state", StateHandler),
        (r"/[^/]+/(login|logout)", NestedHandler),
        (r"/signin/(theme\.css)", StaticFileHandler, {"path": str(THEME.parent)}),
        (r"/signin/(.*)", StaticFileHandler, {"path": str(FOLDER / "static")}),
        (r"/\.well-known/jwks\.json", JwksHandler),
        (r"/healthz", HealthHandler),
    ]
