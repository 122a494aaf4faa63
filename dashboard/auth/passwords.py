"""Passwords: what is accepted as one, and how it is kept.

Argon2id with the parameters of RFC 9106 (second choice: 64 MiB, 3 passes, 4 lanes), which
are argon2-cffi's own. Source: RFC 9106 §4; NIST SP 800-63B §5.1.1.2 for the length rule
and for NFKC, which makes the same typed word the same bytes on every keyboard.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dashboard.core.errors import InputError

SHORTEST = 12  # characters
LONGEST = 256  # characters; a longer one only makes the server work
TYPED = 4 * LONGEST  # of what is typed; accents may be characters of their own
NOBODY = "nobody has this password"


class Passwords:
    """Hash and check passwords, in the same time whether or not the account exists."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(NOBODY)

    def hash(self, password: str) -> str:
        """Return the Argon2id hash, its salt and parameters included."""
        return self._hasher.hash(_bytes(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether `password` is the one that was hashed.

        ``None`` stands for an account that does not exist: it costs the same time and is
        never right, so that the time taken does not tell who has an account.
        """
        try:
            right = self._hasher.verify(password_hash or self._nobody, _bytes(password[:TYPED]))
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None and len(password) <= TYPED

    def is_outdated(self, password_hash: str) -> bool:
        """Say whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def check_password(password: str, name: str) -> None:
    """Refuse a password that is too short, too long or the user's own name.

    Raises
    ------
    InputError
        With the sentence that the sign-up page shows.
    """
    if len(_normal(password[:TYPED])) < SHORTEST:
        raise InputError(f"The password needs at least {SHORTEST} characters.")
    if len(password) > TYPED or len(_normal(password)) > LONGEST:
        raise InputError(f"The password may have at most {LONGEST} characters.")
    if _normal(password).casefold() == name.casefold():
        raise InputError("The password must not be the user name.")
    if len(set(password)) == 1:
        raise InputError("The password must not be one character repeated.")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")  # half a character is no error
