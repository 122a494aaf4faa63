"""One-time links: the owner's first, and those by which others get an account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, InputError
from storage.accounts import SqlAccounts
from tests.auth.conftest import HERE, PASSWORD, QuickHasher


def accept(accounts: Accounts, link: str | None, name: str = "aruna", password: str = PASSWORD):
    return accounts.accept_invitation(link or "", name, password, HERE)


# -- the owner's first link ------------------------------------------------------------------
def test_the_link_creates_the_owner_and_signs_in(accounts: Accounts):
    assert accounts.needs_owner()
    claims = accounts.verify(accept(accounts, accounts.first_start_link(), "Aruna"))
    assert (claims.name, claims.role) == ("aruna", "owner")
    assert not accounts.needs_owner()


def test_the_link_works_once(accounts: Accounts):
    link = accounts.first_start_link()
    accept(accounts, link)
    with pytest.raises(AuthError, match="not valid any more: sign in"):
        accept(accounts, link, "second")


def test_no_first_link_is_made_once_the_owner_exists(accounts: Accounts, owner: Identity):
    assert accounts.first_start_link() is None


def test_a_new_start_replaces_the_link_of_an_earlier_one(accounts: Accounts):
    early, late = accounts.first_start_link(), accounts.first_start_link()
    with pytest.raises(AuthError, match="use the newest one"):
        accept(accounts, early)
    accept(accounts, late)


def test_two_people_with_the_link_make_one_account(accounts: Accounts, store: SqlAccounts):
    link = accounts.first_start_link()
    together = Barrier(4)

    def create(name: str) -> str:
        together.wait()
        try:
            return accounts.verify(accept(accounts, link, name)).name
        except AuthError as error:
            return str(error)

    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(create, ["aruna", "bina", "chitra", "divya"]))
    (owner,) = store.list_accounts()
    refused = "This link is not valid any more: sign in, or ask for another link."
    assert sorted(replies) == sorted([owner.name, *3 * [refused]])


def test_a_guessed_link_costs_no_slow_hash_and_creates_nothing(
    accounts: Accounts, quick: QuickHasher
):
    link, before = accounts.first_start_link(), quick.hashed
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, "guess")
    assert (quick.hashed, accounts.needs_owner()) == (before, True)
    accept(accounts, link)
    assert quick.hashed == before + 1


def test_the_first_link_is_over_after_a_day(accounts: Accounts, clock: ManualClock):
    link = accounts.first_start_link()
    clock.advance(24 * 3600)
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, link)


def test_a_refused_password_does_not_spend_the_link(accounts: Accounts):
    link = accounts.first_start_link()
    with pytest.raises(InputError, match="at least 12"):
        accept(accounts, link, password="short")
    with pytest.raises(InputError, match="3 to 32"):
        accept(accounts, link, "a b")
    accept(accounts, link)


# -- invitations -----------------------------------------------------------------------------
@pytest.mark.parametrize("role", list(Role))
def test_an_invited_one_has_the_role_of_the_link(accounts: Accounts, owner: Identity, role: Role):
    link = accounts.invite(owner, role)
    assert accounts.is_invited(link)
    bina = accounts.identify(cookie=accept(accounts, link, "bina"))
    assert (bina.name, bina.role) == ("bina", role)
    assert not accounts.is_invited(link)
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, link, "chitra")


def test_an_invitation_is_over_after_three_days(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    link = accounts.invite(owner, Role.VIEWER)
    clock.advance(72 * 3600 - 1)
    assert accounts.is_invited(link)
    clock.advance(1)
    assert accounts.invitations() == []
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, link, "bina")


def test_lists_invitations_and_withdraws_one(accounts: Accounts, owner: Identity):
    link = accounts.invite(owner, Role.VIEWER)
    accounts.invite(None, Role.RESEARCHER)
    newest, oldest = accounts.invitations()
    assert (newest.role, newest.by) == (Role.RESEARCHER, None)
    assert (oldest.role, oldest.by) == (Role.VIEWER, "aruna")
    assert accounts.withdraw_invitation(oldest.id)
    assert not accounts.withdraw_invitation(oldest.id)
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, link, "bina")


def test_a_name_that_is_taken_in_any_case_does_not_spend_the_link(
    accounts: Accounts, owner: Identity
):
    link = accounts.invite(owner, Role.VIEWER)
    with pytest.raises(InputError, match="The name aruna is taken"):
        accept(accounts, link, "ARUNA")
    accept(accounts, link, "bina")


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.VIEWER])
def test_only_owners_invite(accounts: Accounts, add: Callable[..., Identity], role: Role):
    with pytest.raises(AuthError, match="Only an owner"):
        accounts.invite(add("bina", role), Role.OWNER)


def test_the_first_account_is_not_invited(accounts: Accounts):
    with pytest.raises(InputError, match="the owner's"):
        accounts.invite(None, Role.VIEWER)


def test_the_links_of_one_who_is_no_owner_any_more_are_worthless(
    accounts: Accounts, owner: Identity, add: Callable[..., Identity]
):
    bina = add("bina", Role.OWNER)
    link = accounts.invite(bina, Role.OWNER)
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    with pytest.raises(AuthError, match="not valid any more"):
        accept(accounts, link, "chitra")
