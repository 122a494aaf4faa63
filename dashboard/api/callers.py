"""Who is calling: one dependency of every route, whatever they showed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import HTTPConnection

from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.auth.identity import Identity, Scope
from dashboard.core.errors import AuthError

COOKIE = "tezi_token"  # the page's
KEY_HEADER = "X-API-Key"
SAFE = ("GET", "HEAD", "OPTIONS")
CHALLENGE = {"WWW-Authenticate": "Bearer"}
NOBODY = (
    "Show who you are: Authorization: Bearer TOKEN from /v1/auth/login, or X-API-Key: KEY "
    "from your account's page."
)

bearer = HTTPBearer(auto_error=False, description="Access token of /v1/auth/login")
key_header = APIKeyHeader(name=KEY_HEADER, auto_error=False, description="API key")


def parts_of_request(connection: HTTPConnection) -> ApiParts:
    """Return the parts of the process."""
    return cast(ApiParts, connection.app.state.parts)


async def parts_of(connection: HTTPConnection) -> ApiParts:
    """Return the same, for routes; nothing here waits, so it needs no thread."""
    return parts_of_request(connection)


def shown_by(connection: HTTPConnection) -> str | None:
    """Return the kind and text of what a request shows in one header, None for anything else."""
    given, key = connection.headers.get("authorization"), connection.headers.get(KEY_HEADER)
    if given is None:
        return f"key {key}" if key else None
    scheme, _, token = given.partition(" ")
    return f"bearer {token}" if scheme.lower() == "bearer" and token and not key else None


Parts = Annotated[ApiParts, Depends(parts_of)]


async def caller(
    connection: HTTPConnection,
    parts: Parts,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None,
    key: Annotated[str | None, Depends(key_header)] = None,
) -> Identity:
    """Return who is calling.

    A bearer goes before a key, a key before the page's cookie; the first one that is there
    counts, and is not made up for by the next one.

    Raises
    ------
    Problem
        401 where nothing was shown or it is not good (any more); 403 for a cookie that
        another site sent.
    """
    shown = shown_by(connection)
    known = parts.recognised.find(shown) if shown else None
    if known is not None:
        return known
    ends = parts.recognised.ends
    found = await run_in_threadpool(
        identify, connection, parts, token.credentials if token else None, key
    )
    if shown:
        parts.recognised.keep(shown, found, ends)
    return found


def identify(
    connection: HTTPConnection, parts: ApiParts, token: str | None, key: str | None
) -> Identity:
    """Return who shows `token` or `key`, or the page's cookie; see `caller`."""
    try:
        if token is not None:
            return parts.accounts.identify(bearer=token)
        if key is not None:
            return parts.accounts.identify(api_key=key)
        cookie = connection.cookies.get(COOKIE)
        if cookie:
            _refuse_other_sites(connection, parts)
            return parts.accounts.identify(cookie=cookie)
    except AuthError as error:
        raise Problem(401, str(error), headers=CHALLENGE) from error
    raise Problem(401, NOBODY, headers=CHALLENGE)


def needs(scope: Scope) -> Callable[..., Awaitable[Identity]]:
    """Return the dependency of a route that asks for `scope`."""

    async def allowed(identity: Annotated[Identity, Depends(caller)]) -> Identity:
        if not identity.may(scope):
            raise Problem(
                403,
                f"This needs the scope {scope.value}, which {_words(identity)} does not have.",
            )
        return identity

    return allowed


def _words(identity: Identity) -> str:
    return "this API key" if identity.via == "key" else f"the role {identity.role.value}"


def _refuse_other_sites(connection: HTTPConnection, parts: ApiParts) -> None:
    """Refuse a cookie that came with a request of another site's page (XSRF)."""
    origin = connection.headers.get("origin")
    method = connection.scope.get("method", "GET")
    if origin is None and connection.scope["type"] == "http" and method in SAFE:
        return  # no script of another site reads the answer
    if origin is None or not is_ours(origin, connection, parts):
        raise Problem(403, "The page's cookie counts only for requests of Tezi's own page.")


def is_ours(origin: str, connection: HTTPConnection, parts: ApiParts) -> bool:
    """Say whether an Origin is Tezi's page or named in the settings."""
    if origin in connection.app.state.origins:
        return True
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    here = urlsplit(f"//{connection.headers.get('host', '')}").hostname
    return bool(host) and host == here and not parts.settings.public_url


Caller = Annotated[Identity, Depends(caller)]
Reader = Annotated[Identity, Depends(needs(Scope.READ))]
Replayer = Annotated[Identity, Depends(needs(Scope.REPLAY))]
Exporter = Annotated[Identity, Depends(needs(Scope.EXPORT))]
Manager = Annotated[Identity, Depends(needs(Scope.MANAGE))]


def install(app: FastAPI, parts: ApiParts, origins: frozenset[str]) -> None:
    """Keep what the dependencies look at."""
    app.state.parts, app.state.origins = parts, origins
