"""The audit log: every event once, to its account, and never a secret."""

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role, Scope
from dashboard.core.errors import AuthError, CodeNeededError
from tests.auth.conftest import HERE, PASSWORD


def told(accounts: Accounts) -> list[tuple[str, str | None, str, str]]:
    """Return what was told, oldest first."""
    return [(e.event, e.account, e.detail, e.address) for e in reversed(accounts.audit())]


def test_tells_how_an_account_came_to_be(accounts: Accounts, cookie: str, add):
    add("bina", Role.VIEWER)
    assert told(accounts) == [
        ("account_created", "aruna", "owner", HERE),
        ("sign_in", "aruna", "", HERE),
        ("invited", "aruna", "viewer, by aruna", ""),
        ("account_created", "bina", "viewer", HERE),
        ("sign_in", "bina", "", HERE),
    ]


def test_tells_why_a_sign_in_failed_and_keeps_no_name_of_nobody(
    accounts: Accounts, owner: Identity, secret: str
):
    before = len(told(accounts))
    for name, password in (("my-secret-typed-as-name", "x"), ("aruna", "my-secret")):
        with pytest.raises(AuthError):
            accounts.sign_in(name, password, HERE)
    with pytest.raises(CodeNeededError):
        accounts.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(AuthError):
        accounts.sign_in("aruna", PASSWORD, HERE, code="000000")
    assert told(accounts)[before:] == [
        ("sign_in_failed", None, "no such account", HERE),
        ("sign_in_failed", "aruna", "wrong password", HERE),
        ("sign_in_failed", "aruna", "no one-time code yet", HERE),
        ("sign_in_failed", "aruna", "wrong or used code", HERE),
    ]


def test_tells_every_change_and_no_secret(accounts: Accounts, owner: Identity, add, code_of):
    bina = add("bina")
    before = len(told(accounts))
    offer = accounts.enrol_totp(bina.account_id)
    accounts.confirm_totp(bina.account_id, code_of(offer.secret))
    accounts.remove_totp(bina.account_id, PASSWORD)
    key = accounts.make_api_key(bina.account_id, "nightly\r\n", [Scope.READ])
    accounts.revoke_api_key(bina.account_id, key.id)
    grant = accounts.open_session("bina", PASSWORD, HERE)
    accounts.refresh(grant.refresh, HERE)
    with pytest.raises(AuthError):
        accounts.refresh(grant.refresh, "10.0.0.9")
    accounts.sign_out(accounts.sign_in("bina", PASSWORD, HERE))
    accounts.end_all_sessions(bina.account_id)
    accounts.change_own_password(bina.account_id, PASSWORD, "another horse battery")
    accounts.set_role(owner, bina.account_id, Role.VIEWER)
    accounts.set_disabled(owner, bina.account_id, True)
    accounts.set_disabled(None, bina.account_id, False)
    link = accounts.invite(owner, Role.VIEWER)
    accounts.withdraw_invitation(accounts.invitations()[0].id)
    kid = accounts.rotate_signing_key()
    events = told(accounts)[before:]
    assert events == [
        ("totp_on", "bina", "", ""),
        ("totp_off", "bina", "by its person", ""),
        ("key_made", "bina", f"nightly ({key.id})", ""),
        ("key_revoked", "bina", key.id, ""),
        ("sign_in", "bina", "", HERE),
        ("refresh_reused", "bina", "session ended", "10.0.0.9"),
        ("sign_in", "bina", "", HERE),
        ("sign_out", "bina", "", ""),
        ("session_ended", "bina", "1 at once", ""),
        ("password_changed", "bina", "by its person", ""),
        ("role_changed", "bina", "researcher to viewer, by aruna", ""),
        ("disabled", "bina", "by aruna", ""),
        ("enabled", "bina", "at the terminal", ""),
        ("invited", "aruna", "viewer, by aruna", ""),
        ("invitation_withdrawn", None, "number 3", ""),
        ("signing_key_rotated", None, kid, ""),
    ]
    for hidden in (offer.secret, key.key, grant.access, grant.refresh, link, PASSWORD):
        assert hidden not in str(events)


def test_nothing_is_told_of_what_did_not_happen(accounts: Accounts, owner: Identity):
    before = told(accounts)
    accounts.end_session(owner.account_id, "made-up")
    accounts.revoke_api_key(owner.account_id, "0000000a")
    accounts.withdraw_invitation(999)
    accounts.set_disabled(owner, owner.account_id, False)
    with pytest.raises(AuthError):
        accounts.refresh("guess", HERE)
    assert told(accounts) == before


def test_is_read_a_page_at_a_time(accounts: Accounts, owner: Identity):
    for _ in range(4):
        accounts.sign_in("aruna", PASSWORD, HERE)
    first = accounts.audit(limit=4)
    second = accounts.audit(before_id=first[-1].id, limit=4)
    assert (len(first), len(second)) == (4, 2)
    assert first[-1].id > second[0].id
    assert len(accounts.audit(limit=0)) == 1
