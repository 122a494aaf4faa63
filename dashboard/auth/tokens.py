"""Signed tokens (JWT, RS256): the page's cookie and the API's access tokens.

Both name a session, and each names its audience: one is never taken for the other. Expiry
is measured on the clock that was passed in. Source: RFC 7519 (claims), RFC 8725 (what a
verifier must insist on).
"""

import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from dashboard.auth.keyring import ALGORITHM, LONGEST_S, Keyring
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError

ISSUER = "tezi"
PAGE = "tezi-page"
API = "tezi-api"
LIFETIME_S = LONGEST_S  # of the page's cookie
ACCESS_LIFETIME_S = 15 * 60
SKEW_S = 60  # by which the clocks of two hosts may differ
REQUIRED = ["iss", "aud", "sub", "sid", "name", "role", "jti", "iat", "exp"]
REMEMBERED = 4000  # tokens whose signature was checked
LONGEST_TOKEN = 4096  # characters; ours have about 800


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. Times are seconds since the epoch."""

    account_id: int
    name: str
    role: str
    sid: str
    jti: str
    issued_s: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a token says whose signature was found good, and the key that made it."""

    kid: str
    claims: Claims
    not_before_s: int


class Tokens:
    """Issue and verify tokens with the keys of one installation."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock
        self._checked: dict[tuple[str, str], _Checked] = {}

    def issue(
        self, account_id: int, name: str, role: str, sid: str, audience: str = PAGE
    ) -> tuple[str, Claims]:
        """Return a new token for a session, and what it says."""
        now_s = self._now_s()
        lifetime_s = LIFETIME_S if audience == PAGE else ACCESS_LIFETIME_S
        jti = secrets.token_urlsafe(16)
        claims = Claims(account_id, name, role, sid, jti, now_s, now_s + lifetime_s)
        signer = self._keyring.signer()
        payload = _payload(claims, audience)
        return jwt.encode(payload, signer.private, ALGORITHM, {"kid": signer.kid}), claims

    def verify(self, token: str, audience: str = PAGE) -> Claims:
        """Return what the token says.

        Raises
        ------
        AuthError
            If none of our keys signed it, it is for another audience, lacks a claim, or is
            over or not yet good.
        """
        try:
            checked = self._check(token, audience)
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise AuthError("This sign-in is not valid: sign in again.") from error
        if checked.not_before_s > self._now_s() + SKEW_S:
            raise AuthError("This sign-in is not valid yet: look at the clock of this machine.")
        if self._now_s() >= checked.claims.expires_s:
            raise AuthError("This sign-in is over: sign in again.")
        return checked.claims

    def _check(self, token: str, audience: str) -> _Checked:
        """Return what a token says that one of our keys signed, whenever it may be good.

        What was found good is remembered: a signature takes longer to check than all else.
        """
        if len(token) > LONGEST_TOKEN:
            raise ValueError("it is longer than any of ours")
        known = self._checked.get((audience, token))
        if known is not None and self._keyring.public(known.kid) is not None:
            return known
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keyring.public(kid)
        if key is None:
            raise ValueError("no key of ours has its key id")
        options: Any = {
            "require": REQUIRED,
            "verify_exp": False,  # by our clock
            "verify_iat": False,
            "verify_nbf": False,
        }
        payload = jwt.decode(
            token, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=audience, options=options
        )
        claims = _claims(payload)
        checked = _Checked(str(kid), claims, max(claims.issued_s, int(payload.get("nbf", 0))))
        if len(self._checked) >= REMEMBERED:
            self._checked.clear()
        self._checked[audience, token] = checked
        return checked

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as the document of ``/.well-known/jwks.json``."""
        return self._keyring.jwks()

    def _now_s(self) -> int:
        return self._clock.now_ns() // SECOND_NS


def _payload(claims: Claims, audience: str) -> dict[str, str | int]:
    return {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(claims.account_id),
        "sid": claims.sid,
        "name": claims.name,
        "role": claims.role,
        "jti": claims.jti,
        "iat": claims.issued_s,
        "exp": claims.expires_s,
    }


def _claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        account_id=int(payload["sub"]),
        name=str(payload["name"]),
        role=str(payload["role"]),
        sid=str(payload["sid"]),
        jti=str(payload["jti"]),
        issued_s=int(payload["iat"]),
        expires_s=int(payload["exp"]),
    )
