"""Who is asking, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    OWNER = "owner"  # everything, and the accounts of others
    RESEARCHER = "researcher"  # reads, replays, exports
    VIEWER = "viewer"  # looks


class Scope(StrEnum):
    """What may be asked for; an API key has some of its account's."""

    READ = "read"  # market, bars, chains, signals, indicators, sockets
    REPLAY = "replay"  # desks of one's own
    EXPORT = "export"  # whole days as files
    MANAGE = "manage"  # accounts, invitations, the audit log


class Via(StrEnum):
    """How somebody showed who they are."""

    TOKEN = "token"  # noqa: S105 - an access token, as a bearer
    KEY = "key"  # an API key
    PAGE = "page"  # the page's cookie


SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset(Scope),
    Role.RESEARCHER: frozenset({Scope.READ, Scope.REPLAY, Scope.EXPORT}),
    Role.VIEWER: frozenset({Scope.READ}),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """One account, as one request or socket showed it.

    `credential` names what was shown: the id of a session (``s:...``) or of an API key
    (``k:...``); when it is revoked, what was opened with it is closed. `expires_s` is when
    it ends by itself, in seconds since the epoch; None where it does not.
    """

    account_id: int
    name: str
    role: Role
    scopes: frozenset[Scope]
    via: Via
    credential: str
    expires_s: int | None = None

    def may(self, scope: Scope) -> bool:
        """Say whether this may be asked for."""
        return scope in self.scopes
