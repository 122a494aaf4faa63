"""Sessions: opened by a sign-in, shown by a cookie or by access tokens, and ended.

The page's session lives as long as its cookie. A program's lives on with each refresh: its
refresh token is good for one use and brings the next one. A used one that is shown again is
a copy in somebody's hands, and nobody can say whose, so the whole session ends. Two
refreshes at the same moment with one token are that too: one succeeds, then the session ends.
"""

import hashlib
import secrets

from dashboard.auth.audit import Audit, printable
from dashboard.auth.credentials import Credentials
from dashboard.auth.identity import SCOPES, Identity, Role, Via
from dashboard.auth.records import (
    Account,
    Event,
    Grant,
    Kind,
    NewSession,
    Renewal,
    SessionInfo,
    of_session,
)
from dashboard.auth.stores import SessionStore
from dashboard.auth.tokens import API, Tokens
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError

REFRESH_S = 14 * 24 * 3600  # within which a program refreshes
LONGEST_S = 90 * 24 * 3600  # after which it signs in anew
LONGEST_TOKEN = 128  # characters; ours have 43


class Sessions:
    """Open, refresh, list and end sessions."""

    def __init__(
        self,
        store: SessionStore,
        clock: Clock,
        tokens: Tokens,
        credentials: Credentials,
        audit: Audit,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tokens = tokens
        self._credentials = credentials
        self._audit = audit

    def open_page(self, account: Account, address: str, agent: str) -> str | None:
        """Return the cookie's token; None where the account was changed under way."""
        sid = _new_id()
        token, claims = self._tokens.issue(account.id, account.name, account.role, sid)
        ends_ns = claims.expires_s * SECOND_NS
        new = self._new(sid, account, Kind.PAGE, ends_ns, address, agent, None)
        return token if self._store.open(new, account.password_hash) else None

    def open_api(self, account: Account, address: str, agent: str) -> Grant | None:
        """Return a program's tokens; None where the account was changed under way."""
        sid, refresh = _new_id(), secrets.token_urlsafe(32)
        until_ns = self._clock.now_ns() + REFRESH_S * SECOND_NS
        new = self._new(sid, account, Kind.API, until_ns, address, agent, digest(refresh))
        if not self._store.open(new, account.password_hash):
            return None
        return self._grant(
            sid, account.id, account.name, Role(account.role), refresh, until_ns // SECOND_NS
        )

    def refresh(self, token: str, address: str, agent: str) -> Grant:
        """Return new tokens for a refresh token, which is then used up.

        Raises
        ------
        AuthError
            If it is unknown or over; or was used before, and then the session is ended.
        """
        now_ns, new = self._clock.now_ns(), secrets.token_urlsafe(32)
        renewal = Renewal(
            new_hash=digest(new),
            now_ns=now_ns,
            until_ns=now_ns + REFRESH_S * SECOND_NS,
            longest_ns=LONGEST_S * SECOND_NS,
            address=printable(address),
            agent=printable(agent),
        )
        shown = self._store.use(digest(token[:LONGEST_TOKEN]), renewal)
        if shown is None:
            raise AuthError("This sign-in is over: sign in again.")
        if shown.reused:
            self._credentials.end([of_session(shown.session_id)])
            self._audit.note(Event.REFRESH_REUSED, shown.account_id, "session ended", address)
            raise AuthError(
                "This refresh token was used before, so its sign-in was ended: sign in again."
            )
        return self._grant(
            shown.session_id,
            shown.account_id,
            shown.name,
            shown.role,
            new,
            shown.expires_ns // SECOND_NS,
        )

    def alive(self, account_id: int) -> list[SessionInfo]:
        """Return an account's sessions, newest first."""
        return self._store.alive(account_id, self._clock.now_ns())

    def end(self, account_id: int, session_id: str, event: Event = Event.SESSION_ENDED) -> bool:
        """End a session of that account; say whether it was alive."""
        was_alive = self._store.end(account_id, session_id, self._clock.now_ns())
        if was_alive:
            self._credentials.end([of_session(session_id)])
            self._audit.note(event, account_id)
        return was_alive

    def end_all(self, account_id: int, but: str | None) -> int:
        """End every session of an account but one; return how many."""
        ended = self._store.end_all(account_id, self._clock.now_ns(), but)
        self._credentials.end(map(of_session, ended))
        if ended:
            self._audit.note(Event.SESSION_ENDED, account_id, f"{len(ended)} at once")
        return len(ended)

    def _new(
        self,
        sid: str,
        account: Account,
        kind: Kind,
        expires_ns: int,
        address: str,
        agent: str,
        refresh_hash: str | None,
    ) -> NewSession:
        return NewSession(
            id=sid,
            account_id=account.id,
            kind=kind,
            created_ns=self._clock.now_ns(),
            expires_ns=expires_ns,
            address=printable(address),
            agent=printable(agent),
            refresh_hash=refresh_hash,
        )

    def _grant(
        self, sid: str, account_id: int, name: str, role: Role, refresh: str, until_s: int
    ) -> Grant:
        access, claims = self._tokens.issue(account_id, name, role.value, sid, API)
        identity = Identity(
            account_id=account_id,
            name=name,
            role=role,
            scopes=SCOPES[role],
            via=Via.TOKEN,
            credential=of_session(sid),
            expires_s=claims.expires_s,
        )
        return Grant(access, claims.expires_s, refresh, until_s, identity)


def digest(token: str) -> str:
    """Return what is kept of a random token: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _new_id() -> str:
    return secrets.token_urlsafe(16)
