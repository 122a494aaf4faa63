"""Limits: five tries by name and by address, the sixth waits, a right one forgives."""

import pytest

from dashboard.auth.limits import SignInLimits, wait_words
from dashboard.core.clock import SystemClock
from dashboard.core.errors import TooManyTriesError


@pytest.fixture
def limits() -> SignInLimits:
    return SignInLimits(SystemClock())


def test_counts_down_to_none_and_then_refuses(limits: SignInLimits):
    assert [limits.count("aruna", "10.0.0.1").left for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(TooManyTriesError, match="Too many tries") as refused:
        limits.count("aruna", "10.0.0.1")
    assert 0 < refused.value.wait_s <= 900


def test_one_name_is_counted_from_everywhere(limits: SignInLimits):
    for last in range(5):
        limits.count("aruna", f"10.0.0.{last}")
    with pytest.raises(TooManyTriesError):
        limits.count("Aruna", "10.0.0.9")


def test_one_address_is_counted_for_every_name(limits: SignInLimits):
    for name in ("a", "b", "c", "d", "e"):
        limits.count(name, "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        limits.count("f", "10.0.0.1")


def test_a_refused_try_is_not_counted_against_the_other_key(limits: SignInLimits):
    for name in ("a", "b", "c", "d", "e"):
        limits.count(name, "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        limits.count("aruna", "10.0.0.1")
    assert limits.count("aruna", "10.0.0.2").left == 4


def test_a_right_password_forgives_the_tries_before_it(limits: SignInLimits):
    for _ in range(4):
        limits.count("aruna", "10.0.0.1")
    limits.forgive(limits.count("aruna", "10.0.0.1"))
    assert limits.count("aruna", "10.0.0.1").left == 4


def test_after_fifteen_minutes_a_try_is_free_again(
    limits: SignInLimits, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(5):
        limits.count("aruna", "10.0.0.1")
    later = SystemClock().now_ns() / 1e9 + 15 * 60 + 1
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: later)
    assert limits.count("aruna", "10.0.0.1").left == 4


@pytest.mark.parametrize(
    ("seconds", "words"), [(872, "14 min 32 s"), (60, "1 min 0 s"), (9, "9 s")]
)
def test_says_the_wait_in_words(seconds: int, words: str):
    assert wait_words(seconds) == words
