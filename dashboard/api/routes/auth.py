"""``/v1/auth``: tokens for a password, their renewal and their end, and API keys.

The refresh token is a cookie that scripts cannot read and that only these addresses are sent.
It counts for one use; one that is shown twice ends its session.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security.http import HTTPAuthorizationCredentials

from dashboard.api.callers import Caller, Parts, bearer, caller, is_ours, key_header
from dashboard.api.models.auth import ApiKeys, Jwks, Me, NewKey, SignIn, Test, Tokens, WantedKey
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem, problems, reply
from dashboard.api.replies import JSON, NO_STORE, dumps
from dashboard.api.signing_in import SlowDoor
from dashboard.auth.identity import Identity, Scope, Via
from dashboard.auth.records import ApiKeyInfo, Grant
from dashboard.core.clock import SECOND_NS, from_ns, from_seconds
from dashboard.core.errors import AuthError, CodeNeededError

router = APIRouter(prefix="/v1/auth", tags=["auth"])

REFRESH = "tezi_refresh"
PATH = "/v1/auth"
JWKS_S = 300  # that others may keep the keys for
DAY_S = 24 * 60 * 60
AGENT = 200  # characters of a browser's name that are kept
NO_COOKIE = "There is no refresh cookie: sign in with /v1/auth/login."
OTHER_SITE = "The refresh cookie counts only for requests of Tezi's own page, and of programs."
WITH_KEY = "An API key cannot make or revoke keys: sign in."


async def door(request: Request) -> SlowDoor:
    """Return the door of this app's sign-ins."""
    found = getattr(request.app.state, "door", None)
    if found is None:
        found = request.app.state.door = SlowDoor()
    return found


Door = Annotated[SlowDoor, Depends(door)]


@router.post(
    "/login",
    operation_id="auth_login",
    summary="Sign in",
    responses={200: {"model": Tokens}, **problems(401, 413, 422, 429, 503)},
)
async def login(request: Request, parts: Parts, door: Door, wanted: SignIn) -> Response:
    """Return an access token, and the refresh token as a cookie.

    Where the account asks for a one-time code and none came, the refusal's `where` is "code".
    """
    work = partial(
        parts.accounts.open_session,
        wanted.username,
        wanted.password,
        _address(request),
        code=wanted.code,
        agent=_agent(request),
    )
    try:
        grant = await door.run(work)
    except CodeNeededError as error:
        raise Problem(401, str(error), "code") from error
    return _granted(request, parts, grant)


@router.post(
    "/refresh",
    operation_id="auth_refresh",
    summary="A new access token for the refresh cookie",
    responses={200: {"model": Tokens}, **problems(401, 403, 429, 503)},
)
def refresh(request: Request, parts: Parts) -> Response:
    """Use the refresh cookie up for new tokens. One that was used before ends the session.

    No slow hash is in it, so it does not queue behind those who sign in.
    """
    token = request.cookies.get(REFRESH)
    if not token:
        raise Problem(401, NO_COOKIE)
    try:
        grant = _renewed(request, parts, token)
    except AuthError as error:
        return _forget(request, Problem(401, str(error)))
    return _granted(request, parts, grant)


@router.post(
    "/logout",
    operation_id="auth_logout",
    summary="End this session",
    status_code=204,
    responses={204: {"description": "It is over."}, **problems(401, 403, 409, 429)},
)
async def logout(
    request: Request,
    parts: Parts,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None,
    key: Annotated[str | None, Depends(key_header)] = None,
) -> Response:
    """End the caller's session: its tokens, its pages and its sockets.

    Where no header says who is calling, the refresh cookie does: an access token may be over.
    """
    cookie = request.cookies.get(REFRESH)
    if token is None and key is None and cookie:
        return await run_in_threadpool(_end_by_cookie, request, parts, cookie)
    identity = await caller(request, parts, token, key)
    if identity.via is Via.KEY:
        raise Problem(409, "An API key has no session: revoke it with DELETE /v1/auth/keys/ID")
    await run_in_threadpool(_end, parts, identity)
    return _ended()


@router.get(
    "/me",
    operation_id="auth_me",
    summary="Who is calling",
    responses={200: {"model": Me}, **problems(401, 403, 429)},
)
async def me(identity: Caller) -> Response:
    """Return the account, its role and scopes, and what was shown for it."""
    return _private(_me(identity))


@router.get(
    "/test",
    operation_id="auth_test",
    summary="Is this token or key good?",
    responses={200: {"model": Test}, **problems(401, 403, 429)},
)
async def test(identity: Caller) -> Response:
    """Return the same as `/me`, with `ok`."""
    return _private({"ok": True, **_me(identity)})


@router.get(
    "/.well-known/jwks.json",
    operation_id="auth_jwks",
    summary="The public keys that check access tokens",
    responses={200: {"model": Jwks}},
)
def jwks(parts: Parts) -> Response:
    """Return the JWKS document (RFC 7517); nobody has to sign in for it."""
    headers = {"Cache-Control": f"public, max-age={JWKS_S}"}
    return Response(dumps(parts.accounts.tokens.jwks()), media_type=JSON, headers=headers)


@router.get(
    "/keys",
    operation_id="api_keys",
    summary="API keys of this account",
    responses={200: {"model": ApiKeys}, **problems(401, 403, 429)},
)
def keys(parts: Parts, identity: Caller) -> Response:
    """Return the account's keys, without their secrets."""
    found = parts.accounts.api_keys(identity.account_id)
    return _private({"items": [_key(one) for one in found]})


@router.post(
    "/keys",
    operation_id="make_api_key",
    summary="Make an API key",
    status_code=201,
    responses={201: {"model": NewKey}, **problems(401, 403, 413, 422, 429)},
)
def make_key(parts: Parts, identity: Caller, wanted: WantedKey) -> Response:
    """Return a new key. It is told this once; only its digest is kept."""
    _refuse_keys(identity)
    scopes = frozenset(Scope(name) for name in wanted.scopes)
    expires_s = None
    if wanted.days is not None:
        expires_s = parts.clock.now_ns() // SECOND_NS + wanted.days * DAY_S
    made = parts.accounts.make_api_key(identity.account_id, wanted.name, scopes, expires_s)
    return _private({"id": made.id, "key": made.key}, 201)


@router.delete(
    "/keys/{key_id}",
    operation_id="revoke_api_key",
    summary="Revoke an API key",
    status_code=204,
    responses={204: {"description": "It is worthless."}, **problems(401, 403, 404, 422, 429)},
)
def revoke_key(
    parts: Parts,
    identity: Caller,
    key_id: Annotated[str, Path(max_length=32, description="Its id.", examples=["3f9a01bc"])],
) -> Response:
    """End one of the account's keys, and the sockets that were opened with it."""
    _refuse_keys(identity)
    if not parts.accounts.revoke_api_key(identity.account_id, key_id):
        raise Problem(404, "No such key of yours", "key_id")
    return Response(status_code=204, headers=NO_STORE)


def _renewed(request: Request, parts: ApiParts, token: str) -> Grant:
    """Use a refresh cookie up; raise `Problem` 403 where another site sent it."""
    _refuse_other_sites(request, parts)
    return parts.accounts.refresh(token, _address(request), agent=_agent(request))


def _end_by_cookie(request: Request, parts: ApiParts, token: str) -> Response:
    try:
        _end(parts, _renewed(request, parts, token).identity)
    except AuthError as error:
        return _forget(request, Problem(401, str(error)))
    return _ended()


def _end(parts: ApiParts, identity: Identity) -> None:
    parts.accounts.end_session(identity.account_id, identity.credential.partition(":")[2])


def _ended() -> Response:
    ended = Response(status_code=204, headers=NO_STORE)
    ended.delete_cookie(REFRESH, path=PATH)
    return ended


def _granted(request: Request, parts: ApiParts, grant: Grant) -> Response:
    now_s = parts.clock.now_ns() // SECOND_NS
    granted = _private(
        {
            "access_token": grant.access,
            "token_type": "Bearer",
            "expires_in": max(grant.access_expires_s - now_s, 0),
            "refresh_expires_in": max(grant.refresh_expires_s - now_s, 0),
            "account": _account(grant.identity),
        }
    )
    granted.set_cookie(
        REFRESH,
        grant.refresh,
        max_age=grant.refresh_expires_s - now_s,
        path=PATH,
        secure=parts.settings.secure_cookies or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return granted


def _forget(request: Request, problem: Problem) -> Response:
    """Return a refusal that takes the worthless cookie away."""
    refused = reply(request, problem)
    refused.delete_cookie(REFRESH, path=PATH)
    return refused


def _private(document: dict[str, Any], status: int = 200) -> Response:
    return Response(dumps(document), status, NO_STORE, JSON)


def _account(identity: Identity) -> dict[str, Any]:
    return {
        "name": identity.name,
        "role": identity.role.value,
        "scopes": sorted(scope.value for scope in identity.scopes),
    }


def _me(identity: Identity) -> dict[str, Any]:
    ends = identity.expires_s
    return {
        **_account(identity),
        "via": identity.via.value,
        "credential": identity.credential,
        "expires": from_seconds(ends) if ends is not None else None,
    }


def _key(one: ApiKeyInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(scope.value for scope in one.scopes),
        "created": from_ns(one.created_ns),
        "expires": None if one.expires_ns is None else from_ns(one.expires_ns),
        "last_used": None if one.last_used_ns is None else from_ns(one.last_used_ns),
        "revoked": one.revoked,
    }


def _refuse_keys(identity: Identity) -> None:
    if identity.via is Via.KEY:
        raise Problem(403, WITH_KEY)


def _refuse_other_sites(request: Request, parts: ApiParts) -> None:
    origin = request.headers.get("origin")
    if origin is not None and not is_ours(origin, request, parts):
        raise Problem(403, OTHER_SITE)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:AGENT]
