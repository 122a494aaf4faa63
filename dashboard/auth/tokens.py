"""Signed tokens (JWT, RS256) and the public key that checks them (JWKS).

The key pair is made when it is first needed and kept among the store's settings, so that
tokens outlive a restart and other processes can check them. Expiry is measured on the
clock that was passed in. Source: RFC 7519 (claims), RFC 7517 (JWKS), RFC 7638 (key id).
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError

ALGORITHM = "RS256"
ISSUER = "tezi"
LIFETIME_S = 12 * 60 * 60
KEY_BITS = 2048
KEY_SETTING = "token_private_key"
REQUIRED = ["iss", "sub", "name", "role", "jti", "iat", "exp"]


class KeyStore(Protocol):
    """Keep named values beside the accounts."""

    def set_setting(self, key: str, value: str) -> str:
        """Keep `value` unless there is one already; return what is kept."""
        ...

    def get_setting(self, key: str) -> str | None:
        """Return the value, or None where it was never set."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. Times are seconds since the epoch."""

    account_id: int
    name: str
    role: str
    jti: str
    issued_s: int
    expires_s: int


class Tokens:
    """Issue and verify tokens with the key pair of one installation."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._clock = clock
        self._private = _load_key(store)
        self._public = self._private.public_key()
        self._jwk = _public_jwk(self._public)

    def issue(self, account_id: int, name: str, role: str) -> tuple[str, Claims]:
        """Return a new token and what it says; it ends after `LIFETIME_S`."""
        now_s = self._now_s()
        claims = Claims(
            account_id, name, role, secrets.token_urlsafe(16), now_s, now_s + LIFETIME_S
        )
        headers = {"kid": self._jwk["kid"]}
        return jwt.encode(_payload(claims), self._private, ALGORITHM, headers), claims

    def verify(self, token: str) -> Claims:
        """Return what the token says.

        Raises
        ------
        AuthError
            If it was not signed with this key, lacks a claim, or is over.
        """
        options: Any = {"require": REQUIRED, "verify_exp": False, "verify_iat": False}
        try:
            payload = jwt.decode(
                token, self._public, algorithms=[ALGORITHM], issuer=ISSUER, options=options
            )
            claims = _claims(payload)
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise AuthError("This sign-in is not valid: sign in again.") from error
        if self._now_s() >= claims.expires_s:
            raise AuthError("This sign-in is over: sign in again.")
        return claims

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public key as the document of ``/.well-known/jwks.json``."""
        return {"keys": [dict(self._jwk)]}

    def _now_s(self) -> int:
        return self._clock.now_ns() // SECOND_NS


def _payload(claims: Claims) -> dict[str, str | int]:
    return {
        "iss": ISSUER,
        "sub": str(claims.account_id),
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
        jti=str(payload["jti"]),
        issued_s=int(payload["iat"]),
        expires_s=int(payload["exp"]),
    )


def _load_key(store: KeyStore) -> rsa.RSAPrivateKey:
    pem = store.get_setting(KEY_SETTING) or store.set_setting(KEY_SETTING, _new_key_pem())
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise AuthError(f"The setting {KEY_SETTING} does not hold an RSA key: remove it.")
    return key


def _new_key_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _public_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    jwk = RSAAlgorithm.to_jwk(key, as_dict=True)
    parts = {name: str(jwk[name]) for name in ("e", "kty", "n")}
    digest = hashlib.sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode())
    kid = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return {**parts, "alg": ALGORITHM, "use": "sig", "kid": kid}
