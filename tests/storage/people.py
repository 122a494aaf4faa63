"""Accounts with sessions and keys, and several processes that act on them at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from dashboard.auth.identity import Scope
from dashboard.auth.records import Account, Kind, NewKey, NewSession
from storage.accounts import SqlAccounts

T = TypeVar("T")
PROCESSES = 4


def at_once(starts: list[SqlAccounts], act: Callable[[int, SqlAccounts], T]) -> list[T]:
    """Let each store do something at the same moment."""
    together = Barrier(len(starts))

    def act_together(number: int) -> T:
        starts[number].count_accounts()  # connects
        together.wait()
        return act(number, starts[number])

    with ThreadPoolExecutor(len(starts)) as threads:
        return list(threads.map(act_together, range(len(starts))))


def open_session(
    accounts: SqlAccounts,
    account: Account,
    sid: str,
    kind: Kind = Kind.PAGE,
    *,
    now_ns: int = 1,
    expires_ns: int = 100,
    refresh_hash: str | None = None,
) -> bool:
    """Open a session of an account, whose password is the one that `account` has."""
    new = NewSession(sid, account.id, kind, now_ns, expires_ns, "10.0.0.1", "Firefox", refresh_hash)
    return accounts.sessions.open(new, account.password_hash)


def make_key(
    accounts: SqlAccounts,
    account: Account,
    key_id: str,
    *,
    now_ns: int = 1,
    expires_ns: int | None = None,
    most: int = 9,
) -> bool:
    """Make an API key of an account."""
    scopes = frozenset({Scope.READ})
    new = NewKey(key_id, account.id, "nightly", f"hash {key_id}", scopes, now_ns, expires_ns)
    return accounts.api_keys.make(new, most)
