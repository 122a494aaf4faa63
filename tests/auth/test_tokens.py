"""Tokens: signed by our keys only, over when they say so, each for its audience."""

from collections.abc import Callable
from datetime import datetime

import jwt
import pytest

from dashboard.auth.keyring import Keyring
from dashboard.auth.tokens import ACCESS_LIFETIME_S, API, LIFETIME_S, PAGE, Claims, Tokens
from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import AuthError
from storage.accounts import SqlAccounts
from storage.sealing import Seal


@pytest.fixture
def make(store: SqlAccounts, clock: ManualClock, seal: Seal) -> Callable[..., Tokens]:
    return lambda clock=clock: Tokens(Keyring(store.signing_keys, clock, seal), clock)


@pytest.fixture
def tokens(make: Callable[..., Tokens]) -> Tokens:
    return make()


def issue(tokens: Tokens, audience: str = PAGE) -> tuple[str, Claims]:
    return tokens.issue(7, "aruna", "owner", "session", audience)


@pytest.mark.parametrize(("audience", "lifetime_s"), [(PAGE, 12 * 3600), (API, 15 * 60)])
def test_says_who_it_is_and_until_when(tokens: Tokens, audience: str, lifetime_s: int):
    token, claims = issue(tokens, audience)
    assert tokens.verify(token, audience) == claims
    assert (claims.account_id, claims.name, claims.role) == (7, "aruna", "owner")
    assert claims.sid == "session"
    assert claims.expires_s - claims.issued_s == lifetime_s


def test_two_tokens_never_share_an_id(tokens: Tokens):
    assert issue(tokens)[1].jti != issue(tokens)[1].jti


@pytest.mark.parametrize(("audience", "lifetime_s"), [(PAGE, LIFETIME_S), (API, ACCESS_LIFETIME_S)])
def test_is_over_at_the_second_it_names(
    tokens: Tokens, clock: ManualClock, audience: str, lifetime_s: int
):
    token, _ = issue(tokens, audience)
    clock.advance(lifetime_s - 1)
    tokens.verify(token, audience)
    clock.advance(1)
    with pytest.raises(AuthError, match="over"):
        tokens.verify(token, audience)


def test_outlives_a_restart(make: Callable[..., Tokens]):
    token, claims = issue(make())
    assert make().verify(token) == claims


def test_a_token_of_yesterday_is_over(make: Callable[..., Tokens], tokens: Tokens):
    then = make(ManualClock(datetime(2026, 8, 17, 9, 15, tzinfo=IST)))
    with pytest.raises(AuthError, match="over"):
        tokens.verify(issue(then)[0])


def test_anyone_can_check_a_token_with_the_published_key(tokens: Tokens):
    token, _ = issue(tokens, API)
    (published,) = tokens.jwks()["keys"]
    assert jwt.get_unverified_header(token)["kid"] == published["kid"]
    claims = jwt.decode(
        token,
        jwt.PyJWK(published),
        algorithms=["RS256"],
        audience="tezi-api",
        issuer="tezi",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["sub"] == "7"


def test_a_signature_is_checked_once_while_its_key_counts(
    tokens: Tokens, store: SqlAccounts, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    token, claims = issue(tokens)
    tokens.verify(token)
    with monkeypatch.context() as patch:
        patch.setattr(jwt, "decode", None)  # whoever calls it fails
        assert tokens.verify(token) == claims
    store.signing_keys.forget([tokens.jwks()["keys"][0]["kid"]])
    clock.advance(30)
    with pytest.raises(AuthError, match="not valid"):
        tokens.verify(token)


def test_what_was_good_for_one_audience_is_no_better_for_the_other(tokens: Tokens):
    token, _ = issue(tokens)
    tokens.verify(token)
    with pytest.raises(AuthError, match="not valid"):
        tokens.verify(token, API)


def test_no_more_tokens_are_remembered_than_may_be(tokens: Tokens, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboard.auth.tokens.REMEMBERED", 3)
    for _ in range(9):
        tokens.verify(issue(tokens)[0])
    assert len(tokens._checked) == 3
