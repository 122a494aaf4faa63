"""A real store in a temporary file, a clock that waits, and hashes that are quick."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from dashboard.auth.accounts import Accounts
from dashboard.auth.passwords import Passwords
from dashboard.core.clock import IST, ManualClock
from storage.accounts import SqlAccounts
from storage.schema import open_database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlAccounts]:
    database = open_database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    yield SqlAccounts(database)
    database.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 18, 9, 15, tzinfo=IST))


@pytest.fixture
def quick() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def accounts(store: SqlAccounts, clock: ManualClock, quick: PasswordHasher) -> Accounts:
    return Accounts(store, clock, passwords=Passwords(quick))
