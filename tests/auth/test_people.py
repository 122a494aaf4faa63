"""People: roles and shutting out count at once, and an owner is always left."""

from collections.abc import Callable

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import SCOPES, Identity, Role, Scope
from dashboard.core.errors import AuthError, InputError
from tests.auth.conftest import HERE, PASSWORD


def test_lists_accounts_oldest_first(accounts: Accounts, owner: Identity, add):
    add("bina", Role.VIEWER)
    assert [(each.name, each.role, each.disabled) for each in accounts.accounts()] == [
        ("aruna", Role.OWNER, False),
        ("bina", Role.VIEWER, False),
    ]


def test_a_program_goes_on_with_the_new_role_and_pages_sign_in_again(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    bina = add("bina", Role.RESEARCHER)
    cookie = accounts.sign_in("bina", PASSWORD, HERE)
    grant = accounts.open_session("bina", PASSWORD, HERE)
    heard: list[str] = []
    accounts.listen(heard.append)
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    assert accounts.identify(bearer=grant.access).scopes == SCOPES[Role.VIEWER]
    assert accounts.refresh(grant.refresh, HERE).identity.role is Role.VIEWER
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)
    assert grant.identity.credential in heard  # its sockets were opened for the role before


def test_giving_the_role_that_one_has_changes_nothing(
    accounts: Accounts, cookie: str, owner: Identity
):
    accounts.set_role(owner, owner.account_id, Role.OWNER)
    accounts.verify(cookie)


def test_one_who_is_shut_out_has_nothing_left(accounts: Accounts, owner: Identity, add):
    bina = add("bina")
    cookie = accounts.sign_in("bina", PASSWORD, HERE)
    grant = accounts.open_session("bina", PASSWORD, HERE)
    key = accounts.make_api_key(bina.account_id, "nightly", [Scope.READ]).key
    for shown in ({"cookie": cookie}, {"bearer": grant.access}, {"api_key": key}):
        accounts.identify(**shown)
    accounts.set_disabled(owner, bina.account_id, True)
    for shown in ({"cookie": cookie}, {"bearer": grant.access}, {"api_key": key}):
        with pytest.raises(AuthError):
            accounts.identify(**shown)
    with pytest.raises(AuthError):
        accounts.refresh(grant.refresh, HERE)
    with pytest.raises(AuthError, match="User name or password is wrong"):
        accounts.sign_in("bina", PASSWORD, HERE)


def test_one_who_is_let_in_again_signs_in_anew(accounts: Accounts, owner: Identity, add):
    bina = add("bina")
    cookie = accounts.sign_in("bina", PASSWORD, HERE)
    accounts.set_disabled(owner, bina.account_id, True)
    accounts.set_disabled(owner, bina.account_id, False)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)
    accounts.verify(accounts.sign_in("bina", PASSWORD, HERE))


def test_the_last_owner_stays(accounts: Accounts, owner: Identity, add: Callable[..., Identity]):
    bina = add("bina", Role.OWNER)
    accounts.set_disabled(owner, bina.account_id, True)
    with pytest.raises(InputError, match="the only owner"):
        accounts.set_role(owner, owner.account_id, Role.VIEWER)
    with pytest.raises(InputError, match="the only owner"):
        accounts.set_disabled(owner, owner.account_id, True)


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.VIEWER])
def test_only_owners_change_others(accounts: Accounts, owner: Identity, add, role: Role):
    bina = add("bina", role)
    with pytest.raises(AuthError, match="Only an owner"):
        accounts.set_role(bina, bina.account_id, Role.OWNER)
    with pytest.raises(AuthError, match="Only an owner"):
        accounts.set_disabled(bina, owner.account_id, True)


def test_a_key_without_the_scope_does_not_manage(accounts: Accounts, owner: Identity):
    key = accounts.make_api_key(owner.account_id, "nightly", [Scope.READ]).key
    with pytest.raises(AuthError, match="Only an owner"):
        accounts.invite(accounts.identify(api_key=key), Role.OWNER)


def test_an_unknown_account_is_told(accounts: Accounts, owner: Identity):
    with pytest.raises(InputError, match="no such account"):
        accounts.set_role(owner, 999, Role.VIEWER)
    with pytest.raises(InputError, match="no such account"):
        accounts.enrol_totp(999)
    with pytest.raises(InputError, match="no such account"):
        accounts.make_api_key(999, "nightly", [Scope.READ])
