"""Tokens: signed by our key only, over when they say so, checkable by the public key."""

import base64
import json
from datetime import datetime

import jwt
import pytest

from dashboard.auth.tokens import KEY_SETTING, LIFETIME_S, Tokens
from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import AuthError
from storage.accounts import SqlAccounts


class OtherInstallation:
    """Keep settings in memory: another installation has another key."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_setting(self, key: str) -> str | None:
        return self.kept.get(key)

    def set_setting(self, key: str, value: str) -> str:
        return self.kept.setdefault(key, value)


@pytest.fixture
def tokens(store: SqlAccounts, clock: ManualClock) -> Tokens:
    return Tokens(store, clock)


def test_says_who_it_is_and_until_when(tokens: Tokens):
    token, claims = tokens.issue(7, "aruna", "owner")
    assert tokens.verify(token) == claims
    assert (claims.account_id, claims.name, claims.role) == (7, "aruna", "owner")
    assert claims.expires_s - claims.issued_s == 12 * 3600


def test_two_tokens_never_share_an_id(tokens: Tokens):
    assert tokens.issue(7, "aruna", "owner")[1].jti != tokens.issue(7, "aruna", "owner")[1].jti


def test_is_over_at_the_second_it_names(tokens: Tokens, clock: ManualClock):
    token, _ = tokens.issue(7, "aruna", "owner")
    clock.advance(LIFETIME_S - 1)
    tokens.verify(token)
    clock.advance(1)
    with pytest.raises(AuthError, match="over"):
        tokens.verify(token)


def test_outlives_a_restart(store: SqlAccounts, clock: ManualClock):
    token, claims = Tokens(store, clock).issue(7, "aruna", "owner")
    assert Tokens(store, clock).verify(token) == claims


def test_refuses_the_token_of_another_installation(tokens: Tokens, clock: ManualClock):
    forged, _ = Tokens(OtherInstallation(), clock).issue(7, "aruna", "owner")
    with pytest.raises(AuthError, match="not valid"):
        tokens.verify(forged)


def test_refuses_a_changed_claim(tokens: Tokens):
    head, body, signature = tokens.issue(7, "aruna", "owner")[0].split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed["sub"] = "1"
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    with pytest.raises(AuthError):
        tokens.verify(f"{head}.{body}.{signature}")


def test_refuses_a_token_that_is_not_signed_at_all(tokens: Tokens):
    body = jwt.decode(tokens.issue(7, "aruna", "owner")[0], options={"verify_signature": False})
    with pytest.raises(AuthError):
        tokens.verify(jwt.encode(body, None, algorithm="none"))


def test_refuses_a_shared_secret_in_place_of_the_key(tokens: Tokens):
    body = jwt.decode(tokens.issue(7, "aruna", "owner")[0], options={"verify_signature": False})
    secret = tokens.jwks()["keys"][0]["n"]  # public, so anyone could sign with it
    with pytest.raises(AuthError):
        tokens.verify(jwt.encode(body, secret, algorithm="HS256"))


@pytest.mark.parametrize("text", ["", "a.b.c", "no token", "é"])
def test_refuses_what_is_no_token(tokens: Tokens, text: str):
    with pytest.raises(AuthError):
        tokens.verify(text)


def test_anyone_can_check_a_token_with_the_published_key(tokens: Tokens):
    token, _ = tokens.issue(7, "aruna", "owner")
    (published,) = tokens.jwks()["keys"]
    assert jwt.get_unverified_header(token)["kid"] == published["kid"]
    claims = jwt.decode(
        token, jwt.PyJWK(published), algorithms=["RS256"], options={"verify_exp": False}
    )
    assert claims["sub"] == "7"


def test_publishes_nothing_private(tokens: Tokens):
    (published,) = tokens.jwks()["keys"]
    assert sorted(published) == ["alg", "e", "kid", "kty", "n", "use"]


def test_keeps_one_key_of_2048_bits(store: SqlAccounts, clock: ManualClock):
    modulus = Tokens(store, clock).jwks()["keys"][0]["n"]
    assert len(base64.urlsafe_b64decode(modulus + "==")) == 256
    assert (store.get_setting(KEY_SETTING) or "").startswith("-----BEGIN PRIVATE KEY-----")


def test_a_token_of_last_year_is_over():
    installation = OtherInstallation()
    then = Tokens(installation, ManualClock(datetime(2025, 8, 18, 9, 15, tzinfo=IST)))
    now = Tokens(installation, ManualClock(datetime(2026, 8, 18, 9, 15, tzinfo=IST)))
    with pytest.raises(AuthError, match="over"):
        now.verify(then.issue(7, "aruna", "owner")[0])
