"""The one click of the morning: who may make it, what it leads to, and what refuses it."""

import pytest

from dashboard.core.errors import AuthError, KiteError, KiteTokenError
from dashboard.core.kite import SessionState
from tests.operations.kite_parts import KEY, WHO, Desk, at, ends, granted, unreachable

VALID, EXPIRED = SessionState.VALID, SessionState.EXPIRED
REQUIRED, REFRESHING = SessionState.REQUIRED, SessionState.REFRESHING


def test_a_sign_in_leads_to_a_token_that_is_kept_and_told_at_once():
    desk = Desk(at(8, 51))
    during: list[SessionState] = []
    kept_when_told: list[bool] = []
    desk.kite.meanwhile = lambda: during.append(desk.state)
    desk.sessions.listen(lambda: kept_when_told.append(KEY in desk.keeper.kept))
    status = desk.sessions.complete("request-1", desk.begin(), WHO)
    assert (during, desk.heard) == ([REFRESHING], [REFRESHING, VALID])
    assert kept_when_told == [False, True]
    assert (status.state, status.user_id, status.key) == (VALID, "AB1234", "…0001")
    assert status.reason == "Signed in to Kite as AB1234 at 08:51 IST."
    assert desk.tokens == ["access-for-request-1"]
    assert desk.keeper.kept[KEY].access_token == "access-for-request-1"


def test_a_new_token_takes_the_place_of_a_refused_one():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.sessions.refused(KEY, "Kite refused the token (403)")
    desk.sign_in()
    assert (desk.state, desk.tokens) == (VALID, ["access-for-request-1"])


def test_states_are_random():
    desk = Desk(at(8, 51))
    states = {desk.begin() for _ in range(50)}
    assert len(states) == 50
    assert min(len(state) for state in states) >= 43  # 32 bytes


# -- what is refused ---------------------------------------------------------------------------
def refuse(desk: Desk, words: str, request: str = "r", state: str = "", who: str = WHO):
    before = desk.sessions.statuses(), list(desk.heard), len(desk.kite.asked)
    with pytest.raises(AuthError, match=words):
        desk.sessions.complete(request, state, who)
    assert (desk.sessions.statuses(), desk.heard, len(desk.kite.asked)) == before


@pytest.mark.parametrize("state", ["", "forged", "x" * 5000, "\x00☃"])
def test_a_forged_state_is_refused_and_kite_is_not_asked(state: str):
    desk = Desk(at(8, 51))
    desk.begin()
    refuse(desk, "was not begun here", state=state)


def test_a_used_state_is_refused():
    desk = Desk(at(8, 51))
    state = desk.begin()
    desk.sessions.complete("request-1", state, WHO)
    refuse(desk, "was completed before", "request-2", state)
    assert desk.tokens == ["access-for-request-1"]


def test_a_state_is_good_for_ten_minutes():
    desk = Desk(at(8, 51))
    state = desk.begin()
    desk.clock.advance(600)
    refuse(desk, "took over 10 minutes", state=state)
    state = desk.begin()
    desk.clock.advance(599)
    desk.sessions.complete("request-1", state, WHO)
    assert desk.state is VALID


def test_another_person_cannot_complete_it_and_uses_it_up():
    desk = Desk(at(8, 51))
    state = desk.begin()
    refuse(desk, "Another account began", state=state, who="mallory")
    refuse(desk, "was completed before", state=state)


@pytest.mark.parametrize("request_token", ["", "  "])
def test_a_missing_request_token_is_refused(request_token: str):
    desk = Desk(at(8, 51))
    refuse(desk, "Kite sent no request token", request_token, desk.begin())


def test_a_used_request_token_is_refused_before_kite_is_asked():
    desk = Desk(at(8, 51))
    desk.sign_in("request-1")
    refuse(desk, "was used before", "request-1", desk.begin())
    assert desk.tokens == ["access-for-request-1"]


def test_old_states_give_way_to_new_ones():
    desk = Desk(at(8, 51))
    first, *others = [desk.begin() for _ in range(201)]
    refuse(desk, "was not begun here", state=first)
    desk.sessions.complete("request-1", others[0], WHO)
    assert desk.state is VALID


# -- what Kite refuses -------------------------------------------------------------------------
def test_a_request_token_that_kite_refuses_asks_a_person_again():
    desk = Desk(at(8, 51))
    desk.fail_with(KiteTokenError("Kite refused a sign-in: request-1 is invalid. Sign in again"))
    with pytest.raises(AuthError) as refused:
        desk.sign_in()
    assert str(refused.value) == "Kite refused a sign-in: … is invalid. Sign in again."
    assert (desk.state, desk.heard, desk.tokens) == (REQUIRED, [REFRESHING, REQUIRED], [])
    assert desk.reason == (
        "The sign-in of 08:51 IST failed: Kite refused a sign-in: … is invalid. Sign in again."
    )


def test_a_failed_sign_in_leaves_the_token_of_before_to_be_tried():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.sessions.look()
    desk.fail_with(unreachable())
    with pytest.raises(KiteError, match="could not be reached"):
        desk.sign_in()
    assert (desk.state, desk.tokens) == (EXPIRED, [])
    desk.fail_with(None)
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (VALID, ["kept-token"])


def test_a_sign_in_that_breaks_off_leaves_room_for_another():
    desk = Desk(at(8, 51))
    desk.fail_with(RuntimeError("a mistake of ours"))
    with pytest.raises(RuntimeError):
        desk.sign_in("request-1")
    assert desk.state is REQUIRED
    desk.fail_with(None)
    desk.sign_in("request-2")
    assert desk.state is VALID


# -- at the same time --------------------------------------------------------------------------
def test_two_people_cannot_complete_with_one_key_at_once():
    desk = Desk(at(8, 51))
    mine, yours = desk.begin(), desk.begin("bina.das")
    met: list[str] = []

    def meet() -> None:
        with pytest.raises(AuthError, match="Another sign-in with this API key"):
            desk.sessions.complete("request-2", yours, "bina.das")
        met.append(desk.state.value)

    desk.kite.meanwhile = meet
    desk.sessions.complete("request-1", mine, WHO)
    assert (met, desk.tokens) == (["refreshing"], ["access-for-request-1"])


def test_a_refusal_of_the_old_token_does_not_spoil_the_new_one():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.kite.meanwhile = lambda: desk.sessions.refused(KEY, "Kite refused the token (403)")
    desk.sign_in()
    assert (desk.state, desk.tokens) == (VALID, ["access-for-request-1"])


def test_a_sign_in_overtakes_a_trial():
    desk = Desk(at(8, 51), granted(at(8, 52, day=17)))

    def sign_in_meanwhile() -> None:
        desk.kite.meanwhile = lambda: None
        assert ends(desk.sign_in)
        desk.fail_with(KiteTokenError("Kite refused the access token (403)"))  # the old one

    desk.kite.meanwhile = sign_in_meanwhile
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (VALID, ["access-for-request-1"])


def test_whoever_signs_out_during_a_sign_in_meant_it():
    desk = Desk(at(8, 51))
    desk.kite.meanwhile = lambda: desk.sessions.sign_out(KEY)
    with pytest.raises(AuthError, match="Somebody signed out of Kite meanwhile"):
        desk.sign_in()
    assert (desk.state, desk.tokens, desk.keeper.kept) == (REQUIRED, [], {})


def test_looking_into_the_keeper_during_a_sign_in_brings_nothing_old_back():
    desk = Desk(at(11), granted(at(8, 52)))
    load = desk.keeper.load

    def load_slowly(api_key: str):
        found = load(api_key)
        desk.keeper.load = load
        desk.sign_in()  # while the looking thread holds what was kept before
        return found

    desk.keeper.load = load_slowly
    assert ends(desk.sessions.look)
    assert (desk.state, desk.tokens) == (VALID, ["access-for-request-1"])


# -- keeping -----------------------------------------------------------------------------------
def test_a_token_that_cannot_be_kept_is_used_and_that_is_said():
    desk = Desk(at(8, 51))
    desk.keeper.fails = True
    desk.sign_in()
    assert (desk.state, desk.tokens) == (VALID, ["access-for-request-1"])
    assert desk.reason.endswith("could not be kept: after a restart, sign in again.")
    desk.clock.advance(5)
    desk.keeper.fails = False
    desk.sessions.look()
    assert desk.state is VALID
