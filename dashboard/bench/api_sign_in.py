"""Signing in, against the bare hash: nothing else may cost as much."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argon2 import PasswordHasher

from dashboard.auth.identity import Role
from dashboard.auth.passwords import Passwords
from dashboard.bench.figure import Figure
from dashboard.composition import make_accounts
from dashboard.core.clock import SystemClock
from dashboard.settings import Settings
from storage.accounts import SqlAccounts
from storage.schema import open_database

SUBJECT = "api"
THREADS, TIMES = 2, 24
PASSWORD = "correct horse battery"  # noqa: S105 - of an account that lives as long as the run
NAME = "bench"


def measure_sign_in() -> list[Figure]:
    """Return sign-ins a second, and how many there are to each bare hash."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        settings.make_home()
        database = open_database(settings.url_of_database)
        accounts = make_accounts(settings, database, clock)
        hashed = Passwords().hash(PASSWORD)
        SqlAccounts(database).create_account(NAME, hashed, Role.VIEWER.value)
        hasher = PasswordHasher()
        bare = _rate(clock, lambda: hasher.verify(hashed, PASSWORD))
        whole = _rate(clock, lambda: accounts.open_session(NAME, PASSWORD, "127.0.0.1"))
        bare = (bare + _rate(clock, lambda: hasher.verify(hashed, PASSWORD))) / 2
        database.close()
    return [
        Figure(SUBJECT, f"sign-ins, {THREADS} at once", whole, "/s", 1),
        Figure(SUBJECT, "sign-ins to a bare argon2", whole / bare, "x", 2, at_least=0.8),
    ]


def _rate(clock: SystemClock, act: Callable[[], object]) -> float:
    begun_s = clock.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(act) for _ in range(TIMES)]:
            done.result()
    return TIMES / (clock.monotonic() - begun_s)
