"""The check in front of every page and socket, and what it lets through.

Panel writes the request's headers and cookies into a token that scripts of the page can
read. The signed cookie must not be among them, so it is taken out of the request once it
was verified, and the visitor goes on in headers of our own; whatever a browser sent under
those names is overwritten. The page's policy forbids it to load from any other host.
"""

import re
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from bokeh.util.token import get_token_payload
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from dashboard.auth.tokens import Claims
from dashboard.core.errors import AuthError
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.visits import HEADER_SESSION, visitor_headers

COOKIE = "tezi_token"
THIS_MACHINE = ("localhost", "127.0.0.1")
POLICY = "Content-Security-Policy"
PAGE_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # BokehJS compiles callbacks, Panel's components arrive as blobs: neither may be forbidden
    POLICY: (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
        "style-src 'self' 'unsafe-inline' blob: data:; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}
FORBIDDEN_IN_NEXT = re.compile(r"[\x00-\x20\\\x7f]")


def get_user(handler: RequestHandler) -> str | None:
    """Return the visitor's name, or None where the request carries no good token."""
    claims = claims_of(handler)
    if claims is None:
        return None
    if isinstance(handler, WebSocketHandler):
        return claims.name if _opened_by(handler, claims) else None
    for name, value in with_form_targets(PAGE_HEADERS).items():
        handler.set_header(name, value)
    _hide_cookies(handler)
    for name, value in visitor_headers(claims).items():
        handler.request.headers[name] = value
    return claims.name


def claims_of(handler: RequestHandler) -> Claims | None:
    """Return what the request's token says, or None where there is no good one."""
    token = handler.get_cookie(COOKIE)
    if not token:
        return None
    try:
        return get_runtime().accounts.verify(token)
    except AuthError:
        return None


def safe_next(target: str, home: str) -> str:
    """Return `target` if it is a path on this server, and `home` if it leads elsewhere."""
    inside = target.startswith("/") and not target.startswith("//")
    return target if inside and not FORBIDDEN_IN_NEXT.search(target) else home


def with_form_targets(headers: dict[str, str]) -> dict[str, str]:
    """Let forms lead to Kite's sign-in too, and back, where an API key is set.

    Browsers hold every address that a form leads on to against the page's policy: ours
    sends to Kite, and Kite sends to the address of its app, which may name this machine
    differently than the visitor does.
    """
    runtime = get_runtime()
    if runtime.sessions is None:
        return headers
    kite = urlsplit(runtime.settings.kite_login)
    here = [f"http://{host}:*" for host in THIS_MACHINE]
    targets = " ".join(["form-action 'self'", f"{kite.scheme}://{kite.netloc}", *here])
    policy = headers[POLICY].replace("form-action 'self'", targets)
    return {**headers, POLICY: policy}


def _hide_cookies(handler: RequestHandler) -> None:
    handler.request.headers.pop("Cookie", None)
    handler.request._cookies = SimpleCookie()  # tornado has parsed them already


def _opened_by(handler: WebSocketHandler, claims: Claims) -> bool:
    """Say whether the page that opens this socket was given to the same sign-in."""
    protocols = handler.request.headers.get("Sec-WebSocket-Protocol", "")
    try:
        payload = get_token_payload(protocols.split(",")[-1].strip())
        return bool(payload["headers"][HEADER_SESSION] == claims.sid)
    except (ValueError, KeyError, TypeError, IndexError):
        return False
