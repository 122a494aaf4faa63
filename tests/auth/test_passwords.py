"""Passwords: what is refused, what is kept, and what an unknown account costs."""

import pytest
from argon2 import PasswordHasher

from dashboard.auth.passwords import Passwords, check_password
from dashboard.core.errors import InputError


@pytest.fixture
def passwords(quick: PasswordHasher) -> Passwords:
    return Passwords(quick)


def test_the_right_password_is_right_and_another_is_not(passwords: Passwords):
    kept = passwords.hash("correct horse battery")
    assert passwords.verify(kept, "correct horse battery")
    assert not passwords.verify(kept, "correct horse batterz")


def test_what_is_kept_is_argon2id_and_never_the_same_twice(passwords: Passwords):
    first, second = passwords.hash("correct horse battery"), passwords.hash("correct horse battery")
    assert first.startswith("$argon2id$v=19$")
    assert first != second


def test_nobody_is_never_right_even_with_the_password_of_nobody(passwords: Passwords):
    assert not passwords.verify(None, "nobody has this password")


def test_an_unknown_account_costs_a_hash_as_a_known_one_does():
    class CountingHasher(PasswordHasher):
        checked = 0

        def verify(self, *words: str) -> bool:
            self.checked += 1
            return super().verify(*words)

    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    Passwords(hasher).verify(None, "anything at all")
    assert hasher.checked == 1


def test_a_hash_that_is_none_is_wrong_and_no_error(passwords: Passwords):
    assert not passwords.verify("not a hash", "anything at all")


def test_one_word_typed_on_two_keyboards_is_the_same(passwords: Passwords):
    # é as one character and as e with a combining accent
    assert passwords.verify(passwords.hash("caf\u00e9 au lait 12"), "cafe\u0301 au lait 12")


def test_a_hash_of_other_parameters_is_outdated(passwords: Passwords, quick: PasswordHasher):
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    assert passwords.is_outdated(older.hash("correct horse battery"))
    assert not passwords.is_outdated(quick.hash("correct horse battery"))


def test_the_hash_in_use_has_the_strength_of_rfc_9106():
    assert "$m=65536,t=3,p=4$" in Passwords().hash("correct horse battery")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "at least 12"),
        ("x" * 257, "at most 256"),
        ("Aruna.Rao.2026", "not be the user name"),
        ("aaaaaaaaaaaaaa", "one character repeated"),
    ],
)
def test_refuses_a_weak_password_and_says_why(password: str, reason: str):
    with pytest.raises(InputError, match=reason):
        check_password(password, "aruna.rao.2026")


def test_takes_twelve_characters():
    check_password("twelve chars", "aruna")
