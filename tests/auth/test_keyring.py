"""The keyring: one pair signs for 30 days, its public half stays while its tokens live."""

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dashboard.auth.keyring import OLD_SETTING, Keyring, public_jwk
from dashboard.core.clock import ManualClock
from storage.accounts import SqlAccounts
from storage.sealing import Seal

DAY_S = 24 * 3600


@pytest.fixture
def make(store: SqlAccounts, clock: ManualClock, seal: Seal) -> Callable[..., Keyring]:
    """Return what makes a keyring, as a process that starts has it."""
    return lambda seal=seal: Keyring(store.signing_keys, clock, seal)


def kids(keyring: Keyring) -> list[str]:
    return [key["kid"] for key in keyring.jwks()["keys"]]


def test_a_pair_is_made_once_and_outlives_a_restart(make):
    kid = make().signer().kid
    again = make()
    assert again.signer().kid == kid
    assert kids(again) == [kid]


def test_publishes_keys_of_2048_bits_and_nothing_private(make):
    (published,) = make().jwks()["keys"]
    assert sorted(published) == ["alg", "e", "kid", "kty", "n", "use"]
    assert len(base64.urlsafe_b64decode(published["n"] + "==")) == 256


def test_the_private_half_does_not_lie_open(make, store: SqlAccounts):
    make().signer()
    (kept,) = store.signing_keys.all()
    assert b"PRIVATE KEY" not in kept.sealed
    assert "d" not in kept.public_jwk


def test_after_thirty_days_another_signs_and_the_old_one_is_published_while_it_must(
    make, clock: ManualClock
):
    keyring = make()
    old = keyring.signer().kid
    clock.advance(30 * DAY_S - 1)
    assert keyring.signer().kid == old
    clock.advance(1)
    new = keyring.signer().kid
    assert new != old
    assert kids(keyring) == [new, old]
    clock.advance(12 * 3600 + 120)  # the last token that the old one signed is over
    assert kids(keyring) == [new]
    assert keyring.public(old) is None


def test_a_pair_that_is_long_over_is_forgotten(make, clock: ManualClock, store: SqlAccounts):
    keyring = make()
    keyring.signer()
    clock.advance(31 * DAY_S)
    keyring.signer()
    assert len(store.signing_keys.all()) == 1


def test_after_a_rotation_another_signs_and_the_old_one_still_checks(make, clock: ManualClock):
    keyring = make()
    old = keyring.signer().kid
    clock.advance(1)
    new = keyring.rotate()
    assert (keyring.signer().kid, kids(keyring)) == (new, [new, old])
    assert keyring.public(old) is not None
    clock.advance(12 * 3600 + 120)
    assert kids(keyring) == [new]


def test_another_process_follows_a_rotation(make, clock: ManualClock):
    here, there = make(), make()
    assert here.signer().kid == there.signer().kid
    clock.advance(1)
    new = there.rotate()
    clock.advance(30)
    assert here.signer().kid == new


def test_a_key_of_another_process_is_known_as_soon_as_it_is_asked_for(make, clock: ManualClock):
    here, there = make(), make()
    here.signer()
    new = there.rotate()
    clock.advance(1)
    assert here.public(new) is not None


def test_unknown_key_ids_do_not_have_the_database_asked_each_time(
    make, clock: ManualClock, store: SqlAccounts, monkeypatch: pytest.MonkeyPatch
):
    keyring = make()
    keyring.signer()
    asked: list[int] = []
    real = store.signing_keys.all

    def count():
        asked.append(1)
        return real()

    monkeypatch.setattr(store.signing_keys, "all", count)
    clock.advance(1)
    assert [keyring.public(f"guess {number}") for number in range(50)] == [None] * 50
    assert len(asked) == 1


@pytest.mark.parametrize("kid", [None, 7, ["a"], {}, ""])
def test_what_is_no_key_id_has_no_key(make, kid: object):
    assert make().public(kid) is None


def test_two_homes_on_one_database_each_sign_with_their_own(make, clock: ManualClock):
    here, there = make(), make(Seal(Fernet.generate_key()))
    mine = here.signer().kid
    clock.advance(60)
    theirs = there.signer().kid
    clock.advance(60)
    assert theirs != mine
    assert (here.signer().kid, there.signer().kid) == (mine, theirs)
    for keyring in (here, there):
        assert kids(keyring) == [theirs, mine]
        assert keyring.public(mine) is not None
        assert keyring.public(theirs) is not None


def test_a_pair_that_lay_open_among_the_settings_is_sealed_and_goes_on(make, store: SqlAccounts):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    store.set_setting(OLD_SETTING, pem.decode())
    keyring = make()
    assert store.get_setting(OLD_SETTING) is None
    assert keyring.signer().kid == public_jwk(key.public_key())["kid"]
    assert json.dumps(keyring.jwks()).count('"kid"') == 1
