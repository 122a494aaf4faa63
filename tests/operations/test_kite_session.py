"""Kite's sessions: one state for each key, a person asked once, nothing tried in vain."""

import threading

import pytest

from dashboard.core.clock import ManualClock
from dashboard.core.errors import InputError, KiteError, KiteLimitError, KiteTokenError
from dashboard.core.kite import SessionState
from dashboard.operations.kite_session import KiteSessions
from tests.logs import plain_logs
from tests.operations.kite_parts import (
    KEY,
    OTHER_KEY,
    WHO,
    Desk,
    FakeKite,
    MemoryKeeper,
    at,
    ends,
    granted,
    unreachable,
)

VALID, EXPIRED = SessionState.VALID, SessionState.EXPIRED
REQUIRED, REFRESHING = SessionState.REQUIRED, SessionState.REFRESHING


# -- at the start ------------------------------------------------------------------------------
def test_without_a_token_a_person_is_asked_and_kite_is_not():
    desk = Desk(at(8, 50))
    for _ in range(120):
        desk.sessions.look()
        desk.clock.advance(1)
    assert (desk.state, desk.tokens, desk.kite.asked) == (REQUIRED, [], [])
    assert desk.reason == "Nobody has signed in to Kite yet: sign in."


def test_a_kept_token_may_be_used_only_after_kite_took_it():
    desk = Desk(at(11, 20), granted(at(8, 52)))
    assert (desk.state, desk.tokens) == (EXPIRED, [])
    assert desk.reason == "A token of 08:52 IST is kept, and will be tried."
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (VALID, ["kept-token"])
    assert desk.heard == [REFRESHING, VALID]
    assert desk.reason == "Kite took the token at 11:20 IST."


def test_a_kept_token_that_kite_refuses_is_tried_once():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))
    desk.fail_with(KiteTokenError("Kite refused the user's profile: Token is invalid"))
    for _ in range(600):
        desk.sessions.look()
        desk.clock.advance(1)
    assert (desk.state, desk.tokens, desk.kite.checks()) == (REQUIRED, [], 1)
    assert desk.reason == (
        "Kite refused the token at 08:50 IST: Kite refused the user's profile: Token is "
        "invalid. Sign in to Kite."
    )


def test_it_says_of_which_day_a_token_is():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))
    assert desk.reason == "A token of Mon 17 Aug 08:52 IST is kept, and will be tried."


# -- the trial ---------------------------------------------------------------------------------
def test_a_trial_that_kite_does_not_answer_is_repeated_ever_more_slowly():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))
    desk.fail_with(unreachable())
    tried_at = []
    for second in range(1300):
        before = desk.kite.checks()
        desk.sessions.look()
        if desk.kite.checks() > before:
            tried_at.append(second)
        desk.clock.advance(1)
    assert desk.state is EXPIRED
    # waits of 5, 10, 20, 40 and then 60 s: four trials in the first minute, and what comes
    # back in trading hours is used within a minute
    assert tried_at == [0, 5, 15, 35, *range(75, 1300, 60)]


def test_an_unanswered_trial_says_when_it_is_repeated():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))
    desk.fail_with(unreachable())
    desk.sessions.look()
    assert desk.reason == (
        "Kite could not be asked: Kite could not be reached: asked for the user's profile; "
        "try again. It is asked again at 08:50:05 IST."
    )


def test_a_trial_waits_as_long_as_kite_says():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))
    desk.fail_with(KiteLimitError("Kite counts too many requests", 30.0))
    desk.sessions.look()
    desk.fail_with(None)
    desk.clock.advance(29)
    desk.sessions.look()
    assert (desk.state, desk.kite.checks()) == (EXPIRED, 1)
    desk.clock.advance(1)
    desk.sessions.look()
    assert (desk.state, desk.kite.checks()) == (VALID, 2)


def test_two_threads_that_look_at_once_try_once():
    desk = Desk(at(8, 50), granted(at(8, 52)))
    desk.kite.meanwhile = lambda: ends(desk.sessions.look)  # another thread looks meanwhile
    assert ends(desk.sessions.look)
    assert (desk.state, desk.kite.checks()) == (VALID, 1)


def test_a_trial_that_breaks_off_leaves_the_key_ready_for_another():
    desk = Desk(at(8, 50), granted(at(8, 52)))
    desk.fail_with(RuntimeError("a mistake of ours"))
    with pytest.raises(RuntimeError):
        desk.sessions.look()
    desk.fail_with(None)
    desk.clock.advance(5)
    desk.sessions.look()
    assert desk.state is VALID


# -- growing old -------------------------------------------------------------------------------
def test_a_token_that_was_good_a_minute_before_six_is_tried_at_six():
    desk = Desk(at(5, 59), granted(at(8, 52, day=17)))
    desk.sessions.look()
    desk.heard.clear()
    desk.clock.advance(59)
    desk.sessions.look()
    assert (desk.state, desk.heard) == (VALID, [])
    desk.clock.advance(1)
    desk.sessions.look()
    assert (desk.state, desk.heard) == (VALID, [EXPIRED, REFRESHING, VALID])


def test_a_tick_after_six_proves_a_token_of_before():
    desk = Desk(at(5, 59), granted(at(8, 52, day=17)))
    desk.sessions.look()
    desk.heard.clear()
    desk.clock.advance(60)
    desk.sessions.confirmed(KEY)
    desk.sessions.look()
    assert (desk.state, desk.heard, desk.kite.checks()) == (VALID, [], 1)


def test_a_token_of_yesterday_is_expired_in_the_morning_until_kite_says():
    desk = Desk(at(20, day=17), granted(at(8, 52, day=17)))
    desk.sessions.look()
    desk.move_to(at(8, 50))
    desk.fail_with(KiteTokenError("Kite refused the access token (403)"))
    desk.heard.clear()
    desk.sessions.look()
    assert desk.heard == [EXPIRED, REFRESHING, REQUIRED]


def test_a_token_that_outlived_six_is_asked_about_again_every_ten_minutes():
    desk = Desk(at(6, 1), granted(at(8, 52, day=17)))
    desk.sessions.look()
    desk.heard.clear()
    for _ in range(30):
        desk.clock.advance(60)
        desk.sessions.look()
    assert (desk.state, desk.kite.checks(), desk.heard) == (VALID, 4, [])
    desk.fail_with(KiteTokenError("Kite refused the access token (403)"))
    desk.clock.advance(600)
    desk.sessions.look()
    assert desk.heard == [REQUIRED]


def test_a_token_with_which_ticks_come_is_not_asked_about():
    desk = Desk(at(9, 15))
    desk.sign_in()
    for _ in range(60):
        desk.clock.advance(60)
        desk.sessions.confirmed(KEY)
        desk.sessions.look()
    assert (desk.state, desk.kite.checks()) == (VALID, 0)


def test_a_question_about_a_used_token_that_kite_does_not_answer_costs_nothing():
    desk = Desk(at(9, 15))
    desk.sign_in()
    desk.fail_with(unreachable())
    desk.heard.clear()
    desk.clock.advance(600)
    desk.sessions.look()
    assert (desk.state, desk.heard) == (VALID, [])
    assert desk.tokens == ["access-for-request-1"]
    desk.sessions.look()
    assert desk.kite.checks() == 1


# -- what others notice ------------------------------------------------------------------------
def test_a_refusal_stops_everything_and_ticks_still_on_their_way_change_nothing():
    desk = Desk(at(11))
    desk.sign_in()
    desk.heard.clear()
    desk.sessions.refused(KEY, "Kite refused the access token (403): 403 - Forbidden")
    for _ in range(700):
        desk.sessions.confirmed(KEY)
        desk.sessions.look()
        desk.clock.advance(1)
    assert (desk.state, desk.tokens, desk.heard) == (REQUIRED, [], [REQUIRED])
    assert desk.kite.checks() == 0


def test_only_the_first_of_three_refusals_is_told():
    desk = Desk(at(11))
    desk.sign_in()
    desk.heard.clear()
    for number in range(3):
        desk.sessions.refused(KEY, f"connection {number} was refused")
    assert desk.heard == [REQUIRED]
    assert "connection 0 was refused. Sign in to Kite." in desk.reason


def test_a_refusal_during_a_trial_counts_and_the_trial_does_not():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.kite.meanwhile = lambda: desk.sessions.refused(KEY, "Kite refused the token (403)")
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (REQUIRED, [])


def test_what_is_said_of_an_unknown_key_changes_nothing():
    desk = Desk(at(11))
    desk.sessions.refused(OTHER_KEY, "who?")
    desk.sessions.confirmed(OTHER_KEY)
    assert desk.heard == []


# -- another process ---------------------------------------------------------------------------
def test_a_sign_in_of_another_process_is_taken_over_within_seconds():
    desk = Desk(at(8, 50))
    desk.sessions.look()
    desk.keeper.save(granted(at(8, 51), "from-the-terminal"))
    desk.clock.advance(5)
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (VALID, ["from-the-terminal"])


def test_the_keeper_is_not_asked_every_second():
    desk = Desk(at(8, 50))
    for _ in range(60):
        desk.sessions.look()
        desk.clock.advance(1)
    assert desk.keeper.loads == 13  # once at the start, then every five seconds


def test_a_sign_out_of_another_process_is_heard():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.sessions.look()
    desk.keeper.forget(KEY)
    desk.clock.advance(5)
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (REQUIRED, [])
    assert "Another process signed out of Kite" in desk.reason


def test_a_refused_token_that_is_still_kept_is_not_taken_over_again():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.sessions.look()
    desk.sessions.refused(KEY, "Kite refused the token (403)")
    desk.clock.advance(60)
    desk.sessions.look()
    assert (desk.state, desk.kite.checks()) == (REQUIRED, 1)


def test_a_keeper_that_is_away_for_a_while_changes_nothing():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.sessions.look()
    desk.keeper.fails = True
    desk.clock.advance(5)
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (VALID, ["kept-token"])


# -- several keys ------------------------------------------------------------------------------
def two_keys() -> tuple[KiteSessions, FakeKite, FakeKite]:
    clock = ManualClock(at(11))
    first, second = FakeKite(KEY, clock), FakeKite(OTHER_KEY, clock)
    keeper = MemoryKeeper(granted(at(9)), granted(at(9), "other-token", OTHER_KEY))
    return KiteSessions({KEY: first, OTHER_KEY: second}, keeper, clock), first, second


def test_each_key_has_its_own_state():
    sessions, first, _ = two_keys()
    first.trouble = KiteTokenError("Kite refused the access token (403)")
    sessions.look()
    assert [(each.key, each.state) for each in sessions.statuses()] == [
        ("…0001", REQUIRED),
        ("…0002", VALID),
    ]
    assert [grant.access_token for grant in sessions.grants()] == ["other-token"]


def test_a_key_is_named_by_itself_or_by_what_is_shown_of_it():
    sessions, *_ = two_keys()
    for name in (OTHER_KEY, "…0002", "0002"):
        assert f"api_key={OTHER_KEY}&" in sessions.begin_sign_in(name, WHO)


@pytest.mark.parametrize("name", ["", "…", "…0003", "kitekeydelta0002"])
def test_a_key_that_is_not_there_is_refused_with_those_that_are(name: str):
    sessions, *_ = two_keys()
    with pytest.raises(InputError, match=r"Which API key is meant\? There are: …0001, …0002\."):
        sessions.begin_sign_in(name, WHO)


def test_two_keys_that_end_alike_are_named_in_full():
    clock = ManualClock(at(11))
    names = ("kitekeyalpha0001", "kitekeybravo0001")
    apis = {name: FakeKite(name, clock) for name in names}
    sessions = KiteSessions(apis, MemoryKeeper(), clock)
    with pytest.raises(InputError, match="Several API keys end so"):
        sessions.begin_sign_in("…0001", WHO)
    assert names[1] in sessions.begin_sign_in(names[1], WHO)


# -- signing out -------------------------------------------------------------------------------
def test_signing_out_forgets_the_token_here_and_in_the_keeper():
    desk = Desk(at(15, 50), granted(at(8, 52)))
    desk.sessions.look()
    desk.heard.clear()
    status = desk.sessions.sign_out("…0001")
    assert (status.state, status.user_id) == (REQUIRED, "")
    assert status.reason == "Signed out of Kite at 15:50 IST: sign in when it is needed."
    assert (desk.tokens, desk.keeper.kept, desk.heard) == ([], {}, [REQUIRED])


def test_signing_out_during_a_trial_is_what_counts():
    desk = Desk(at(11), granted(at(8, 52)))
    desk.kite.meanwhile = lambda: desk.sessions.sign_out(KEY)
    desk.sessions.look()
    assert (desk.state, desk.tokens) == (REQUIRED, [])


# -- listeners and locks -----------------------------------------------------------------------
def test_a_listener_may_ask_and_act_in_the_same_thread():
    desk = Desk(at(8, 50), granted(at(8, 52, day=17)))

    def curious() -> None:
        desk.sessions.statuses()
        desk.sessions.grants()
        desk.sessions.confirmed(KEY)
        desk.sessions.look()
        desk.sessions.listen(lambda: None)

    desk.sessions.listen(curious)
    assert ends(desk.sessions.look)
    assert ends(desk.sign_in)
    assert ends(lambda: desk.sessions.refused(KEY, "403"))
    assert desk.state is REQUIRED


def test_everyone_is_answered_while_kite_is_slow():
    desk = Desk(at(8, 50), granted(at(8, 52)))
    answered = threading.Event()
    desk.kite.meanwhile = lambda: answered.wait(60)
    slow = threading.Thread(target=desk.sessions.look)
    slow.start()
    try:
        assert ends(desk.sessions.statuses)
        assert ends(desk.sessions.grants)
        assert ends(desk.begin)
    finally:
        answered.set()
        slow.join()
    assert desk.state is VALID


def test_a_listener_that_fails_keeps_nobody_from_hearing():
    desk = Desk(at(8, 50))
    later: list[str] = []

    def fail() -> None:
        raise RuntimeError("a mistake of the page")

    desk.sessions.listen(fail)
    desk.sessions.listen(lambda: later.append("heard"))
    desk.sign_in()
    assert later == ["heard", "heard"]


def test_many_threads_leave_one_state():
    desk = Desk(at(8, 50), granted(at(8, 52)))

    def busy() -> None:
        for _ in range(200):
            desk.sessions.look()
            desk.sessions.confirmed(KEY)
            desk.sessions.statuses()

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (desk.state, desk.kite.checks()) == (VALID, 1)


# -- secrets -----------------------------------------------------------------------------------
def test_no_reason_holds_a_secret_that_others_put_in_it():
    desk = Desk(at(11), granted(at(8, 52), "very-secret"))
    desk.sessions.look()
    desk.sessions.refused(KEY, f"wss://ws.example/?api_key={KEY}&access_token=very-secret: 403")
    assert desk.reason == (
        "Kite refused the token at 11:00 IST: wss://ws.example/?api_key=…&access_token=…: 403. "
        "Sign in to Kite."
    )


def test_nothing_that_is_logged_or_shown_holds_a_secret(capsys: pytest.CaptureFixture[str]):
    with plain_logs():
        desk = Desk(at(8, 50), granted(at(8, 52, day=17), "very-secret"))
        desk.fail_with(KiteError(f"no answer to very-secret of {KEY}"))
        desk.sessions.look()
        desk.fail_with(None)
        desk.sign_in("hush")
    printed = capsys.readouterr()
    told = printed.out + printed.err + repr(desk.sessions.statuses()) + repr(desk.sessions.grants())
    for secret in ("very-secret", "access-for-hush", "hush"):
        assert secret not in told
    assert KEY not in printed.out + printed.err
    assert "…0001" in printed.out + printed.err
