"""Sessions: ended one by one or all at once, refreshed by tokens that are good once."""

from collections.abc import Callable

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role, Via
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, InputError, TooManyTriesError
from tests.auth.conftest import HERE, PASSWORD

DAY_S = 24 * 3600


def sid_of(identity: Identity) -> str:
    return identity.credential.removeprefix("s:")


def test_a_cookie_and_an_access_token_are_one_person_seen_differently(
    accounts: Accounts, cookie: str
):
    page = accounts.identify(cookie=cookie)
    program = accounts.identify(bearer=accounts.open_session("aruna", PASSWORD, HERE).access)
    assert (page.via, program.via) == (Via.PAGE, Via.TOKEN)
    assert (page.account_id, page.role, page.scopes) == (
        program.account_id,
        Role.OWNER,
        program.scopes,
    )
    assert page.credential != program.credential


@pytest.mark.parametrize(
    "shown", [{}, {"bearer": "a", "cookie": "b"}, {"bearer": "", "api_key": ""}]
)
def test_one_thing_is_shown_and_one_only(accounts: Accounts, shown: dict[str, str]):
    with pytest.raises(AuthError, match="only one"):
        accounts.identify(**shown)


def test_signing_out_ends_that_session_only(accounts: Accounts, cookie: str, owner: Identity):
    other = accounts.sign_in("aruna", PASSWORD, HERE)
    assert accounts.sign_out(cookie) == sid_of(owner)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)
    accounts.verify(other)


def test_signing_out_with_no_valid_token_is_no_error(accounts: Accounts):
    assert accounts.sign_out("nothing") is None


def test_a_token_whose_session_was_never_opened_counts_for_nothing(
    accounts: Accounts, owner: Identity
):
    token, _ = accounts.tokens.issue(owner.account_id, "aruna", "owner", "made-up")
    with pytest.raises(AuthError):
        accounts.verify(token)


def test_a_session_is_its_own_account_s(accounts: Accounts, owner: Identity, add):
    bina = add("bina")
    token, _ = accounts.tokens.issue(owner.account_id, "aruna", "owner", sid_of(bina))
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(token)


def test_lists_sessions_and_ends_one(accounts: Accounts, owner: Identity, clock: ManualClock, add):
    clock.advance(1)
    grant = accounts.open_session(
        "aruna", PASSWORD, HERE, agent="sdk\r\nSet-Cookie: x=1" + 300 * "y"
    )
    bina = add("bina")
    newest, oldest = accounts.sessions(owner.account_id)
    assert (newest.kind, oldest.kind) == ("api", "page")
    assert (newest.address, oldest.id) == (HERE, sid_of(owner))
    assert newest.agent.startswith("sdkSet-Cookie: x=1yy")
    assert len(newest.agent) == 200
    assert not accounts.end_session(bina.account_id, newest.id)  # another's
    assert accounts.end_session(owner.account_id, newest.id)
    with pytest.raises(AuthError):
        accounts.identify(bearer=grant.access)
    with pytest.raises(AuthError):
        accounts.refresh(grant.refresh, HERE)


def test_signing_out_everywhere_can_spare_where_one_is(
    accounts: Accounts, cookie: str, owner: Identity
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    accounts.sign_in("aruna", PASSWORD, HERE)
    assert accounts.end_all_sessions(owner.account_id, but=sid_of(owner)) == 2
    accounts.verify(cookie)
    with pytest.raises(AuthError):
        accounts.identify(bearer=grant.access)
    assert accounts.end_all_sessions(owner.account_id) == 1


def test_a_new_password_ends_every_session(accounts: Accounts, cookie: str):
    accounts.change_password("aruna", "another horse battery")
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)
    accounts.sign_in("aruna", "another horse battery", HERE)
    with pytest.raises(InputError, match="no account 'nobody'"):
        accounts.change_password("nobody", "another horse battery")


def test_changing_one_s_own_password_wants_the_old_one_and_spares_where_one_is(
    accounts: Accounts, cookie: str, owner: Identity
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    with pytest.raises(AuthError, match=r"The password is wrong\. 4 tries left\."):
        accounts.change_own_password(owner.account_id, "guess", "another horse battery")
    with pytest.raises(InputError, match="at least 12"):
        accounts.change_own_password(owner.account_id, PASSWORD, "short")
    accounts.change_own_password(
        owner.account_id, PASSWORD, "another horse battery", keep=sid_of(owner)
    )
    accounts.verify(cookie)
    with pytest.raises(AuthError):
        accounts.refresh(grant.refresh, HERE)


def test_guessing_the_old_password_is_limited_and_locks_nobody_else_out(
    accounts: Accounts, owner: Identity
):
    for _ in range(5):
        with pytest.raises(AuthError, match="The password is wrong"):
            accounts.change_own_password(owner.account_id, "guess", "another horse battery")
    with pytest.raises(TooManyTriesError):
        accounts.change_own_password(owner.account_id, PASSWORD, "another horse battery")
    accounts.sign_in("aruna", PASSWORD, HERE)


def test_one_who_is_signed_in_is_asked_for_the_password_again(accounts: Accounts, owner: Identity):
    accounts.check_own_password(owner.account_id, PASSWORD)
    with pytest.raises(AuthError, match="The password is wrong"):
        accounts.check_own_password(owner.account_id, "guess")


def test_a_refresh_brings_new_tokens_of_the_same_session(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    clock.advance(1)
    first = accounts.open_session("aruna", PASSWORD, HERE)
    clock.advance(15 * 60)
    with pytest.raises(AuthError, match="over"):
        accounts.identify(bearer=first.access)
    second = accounts.refresh(first.refresh, "10.0.0.2", agent="tezi sdk")
    assert second.refresh != first.refresh
    assert second.identity.credential == first.identity.credential
    assert second.refresh_expires_s == first.refresh_expires_s + 15 * 60
    assert accounts.identify(bearer=second.access) == second.identity
    assert accounts.sessions(owner.account_id)[0].address == "10.0.0.2"


def test_a_session_that_is_not_refreshed_is_over_after_two_weeks(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    clock.advance(14 * DAY_S)
    with pytest.raises(AuthError, match="over"):
        accounts.refresh(grant.refresh, HERE)


def test_a_session_is_over_after_ninety_days_however_often_it_is_refreshed(
    accounts: Accounts, owner: Identity, clock: ManualClock
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    for _ in range(8):
        clock.advance(10 * DAY_S)
        grant = accounts.refresh(grant.refresh, HERE)
    assert grant.refresh_expires_s * 10**9 == clock.now_ns() + 10 * DAY_S * 10**9
    clock.advance(10 * DAY_S)
    with pytest.raises(AuthError, match="over"):
        accounts.refresh(grant.refresh, HERE)


def test_what_is_long_over_is_forgotten(
    accounts: Accounts, cookie: str, store, clock: ManualClock, owner: Identity
):
    clock.advance(13 * 3600)
    accounts.sign_in("aruna", PASSWORD, HERE)
    assert len(store.sessions.alive(owner.account_id, 0)) == 1
    clock.advance(401 * DAY_S)
    accounts.sign_in("aruna", PASSWORD, HERE)
    assert [each.event for each in accounts.audit()] == ["sign_in"]


# -- what is believed, and who is told -------------------------------------------------------
def test_an_end_made_elsewhere_counts_within_two_seconds(
    accounts: Accounts, elsewhere: Accounts, cookie: str, owner: Identity, clock: ManualClock
):
    accounts.verify(cookie)
    elsewhere.end_all_sessions(owner.account_id)
    accounts.verify(cookie)
    clock.advance(2)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)


def test_whoever_asks_whether_it_is_over_hears_the_truth_and_so_do_all_after(
    accounts: Accounts, elsewhere: Accounts, cookie: str, owner: Identity
):
    accounts.verify(cookie)
    assert not accounts.is_over(owner.credential)
    elsewhere.end_all_sessions(owner.account_id)
    assert accounts.is_over(owner.credential)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)


@pytest.mark.parametrize("credential", ["s:made-up", "k:0000000a", "x:1", "", "s"])
def test_what_is_unknown_is_over(accounts: Accounts, credential: str):
    assert accounts.is_over(credential)


def test_the_database_is_not_asked_at_every_request(
    accounts: Accounts, cookie: str, store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    real = store.sessions.standing

    def standing(sid: str, now_ns: int):
        asked.append(sid)
        return real(sid, now_ns)

    monkeypatch.setattr(store.sessions, "standing", standing)
    clock.advance(2)
    for _ in range(100):
        accounts.identify(cookie=cookie)
    assert len(asked) == 1


def test_an_answer_from_before_an_end_is_not_believed_after_it(
    accounts: Accounts, cookie: str, store, owner: Identity, clock: ManualClock, monkeypatch
):
    real = store.sessions.standing

    def end_meanwhile(sid: str, now_ns: int):
        monkeypatch.setattr(store.sessions, "standing", real)
        answer = real(sid, now_ns)
        accounts.end_all_sessions(owner.account_id)
        return answer

    clock.advance(2)
    monkeypatch.setattr(store.sessions, "standing", end_meanwhile)
    accounts.verify(cookie)  # it was asked before
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(cookie)


def test_when_one_was_seen_is_written_once_a_minute(
    accounts: Accounts, cookie: str, store, owner: Identity, clock: ManualClock, monkeypatch
):
    written: list[int] = []
    real = store.sessions.touch

    def touch(sid: str, now_ns: int) -> None:
        written.append(now_ns)
        real(sid, now_ns)

    monkeypatch.setattr(store.sessions, "touch", touch)
    for _ in range(125):
        accounts.verify(cookie)
        clock.advance(1)
    assert len(written) == 2
    assert accounts.sessions(owner.account_id)[0].seen_ns == written[-1]
    assert accounts.accounts()[0].last_seen_ns == written[-1]


def test_listeners_hear_what_ends_here_until_they_leave(
    accounts: Accounts, cookie: str, owner: Identity, add: Callable[..., Identity]
):
    heard: list[str] = []

    def fail(_: str) -> None:
        raise ValueError("a listener's own mistake")

    accounts.listen(fail)
    number = accounts.listen(heard.append)
    bina = add("bina")
    key = accounts.make_api_key(bina.account_id, "nightly", bina.scopes)
    accounts.revoke_api_key(bina.account_id, key.id)
    accounts.sign_out(cookie)
    accounts.set_disabled(None, bina.account_id, True)
    assert heard == [f"k:{key.id}", owner.credential, bina.credential]
    accounts.leave(number)
    accounts.sign_out(accounts.sign_in("aruna", PASSWORD, HERE))
    assert len(heard) == 3
