"""Attacks on accounts and tokens, each of which must come to nothing.

Those on forms and pages are in `tests.ui.test_signin`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import jwt
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import SCOPES, Identity, Role, Scope
from dashboard.auth.keyring import public_jwk
from dashboard.core.clock import SECOND_NS, ManualClock
from dashboard.core.errors import AuthError, CodeNeededError, StoreLockedError, TooManyTriesError
from storage.accounts import SqlAccounts
from storage.schema import open_database
from storage.sealing import Seal
from tests.auth.conftest import HERE, PASSWORD, QuickHasher


@pytest.fixture
def access(accounts: Accounts, owner: Identity) -> str:
    return accounts.open_session("aruna", PASSWORD, HERE).access


@pytest.fixture
def signing_key(accounts: Accounts) -> rsa.RSAPrivateKey:
    """Return the installation's own private key, as only its thief could have it."""
    return accounts._keyring.signer().private


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        jwt.decode(token, options={"verify_signature": False}),
        jwt.get_unverified_header(token),
    )


def segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(key: rsa.RSAPrivateKey, payload: dict[str, Any], header: dict[str, Any]) -> str:
    rest = {name: value for name, value in header.items() if name not in ("alg", "typ")}
    return jwt.encode(payload, key, "RS256", rest)


def public_pem(accounts: Accounts) -> bytes:
    (published,) = accounts.tokens.jwks()["keys"]
    key = jwt.PyJWK(published).key
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def hmac_signed(secret: bytes, payload: dict[str, Any], header: dict[str, Any]) -> str:
    """Sign with HS256 by hand: the library refuses a PEM as a secret."""
    head = segment(json.dumps({**header, "alg": "HS256"}).encode())
    body = segment(json.dumps(payload).encode())
    digest = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{segment(digest)}"


def refused(accounts: Accounts, token: str) -> None:
    """See that a token is good for nothing, in whatever way it is shown."""
    for shown in ({"bearer": token}, {"cookie": token}, {"api_key": token}):
        with pytest.raises(AuthError):
            accounts.identify(**shown)
    with pytest.raises(AuthError):
        accounts.verify(token)


# -- forged signatures -----------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_that_is_not_signed(accounts: Accounts, access: str, algorithm: str):
    payload, header = parts(access)
    head = segment(json.dumps({**header, "alg": algorithm}).encode())
    body = segment(json.dumps(payload).encode())
    refused(accounts, f"{head}.{body}.")
    refused(accounts, f"{head}.{body}.{access.rpartition('.')[2]}")
    refused(accounts, f"{head}.{body}")


def test_the_public_key_as_a_shared_secret(accounts: Accounts, access: str):
    payload, header = parts(access)
    pem = public_pem(accounts)
    jwk = accounts.tokens.jwks()["keys"][0]
    for secret in (pem, pem.strip(), jwk["n"].encode(), json.dumps(jwk).encode(), b""):
        refused(accounts, hmac_signed(secret, payload, header))


def test_a_changed_claim(accounts: Accounts, access: str):
    payload, _ = parts(access)
    head, _, signature = access.split(".")
    for changed in ({"sub": "2"}, {"exp": 2**40}, {"aud": "tezi-page"}, {"sid": "another"}):
        body = segment(json.dumps({**payload, **changed}).encode())
        refused(accounts, f"{head}.{body}.{signature}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_with_the_right_key(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey, algorithm: str
):
    payload, header = parts(access)
    refused(accounts, jwt.encode(payload, signing_key, algorithm, {"kid": header["kid"]}))


def test_the_key_of_another_installation(
    accounts: Accounts, access: str, tmp_path, clock: ManualClock, quick: QuickHasher
):
    database = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other = Accounts(SqlAccounts(database), clock, seal=Seal(Fernet.generate_key()))
    token, _ = other.tokens.issue(1, "aruna", "owner", parts(access)[0]["sid"], "tezi-api")
    database.close()
    refused(accounts, token)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "no token", "é", "\ud800", "a" * 100_000, "\x00"]
)
def test_what_is_no_token(accounts: Accounts, owner: Identity, text: str):
    refused(accounts, text)


# -- key ids ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kid",
    [
        "unknown",
        "",
        "../../../dev/null",
        "/etc/passwd",
        "x' UNION SELECT 'k",
        None,
        7,
        ["a"],
        {"a": 1},
        "\x00",
        "k" * 3000,
    ],
)
def test_a_key_id_that_leads_elsewhere(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey, kid: object
):
    payload, header = parts(access)
    head = segment(json.dumps({**header, "kid": kid}).encode())
    body = segment(json.dumps(payload).encode())
    proof = jwt.get_algorithm_by_name("RS256").sign(f"{head}.{body}".encode(), signing_key)
    refused(accounts, f"{head}.{body}.{segment(proof)}")


def test_no_key_id(accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey):
    payload, _ = parts(access)
    refused(accounts, signed(signing_key, payload, {}))


def test_the_id_of_another_key_of_ours(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey
):
    payload, _ = parts(access)
    refused(accounts, signed(signing_key, payload, {"kid": accounts.rotate_signing_key()}))


def test_a_key_that_the_token_brings_along(accounts: Accounts, access: str):
    payload, header = parts(access)
    mine = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = public_jwk(mine.public_key())
    for extra in (
        {"jwk": jwk},
        {"jwk": jwk, "kid": jwk["kid"]},
        {"jku": "https://elsewhere.example/jwks.json", "kid": jwk["kid"]},
        {"x5u": "https://elsewhere.example/cert.pem"},
    ):
        refused(accounts, signed(mine, payload, {**header, **extra}))


# -- times, audiences, issuers -----------------------------------------------------------------
@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 0},
        {"exp": -1},
        {"exp": "never"},
        {"exp": None},
        {"nbf": 2**40},
        {"iat": 2**40},
        {"iat": "now"},
        {"iss": "elsewhere"},
        {"iss": ""},
        {"aud": "elsewhere"},
        {"aud": []},
        {"aud": None},
        {"sub": "1 OR 1=1"},
        {"sub": "999"},
        {"sid": "made-up"},
        {"sid": "' OR 1=1 --"},
    ],
)
def test_claims_that_do_not_hold_even_with_the_right_key(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey, changed: dict[str, Any]
):
    payload, header = parts(access)
    accounts.identify(bearer=signed(signing_key, payload, header))  # nothing else is wrong
    refused(accounts, signed(signing_key, {**payload, **changed}, header))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "name", "role", "jti", "iat", "exp"])
def test_a_missing_claim(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey, claim: str
):
    payload, header = parts(access)
    del payload[claim]
    refused(accounts, signed(signing_key, payload, header))


def test_an_access_token_that_is_over(accounts: Accounts, access: str, clock: ManualClock):
    accounts.identify(bearer=access)
    clock.advance(15 * 60)
    refused(accounts, access)


def test_the_page_s_cookie_as_a_bearer(accounts: Accounts, cookie: str):
    with pytest.raises(AuthError, match="not valid"):
        accounts.identify(bearer=cookie)


def test_an_access_token_as_the_page_s_cookie(accounts: Accounts, access: str):
    with pytest.raises(AuthError, match="not valid"):
        accounts.identify(cookie=access)
    with pytest.raises(AuthError, match="not valid"):
        accounts.verify(access)


def test_a_refresh_token_as_anything_else(accounts: Accounts, owner: Identity):
    refused(accounts, accounts.open_session("aruna", PASSWORD, HERE).refresh)


def test_an_access_token_or_cookie_as_a_refresh_token(accounts: Accounts, access: str, cookie: str):
    for token in (access, cookie, "", "\ud800", "a" * 100_000, "' OR 1=1 --"):
        with pytest.raises(AuthError, match="over"):
            accounts.refresh(token, HERE)


# -- replays -----------------------------------------------------------------------------------
def test_a_replayed_refresh_token_ends_the_thief_s_session_and_the_owner_s(
    accounts: Accounts, owner: Identity
):
    stolen = accounts.open_session("aruna", PASSWORD, HERE)
    of_thief = accounts.refresh(stolen.refresh, "10.6.6.6")
    accounts.identify(bearer=of_thief.access)
    with pytest.raises(AuthError, match="used before"):
        accounts.refresh(stolen.refresh, HERE)
    for grant in (stolen, of_thief):
        refused(accounts, grant.access)
        with pytest.raises(AuthError):
            accounts.refresh(grant.refresh, HERE)
    assert accounts.audit(limit=1)[0].event == "refresh_reused"


def test_a_replay_is_heard_of_by_whoever_keeps_sockets(accounts: Accounts, owner: Identity):
    heard: list[str] = []
    accounts.listen(heard.append)
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    accounts.refresh(grant.refresh, HERE)
    with pytest.raises(AuthError):
        accounts.refresh(grant.refresh, HERE)
    assert heard == [grant.identity.credential]


def test_a_refresh_after_signing_out(accounts: Accounts, owner: Identity):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    sid = grant.identity.credential.removeprefix("s:")
    accounts.end_session(owner.account_id, sid)
    with pytest.raises(AuthError, match="over"):
        accounts.refresh(grant.refresh, HERE)


def test_a_cookie_after_signing_out(accounts: Accounts, cookie: str):
    accounts.verify(cookie)
    accounts.sign_out(cookie)
    refused(accounts, cookie)


def test_every_sign_in_makes_a_session_of_its_own(accounts: Accounts, cookie: str):
    """Session fixation: what somebody had before signing in is worth nothing after it."""
    cookies = [accounts.sign_in("aruna", PASSWORD, HERE) for _ in range(3)]
    sids = {parts(each)[0]["sid"] for each in (cookie, *cookies)}
    assert len(sids) == 4


# -- finding out who has an account --------------------------------------------------------------
def test_the_same_words_and_the_same_work_whoever_it_is(
    accounts: Accounts, owner: Identity, add, quick: QuickHasher, code_of
):
    shut_out, careful = add("bina"), add("chitra")
    add("divya")
    accounts.set_disabled(owner, shut_out.account_id, True)
    offer = accounts.enrol_totp(careful.account_id)
    accounts.confirm_totp(careful.account_id, code_of(offer.secret))
    told: set[str] = set()
    for number, name in enumerate(
        ["nobody", "bina", "chitra", "divya", "a'; DROP TABLE account; --", "n" * 10_000, "\x00"]
    ):
        verified, hashed = quick.verified, quick.hashed
        with pytest.raises(AuthError) as error:
            accounts.sign_in(name, "wrong horse battery", f"10.1.{number}.1")
        assert type(error.value) is AuthError
        told.add(str(error.value))
        assert (quick.verified - verified, quick.hashed - hashed) == (1, 0)
    assert told == {"User name or password is wrong. 4 tries left."}


def test_a_shut_out_account_is_refused_in_the_same_words_with_the_right_password(
    accounts: Accounts, owner: Identity, add, code_of, quick: QuickHasher
):
    bina = add("bina")
    offer = accounts.enrol_totp(bina.account_id)
    accounts.confirm_totp(bina.account_id, code_of(offer.secret))
    accounts.set_disabled(owner, bina.account_id, True)
    verified = quick.verified
    with pytest.raises(AuthError, match=r"^User name or password is wrong\. 4 tries left\.$"):
        accounts.sign_in("bina", PASSWORD, "10.1.0.1")
    assert quick.verified - verified == 1


def test_a_code_is_asked_for_after_the_right_password_only(
    accounts: Accounts, secret: str, code_of
):
    for code in (None, code_of(secret)):
        with pytest.raises(AuthError) as error:
            accounts.sign_in("aruna", "wrong horse battery", HERE, code=code)
        assert not isinstance(error.value, CodeNeededError)
    accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(secret))  # it was not used up


def test_the_limits_are_the_same_for_names_that_do_not_exist(
    accounts: Accounts, owner: Identity, slept: list[float]
):
    def try_out(name: str, network: int) -> tuple[list[str], list[float]]:
        slept.clear()
        told = []
        for number in range(14):
            with pytest.raises(AuthError) as error:
                accounts.sign_in(name, "wrong", f"10.{network}.{number // 6}.1")
            told.append(f"{type(error.value).__name__}: {error.value}")
        return told, list(slept)

    assert try_out("aruna", 1) == try_out("nobody", 2)
    assert slept[-1] > 0


@pytest.mark.parametrize("password", ["", "x" * 1_000_000, "\ud800" * 20, "\x00" * 20])
def test_a_password_that_is_none_is_wrong_and_no_error(
    accounts: Accounts, owner: Identity, password: str
):
    with pytest.raises(AuthError, match="is wrong"):
        accounts.sign_in("aruna", password, HERE)


# -- rights that were taken ----------------------------------------------------------------------
def test_an_account_that_was_shut_out_by_another_process(
    accounts: Accounts, elsewhere: Accounts, owner: Identity, add, clock: ManualClock
):
    bina = add("bina")
    grant = accounts.open_session("bina", PASSWORD, HERE)
    key = accounts.make_api_key(bina.account_id, "nightly", [Scope.READ]).key
    accounts.identify(bearer=grant.access)
    elsewhere.set_disabled(owner, bina.account_id, True)
    clock.advance(2)
    refused(accounts, grant.access)
    refused(accounts, key)
    assert accounts.is_over(grant.identity.credential)


def test_an_old_token_of_one_who_was_owner(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    bina = add("bina", Role.OWNER)
    grant = accounts.open_session("bina", PASSWORD, HERE)
    assert accounts.identify(bearer=grant.access).may(Scope.MANAGE)
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    assert parts(grant.access)[0]["role"] == "owner"  # the token still says so
    now = accounts.identify(bearer=grant.access)
    assert (now.role, now.scopes) == (Role.VIEWER, SCOPES[Role.VIEWER])
    with pytest.raises(AuthError, match="Only an owner"):
        accounts.invite(now, Role.OWNER)


def test_a_role_that_a_token_made_up(
    accounts: Accounts, owner: Identity, add, signing_key: rsa.RSAPrivateKey
):
    add("bina", Role.VIEWER)
    payload, header = parts(accounts.open_session("bina", PASSWORD, HERE).access)
    token = signed(signing_key, {**payload, "role": "owner", "name": "aruna"}, header)
    identity = accounts.identify(bearer=token)
    assert (identity.role, identity.name) == (Role.VIEWER, "bina")


def test_scopes_of_a_key_from_better_times(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    bina = add("bina", Role.OWNER)
    key = accounts.make_api_key(bina.account_id, "nightly", list(Scope)).key
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    assert accounts.identify(api_key=key).scopes == {Scope.READ}


# -- races --------------------------------------------------------------------------------------
def together(*acts: Callable[[], object]) -> list[object]:
    """Do things at the same moment; return what each came to, an error being one of them."""
    barrier = Barrier(len(acts))

    def act(do: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return do()
        except (AuthError, StoreLockedError) as error:
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


def test_two_refreshes_at_once_give_one_grant_and_then_the_session_ends(
    accounts: Accounts, elsewhere: Accounts, owner: Identity
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    here, there = together(
        lambda: accounts.refresh(grant.refresh, HERE),
        lambda: elsewhere.refresh(grant.refresh, "10.6.6.6"),
    )
    assert sum(isinstance(each, AuthError) for each in (here, there)) == 1
    won = there if isinstance(here, AuthError) else here
    assert accounts.is_over(grant.identity.credential)
    refused(accounts, won.access)


def test_two_people_who_accept_one_invitation_in_two_processes(
    accounts: Accounts, elsewhere: Accounts, owner: Identity
):
    link = accounts.invite(owner, Role.VIEWER)
    replies = together(
        lambda: accounts.accept_invitation(link, "bina", PASSWORD, HERE),
        lambda: elsewhere.accept_invitation(link, "chitra", PASSWORD, HERE),
    )
    assert sum(isinstance(each, AuthError) for each in replies) == 1
    assert len(accounts.accounts()) == 2


def test_one_code_in_two_processes(accounts: Accounts, elsewhere: Accounts, secret: str, code_of):
    code = code_of(secret)
    replies = together(
        lambda: accounts.sign_in("aruna", PASSWORD, HERE, code=code),
        lambda: elsewhere.sign_in("aruna", PASSWORD, HERE, code=code),
    )
    assert sum(isinstance(each, AuthError) for each in replies) == 1


def test_tries_sent_at_the_same_moment_do_not_slip_past_the_limit(
    accounts: Accounts, owner: Identity
):
    guess = lambda: accounts.sign_in("aruna", "wrong horse battery", HERE)  # noqa: E731
    replies = together(*[guess] * 12)
    assert sum(isinstance(each, TooManyTriesError) for each in replies) == 7


def test_a_session_opened_while_the_password_was_changed(
    accounts: Accounts, owner: Identity, store: SqlAccounts, monkeypatch: pytest.MonkeyPatch
):
    real = store.sessions.open

    def change_first(*words: Any) -> bool:
        accounts.change_password("aruna", "another horse battery")
        return real(*words)

    monkeypatch.setattr(store.sessions, "open", change_first)
    with pytest.raises(AuthError, match="changed while you signed in"):
        accounts.sign_in("aruna", PASSWORD, HERE)
    assert accounts.sessions(owner.account_id) == []


def test_a_clock_that_is_a_little_behind_is_no_attack(
    accounts: Accounts, access: str, signing_key: rsa.RSAPrivateKey, clock: ManualClock
):
    payload, header = parts(access)
    now_s = clock.now_ns() // SECOND_NS
    accounts.identify(bearer=signed(signing_key, {**payload, "iat": now_s + 60}, header))
    refused(accounts, signed(signing_key, {**payload, "iat": now_s + 61}, header))
