"""The key pairs that sign tokens: a new one every 30 days, each sealed in the database.

A pair signs for 30 days at most. Its public half is published until the last token that it
may have signed is over. Where a pair cannot be opened (another home, with another key file,
uses the same database), a new one is made; the other's public half stays good.
Source: RFC 7517 (JWKS), RFC 7638 (key id).
"""

import base64
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from dashboard.auth.records import SigningKey
from dashboard.auth.stores import SigningKeyStore
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError

log = structlog.get_logger(__name__)

ALGORITHM = "RS256"
KEY_BITS = 2048
SIGNS_NS = 30 * 24 * 3600 * SECOND_NS  # how long a pair signs
LONGEST_S = 12 * 60 * 60  # no token lives longer
LOOK_S = 30.0  # how long another process may still sign with a pair that was retired
UNKNOWN_LOOK_S = 1.0  # how often a key id that is not known has the database asked
OLD_SETTING = "token_private_key"  # where the one pair lay open until there were several


class Seal(Protocol):
    """Encrypt secrets for the database; `storage.sealing` does."""

    def close(self, secret: str, what: str) -> bytes:
        """Return `secret` encrypted for what it is."""
        ...

    def open(self, sealed: bytes, what: str) -> str | None:
        """Return the secret; None where it cannot be opened, or is not `what`."""
        ...


@dataclass(frozen=True, slots=True)
class Signer:
    """The pair in use."""

    kid: str
    private: rsa.RSAPrivateKey
    created_ns: int


class Keyring:
    """Have the pair that signs, and know the public half of every one that may have."""

    def __init__(self, store: SigningKeyStore, clock: Clock, seal: Seal) -> None:
        self._store = store
        self._clock = clock
        self._seal = seal
        self._lock = threading.RLock()
        self._signer: Signer | None = None
        self._public: dict[str, rsa.RSAPublicKey] = {}
        self._jwks: list[dict[str, str]] = []
        self._looked: float | None = None
        self._take_over_old()

    def signer(self) -> Signer:
        """Return the pair to sign with, made if there is none that may and can be opened."""
        with self._lock:
            self._look(LOOK_S)
            if self._signer is None or self._is_old(self._signer.created_ns):
                self._signer = None
                self._look(0.0)  # another process may have been quicker
            if self._signer is None:
                self._make()
            signer = self._signer
        if signer is None:
            raise AuthError("No key to sign with could be made.")  # the store lost it at once
        return signer

    def public(self, kid: object) -> rsa.RSAPublicKey | None:
        """Return the public half of that id; None where no pair that still counts has it."""
        if not isinstance(kid, str):
            return None
        with self._lock:
            self._look(LOOK_S)
            if kid not in self._public:
                self._look(UNKNOWN_LOOK_S)
            return self._public.get(kid)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return every public half that may have signed something alive, newest first."""
        with self._lock:
            self.signer()
            return {"keys": [dict(each) for each in self._jwks]}

    def rotate(self) -> str:
        """Let a new pair sign from now on; return its id.

        Tokens that were signed before stay good. Other processes follow within `LOOK_S`.
        """
        with self._lock:
            self._store.retire_all(self._clock.now_ns())
            return self._make().kid

    def _look(self, age_s: float) -> None:
        """Read the pairs again where they were last read that long ago."""
        now = self._clock.monotonic()
        if self._looked is not None and now - self._looked < age_s:
            return
        self._looked = now
        now_ns = self._clock.now_ns()
        kept = self._store.all()
        counting = [key for key in kept if self._ends_ns(key) > now_ns]
        self._jwks = [dict(key.public_jwk) for key in counting]
        known = self._public
        self._public = {
            key.kid: known.get(key.kid) or _read_public(key.public_jwk) for key in counting
        }
        may_sign = [key for key in kept if key.retired_ns is None]
        if self._signer is None or self._signer.kid not in [key.kid for key in may_sign]:
            self._signer = next(filter(None, map(self._open, may_sign)), None)

    def _ends_ns(self, key: SigningKey) -> int:
        last_ns = key.created_ns + SIGNS_NS
        if key.retired_ns is not None:
            last_ns = min(last_ns, key.retired_ns)
        return last_ns + (LONGEST_S + round(2 * LOOK_S)) * SECOND_NS

    def _is_old(self, created_ns: int) -> bool:
        return self._clock.now_ns() >= created_ns + SIGNS_NS

    def _open(self, key: SigningKey) -> Signer | None:
        if self._is_old(key.created_ns):
            return None
        pem = self._seal.open(key.sealed, _what(key.kid))
        if pem is None:
            log.warning("A signing key cannot be opened here: another is used", kid=key.kid)
            return None
        return Signer(key.kid, _read_private(pem), key.created_ns)

    def _make(self) -> Signer:
        now_ns = self._clock.now_ns()
        over = [key.kid for key in self._store.all() if self._ends_ns(key) <= now_ns]
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        key = self._sealed(private, now_ns)
        self._store.add(key)
        self._store.forget(over)
        self._signer = Signer(key.kid, private, now_ns)
        self._looked = None
        self._look(LOOK_S)
        return self._signer

    def _sealed(self, private: rsa.RSAPrivateKey, now_ns: int) -> SigningKey:
        jwk = public_jwk(private.public_key())
        sealed = self._seal.close(_pem(private), _what(jwk["kid"]))
        return SigningKey(jwk["kid"], jwk, sealed, now_ns)

    def _take_over_old(self) -> None:
        """Seal the pair of an installation that knew one only, and lay it open."""
        pem = self._store.get_setting(OLD_SETTING)
        if pem is not None:
            key = self._sealed(_read_private(pem), self._clock.now_ns())
            self._store.take_over(OLD_SETTING, key)


def public_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Return a public key as it is published, its thumbprint as its id."""
    jwk = RSAAlgorithm.to_jwk(key, as_dict=True)
    parts = {name: str(jwk[name]) for name in ("e", "kty", "n")}
    digest = hashlib.sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode())
    kid = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return {**parts, "alg": ALGORITHM, "use": "sig", "kid": kid}


def _what(kid: str) -> str:
    return f"signing key {kid}"


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _read_private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise AuthError("A signing key that is kept is no RSA key: `tezi accounts rotate-keys`.")
    return key


def _read_public(jwk: Mapping[str, str]) -> rsa.RSAPublicKey:
    key = RSAAlgorithm.from_jwk(dict(jwk))
    if not isinstance(key, rsa.RSAPublicKey):
        raise AuthError("A public key that is kept is not one: `tezi accounts rotate-keys`.")
    return key
