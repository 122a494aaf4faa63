"""A real store in a temporary file, a clock that waits, and hashes that are quick and counted."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role
from dashboard.auth.limits import SignInLimits
from dashboard.auth.passwords import Passwords
from dashboard.auth.totp import STEP_S
from dashboard.core.clock import IST, SECOND_NS, ManualClock
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.schema import open_database
from storage.sealing import Seal

PASSWORD = "correct horse battery"
HERE = "10.0.0.1"


class QuickHasher(PasswordHasher):
    """Hash quickly, and count how often a password is verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0
        self.hashed = 0

    def verify(self, *words: str | bytes) -> bool:
        self.verified += 1
        return super().verify(*words)

    def hash(self, *words: str | bytes, **options: bytes) -> str:
        self.hashed += 1
        return super().hash(*words, **options)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqlAccounts:
    return SqlAccounts(database)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 18, 9, 15, tzinfo=IST))


@pytest.fixture
def quick() -> QuickHasher:
    return QuickHasher()


@pytest.fixture
def seal() -> Seal:
    return Seal(Fernet.generate_key())


@pytest.fixture
def slept() -> list[float]:
    """Return the waits of tries that were slowed down; nobody really waits."""
    return []


@pytest.fixture
def make_accounts(
    clock: ManualClock, quick: QuickHasher, slept: list[float], seal: Seal
) -> Callable[..., Accounts]:
    """Return what makes the use cases anew, as another process has them."""

    def make(store: SqlAccounts, seal: Seal = seal) -> Accounts:
        limits = SignInLimits(clock, sleep=slept.append)
        return Accounts(store, clock, seal=seal, passwords=Passwords(quick), limits=limits)

    return make


@pytest.fixture
def accounts(store: SqlAccounts, make_accounts: Callable[..., Accounts]) -> Accounts:
    return make_accounts(store)


@pytest.fixture
def elsewhere(database: Database, make_accounts: Callable[..., Accounts]) -> Iterator[Accounts]:
    """Return the use cases of another process on the same database."""
    other = Database(database.url.render_as_string(hide_password=False))
    yield make_accounts(SqlAccounts(other))
    other.close()


@pytest.fixture
def cookie(accounts: Accounts) -> str:
    """Create the owner, aruna, and return the cookie's token that doing so gave."""
    link = accounts.first_start_link() or ""
    return accounts.accept_invitation(link, "aruna", PASSWORD, HERE)


@pytest.fixture
def owner(accounts: Accounts, cookie: str) -> Identity:
    return accounts.identify(cookie=cookie)


@pytest.fixture
def add(accounts: Accounts, owner: Identity) -> Callable[..., Identity]:
    """Return what adds an account by invitation; its identity is that of its page."""

    def add(name: str, role: Role = Role.RESEARCHER) -> Identity:
        link = accounts.invite(owner, role)
        return accounts.identify(cookie=accounts.accept_invitation(link, name, PASSWORD, HERE))

    return add


@pytest.fixture
def code_of(clock: ManualClock) -> Callable[..., str]:
    """Return what shows the code that an app with that secret shows now, or steps away."""

    def code_of(secret: str, away: int = 0) -> str:
        return pyotp.TOTP(secret).generate_otp(clock.now_ns() // SECOND_NS // STEP_S + away)

    return code_of


@pytest.fixture
def secret(accounts: Accounts, owner: Identity, code_of, clock: ManualClock) -> str:
    """Turn codes on for the owner, and return the app's secret; no code of now was used."""
    offer = accounts.enrol_totp(owner.account_id)
    accounts.confirm_totp(owner.account_id, code_of(offer.secret))
    clock.advance(2 * STEP_S)
    return offer.secret
