"""Limits: what is refused, what is slowed down, what is never held against whom."""

import threading

import pytest

from dashboard.auth.limits import WAITING_AT_ONCE, SignInLimits, site_of, wait_words
from dashboard.core.clock import ManualClock
from dashboard.core.errors import TooManyTriesError

PATIENCE_S = 60


@pytest.fixture
def limits(clock: ManualClock, slept: list[float]) -> SignInLimits:
    return SignInLimits(clock, sleep=slept.append)


def test_counts_down_to_none_and_then_refuses(limits: SignInLimits):
    assert [limits.count("aruna", "10.0.0.1").left for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(TooManyTriesError, match=r"Try again in 15 min 0 s\.") as refused:
        limits.count("Aruna", "10.0.0.1")
    assert refused.value.wait_s == 900


def test_after_fifteen_minutes_a_try_is_free_again(limits: SignInLimits, clock: ManualClock):
    for _ in range(5):
        limits.count("aruna", "10.0.0.1")
        clock.advance(60)
    with pytest.raises(TooManyTriesError) as refused:
        limits.count("aruna", "10.0.0.1")
    assert refused.value.wait_s == 600
    clock.advance(599.5)
    with pytest.raises(TooManyTriesError) as refused:
        limits.count("aruna", "10.0.0.1")
    assert refused.value.wait_s == 1
    clock.advance(0.5)
    assert limits.count("aruna", "10.0.0.1").left == 0


def test_one_address_has_twenty_tries_for_all_names(limits: SignInLimits):
    for number in range(20):
        limits.count(f"name{number}", "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        limits.count("another", "10.0.0.1")
    assert limits.count("another", "10.0.0.2").left == 4


def test_a_refused_try_is_not_counted(limits: SignInLimits):
    for number in range(20):
        limits.count(f"name{number}", "10.0.0.1")
    for _ in range(9):
        with pytest.raises(TooManyTriesError):
            limits.count("aruna", "10.0.0.1")
    assert limits.count("aruna", "10.0.0.2").left == 4


def test_tries_from_elsewhere_are_slowed_down_and_never_refused(
    limits: SignInLimits, slept: list[float]
):
    for number in range(20):
        limits.wait(limits.count("aruna", f"10.0.{number}.1"))
    assert slept == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0]


def test_an_address_that_is_known_is_not_slowed_down(limits: SignInLimits, slept: list[float]):
    for number in range(40):
        limits.count("aruna", f"10.0.{number}.1")
    limits.wait(limits.count("aruna", "10.9.9.9", known=True))
    assert slept == []


def test_only_a_few_wait_at_once_and_the_next_is_told_to_come_back(clock: ManualClock):
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def sleep(_: float) -> None:
        waiting.release()
        go_on.wait(PATIENCE_S)

    limits = SignInLimits(clock, sleep=sleep)
    for number in range(10):
        limits.count("aruna", f"10.0.{number}.1")
    slow = [limits.count("aruna", f"10.1.{n}.1") for n in range(WAITING_AT_ONCE + 1)]
    threads = [threading.Thread(target=limits.wait, args=[each]) for each in slow[:-1]]
    try:
        for thread in threads:
            thread.start()
            assert waiting.acquire(timeout=PATIENCE_S)
        with pytest.raises(TooManyTriesError) as refused:
            limits.wait(slow[-1])
        assert refused.value.wait_s == 5
    finally:
        go_on.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert limits.count("aruna", f"10.1.{WAITING_AT_ONCE}.1").left == 4  # that one was taken back


def test_a_right_password_forgives_the_tries_for_that_name_from_there(limits: SignInLimits):
    for _ in range(4):
        limits.count("aruna", "10.0.0.1")
    limits.forgive(limits.count("aruna", "10.0.0.1"))
    assert limits.count("aruna", "10.0.0.1").left == 4


def test_signing_in_to_one_s_own_account_forgives_no_guesses_at_others(limits: SignInLimits):
    for number in range(20):
        limits.count(f"name{number}", "10.0.0.1")
        if number < 19:
            limits.forgive(limits.count("mine", "10.0.0.1"))
    with pytest.raises(TooManyTriesError):
        limits.count("another", "10.0.0.1")


def test_the_addresses_of_one_ipv6_site_are_one(limits: SignInLimits):
    for number in range(5):
        limits.count("aruna", f"2001:db8:0:1::{number}")
    with pytest.raises(TooManyTriesError):
        limits.count("aruna", "2001:db8:0:1:ffff::1")
    assert limits.count("aruna", "2001:db8:0:2::1").left == 4


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:0:1:aa::7", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x" * 99, "x" * 64),
    ],
)
def test_says_which_site_an_address_is_of(address: str, site: str):
    assert site_of(address) == site


def test_keeps_no_more_keys_than_it_may(clock: ManualClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboard.auth.limits.KEYS", 9)
    limits = SignInLimits(clock)
    for number in range(50):
        limits.count("n" * 10_000 + str(number), f"10.0.{number}.1")
    assert len(limits._tries) == 9
    assert max(map(len, limits._tries)) < 200


@pytest.mark.parametrize(
    ("seconds", "words"), [(872, "14 min 32 s"), (60, "1 min 0 s"), (9, "9 s")]
)
def test_says_the_wait_in_words(seconds: int, words: str):
    assert wait_words(seconds) == words
