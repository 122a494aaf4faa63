"""API keys: shown once, for some of what the account may do, until they end."""

import re
from collections.abc import Callable

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role, Scope, Via
from dashboard.core.clock import SECOND_NS, ManualClock
from dashboard.core.errors import AuthError, InputError


def now_s(clock: ManualClock) -> int:
    return clock.now_ns() // SECOND_NS


def test_a_key_is_its_account_with_its_own_scopes(accounts: Accounts, owner: Identity):
    new = accounts.make_api_key(owner.account_id, " nightly ", [Scope.READ, Scope.EXPORT])
    assert re.fullmatch(rf"tezi_{new.id}_[A-Za-z0-9_-]{{43}}", new.key)
    identity = accounts.identify(api_key=new.key)
    assert (identity.account_id, identity.name, identity.role) == (
        owner.account_id,
        "aruna",
        Role.OWNER,
    )
    assert (identity.via, identity.credential) == (Via.KEY, f"k:{new.id}")
    assert identity.scopes == {Scope.READ, Scope.EXPORT}
    assert identity.expires_s is None


def test_lists_keys_and_when_they_were_used(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    new = accounts.make_api_key(owner.account_id, "nightly", [Scope.READ], now_s(clock) + 60)
    (info,) = accounts.api_keys(owner.account_id)
    assert (info.id, info.name, info.scopes) == (new.id, "nightly", {Scope.READ})
    assert (info.last_used_ns, info.revoked) == (None, False)
    assert info.expires_ns == info.created_ns + 60 * SECOND_NS
    accounts.identify(api_key=new.key)
    used_ns = clock.now_ns()
    clock.advance(59)
    accounts.identify(api_key=new.key)
    assert accounts.api_keys(owner.account_id)[0].last_used_ns == used_ns


def test_a_key_is_over_at_the_second_it_names(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    new = accounts.make_api_key(owner.account_id, "nightly", [Scope.READ], now_s(clock) + 1)
    assert accounts.identify(api_key=new.key).expires_s == now_s(clock) + 1
    clock.advance(1)  # within the time that an answer is believed
    with pytest.raises(AuthError, match="not valid"):
        accounts.identify(api_key=new.key)


def test_a_revoked_key_is_worthless_at_once(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    new = accounts.make_api_key(owner.account_id, "nightly", [Scope.READ])
    accounts.identify(api_key=new.key)
    assert not accounts.revoke_api_key(add("bina").account_id, new.id)
    assert accounts.revoke_api_key(owner.account_id, new.id)
    assert not accounts.revoke_api_key(owner.account_id, new.id)
    with pytest.raises(AuthError, match="not valid"):
        accounts.identify(api_key=new.key)
    assert accounts.api_keys(owner.account_id)[0].revoked
    assert accounts.is_over(f"k:{new.id}")


def test_a_key_may_not_do_more_than_its_account(accounts: Accounts, add: Callable[..., Identity]):
    viewer = add("bina", Role.VIEWER)
    with pytest.raises(InputError, match="The role viewer has no scope export, manage"):
        accounts.make_api_key(viewer.account_id, "nightly", [Scope.MANAGE, Scope.EXPORT])
    with pytest.raises(InputError, match="at least one scope"):
        accounts.make_api_key(viewer.account_id, "nightly", [])


def test_a_key_s_scopes_shrink_and_grow_with_the_role(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    bina = add("bina", Role.RESEARCHER)
    new = accounts.make_api_key(bina.account_id, "nightly", [Scope.READ, Scope.EXPORT])
    accounts.identify(api_key=new.key)
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    assert accounts.identify(api_key=new.key).scopes == {Scope.READ}
    accounts.set_role(owner, bina.account_id, Role.OWNER)
    assert accounts.identify(api_key=new.key).scopes == {Scope.READ, Scope.EXPORT}


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "\n"])
def test_a_key_needs_a_name(accounts: Accounts, owner: Identity, name: str):
    with pytest.raises(InputError, match="a name of 1 to 64"):
        accounts.make_api_key(owner.account_id, name, [Scope.READ])


def test_a_key_does_not_end_before_it_begins(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    with pytest.raises(InputError, match="over already"):
        accounts.make_api_key(owner.account_id, "nightly", [Scope.READ], now_s(clock))


def test_an_account_has_only_so_many_keys(accounts: Accounts, owner: Identity):
    for number in range(50):
        accounts.make_api_key(owner.account_id, f"key {number}", [Scope.READ])
    with pytest.raises(InputError, match="may have 50 keys"):
        accounts.make_api_key(owner.account_id, "one more", [Scope.READ])


@pytest.mark.parametrize(
    "forge",
    [
        lambda key: "",
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.upper(),
        lambda key: "tezi_00000000_" + key[14:],
        lambda key: key + "\n",
        lambda key: " " + key,
        lambda key: "k:" + key[5:13],
        lambda key: "tezi_" + "' OR 1=1 --",
        lambda key: "\ud800" * 57,
    ],
)
def test_what_is_not_the_key_is_refused_in_the_same_words(
    accounts: Accounts, owner: Identity, forge: Callable[[str], str]
):
    key = accounts.make_api_key(owner.account_id, "nightly", [Scope.READ]).key
    accounts.identify(api_key=key)
    with pytest.raises(AuthError, match=r"^This API key is not valid: make another\.$"):
        accounts.identify(api_key=forge(key))
