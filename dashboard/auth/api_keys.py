"""API keys: named, with some of their account's scopes, shown once, kept as digests."""

import hmac
import re
import secrets
from collections.abc import Iterable

from dashboard.auth.audit import Audit, printable
from dashboard.auth.credentials import Credentials
from dashboard.auth.identity import SCOPES, Identity, Role, Scope, Via
from dashboard.auth.records import ApiKeyInfo, Event, NewApiKey, NewKey, of_key
from dashboard.auth.sessions import digest
from dashboard.auth.stores import AccountStore
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError, InputError

KEY = re.compile(r"tezi_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
MOST = 50  # good ones of an account
LONGEST_NAME = 64


class ApiKeys:
    """Make, list, revoke and recognise API keys."""

    def __init__(
        self, store: AccountStore, clock: Clock, credentials: Credentials, audit: Audit
    ) -> None:
        self._store = store
        self._clock = clock
        self._credentials = credentials
        self._audit = audit

    def make(
        self, account_id: int, name: str, scopes: Iterable[Scope], expires_s: int | None
    ) -> NewApiKey:
        """Make a key; see `Accounts.make_api_key`."""
        account = self._store.get_account(account_id)
        if account is None:
            raise InputError("There is no such account.")
        name = _check_name(name)
        wanted = _check_scopes(scopes, Role(account.role))
        now_ns = self._clock.now_ns()
        if expires_s is not None and expires_s * SECOND_NS <= now_ns:
            raise InputError("The key would be over already: let it end later.")
        key_id = secrets.token_hex(4)
        text = f"tezi_{key_id}_{secrets.token_urlsafe(32)}"
        expires_ns = None if expires_s is None else expires_s * SECOND_NS
        new = NewKey(key_id, account_id, name, digest(text), wanted, now_ns, expires_ns)
        if not self._store.api_keys.make(new, MOST):
            raise InputError(f"An account may have {MOST} keys: revoke one that is not used.")
        self._audit.note(Event.KEY_MADE, account_id, f"{name} ({key_id})")
        return NewApiKey(key_id, text)

    def of_account(self, account_id: int) -> list[ApiKeyInfo]:
        """Return an account's keys, newest first."""
        return self._store.api_keys.of_account(account_id)

    def revoke(self, account_id: int, key_id: str) -> bool:
        """Revoke a key of that account; say whether it was good."""
        was_good = self._store.api_keys.revoke(account_id, key_id, self._clock.now_ns())
        if was_good:
            self._credentials.end([of_key(key_id)])
            self._audit.note(Event.KEY_REVOKED, account_id, key_id)
        return was_good

    def identify(self, text: str) -> Identity:
        """Return whose key it is, with what it may ask for as things stand now.

        Raises
        ------
        AuthError
            If it is no key of ours, or over, or revoked, or its account is shut out.
        """
        parts = KEY.fullmatch(text)
        standing = self._credentials.standing(of_key(parts[1])) if parts else None
        if parts is None or standing is None or standing.scopes is None:
            raise AuthError("This API key is not valid: make another.")
        if not hmac.compare_digest(standing.hash, digest(text)):
            raise AuthError("This API key is not valid: make another.")
        expires_ns = standing.expires_ns
        return Identity(
            account_id=standing.account_id,
            name=standing.name,
            role=standing.role,
            scopes=standing.scopes & SCOPES[standing.role],
            via=Via.KEY,
            credential=of_key(parts[1]),
            expires_s=None if expires_ns is None else expires_ns // SECOND_NS,
        )


def _check_name(name: str) -> str:
    name = printable(name).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InputError(f"The key needs a name of 1 to {LONGEST_NAME} characters.")
    return name


def _check_scopes(scopes: Iterable[Scope], role: Role) -> frozenset[Scope]:
    wanted = frozenset(scopes)
    if not wanted:
        raise InputError("The key needs at least one scope.")
    beyond = sorted(wanted - SCOPES[role])
    if beyond:
        raise InputError(f"The role {role.value} has no scope {', '.join(beyond)}.")
    return wanted
