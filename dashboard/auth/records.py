"""What is kept of accounts, sessions, keys and events, and what callers are shown of them.

Instants are nanoseconds since the epoch where a name ends in ``_ns``, seconds where it ends
in ``_s``. No record that is shown holds a secret or the digest of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashboard.auth.identity import Identity, Role, Scope


class Kind(StrEnum):
    """What a session was opened for."""

    PAGE = "page"  # the page's cookie
    API = "api"  # access and refresh tokens


class Event(StrEnum):
    """What the audit log tells of."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    SESSION_ENDED = "session_ended"
    REFRESH_REUSED = "refresh_reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    TOTP_ON = "totp_on"
    TOTP_OFF = "totp_off"
    INVITED = "invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    ACCOUNT_CREATED = "account_created"
    ROLE_CHANGED = "role_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    SIGNING_KEY_ROTATED = "signing_key_rotated"


# -- what is shown ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as the owner sees it; `last_seen_ns` is None where it never signed in."""

    id: int
    name: str
    role: Role
    created_ns: int
    disabled: bool
    has_totp: bool
    last_seen_ns: int | None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session that is alive. `seen_ns` is true to the minute."""

    id: str
    kind: Kind
    created_ns: int
    seen_ns: int
    expires_ns: int
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class ApiKeyInfo:
    """An API key without its secret; `expires_ns` is None where it does not end by itself."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_ns: int
    expires_ns: int | None
    last_used_ns: int | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class InvitationInfo:
    """A link that can still be accepted; `by` is the name of who made it, if an account did."""

    id: int
    role: Role
    created_ns: int
    expires_ns: int
    by: str | None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the audit log; `account` is None where no account of ours is meant."""

    id: int
    at_ns: int
    account: str | None
    event: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made: `key` is shown this once and is kept nowhere."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A secret for an authenticator app, as text and as the URI that its picture holds."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a program gets for a password or a refresh token.

    Both ends are seconds since the epoch. `refresh` is good for one use.
    """

    access: str
    access_expires_s: int
    refresh: str
    refresh_expires_s: int
    identity: Identity


# -- what is kept ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Account:
    """One person who may sign in."""

    id: int
    name: str
    password_hash: str
    role: str
    created_ns: int
    disabled: bool


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be opened, and the digest of its first refresh token where it has one."""

    id: str
    account_id: int
    kind: Kind
    created_ns: int
    expires_ns: int
    address: str
    agent: str
    refresh_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """The use of a refresh token: the next one's digest, and what the session becomes.

    It lives on until `until_ns`, but never longer than `longest_ns` after it was opened.
    """

    new_hash: str
    now_ns: int
    until_ns: int
    longest_ns: int
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key to be kept."""

    id: str
    account_id: int
    name: str
    hash: str
    scopes: frozenset[Scope]
    created_ns: int
    expires_ns: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a session or key is that is alive, and what the account is now.

    `scopes` and `hash` are of an API key only: what it was made for, the digest of its text.
    """

    account_id: int
    name: str
    role: Role
    expires_ns: int | None
    seen_ns: int | None
    scopes: frozenset[Scope] | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A refresh token that was shown: whose it is, and whether it had been used before."""

    session_id: str
    account_id: int
    name: str
    role: Role
    reused: bool
    expires_ns: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """What a change to an account ended or made stale; None of either: nothing was changed."""

    sessions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def credentials(self) -> list[str]:
        """Return them as `Identity.credential` names them."""
        return [*map(of_session, self.sessions), *map(of_key, self.keys)]


@dataclass(frozen=True, slots=True)
class Factor:
    """The sealed secret of an authenticator app."""

    sealed: bytes
    confirmed: bool
    last_step: int


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair: the public half as a JWK, the private one sealed."""

    kid: str
    public_jwk: Mapping[str, str]
    sealed: bytes
    created_ns: int
    retired_ns: int | None = None


def of_session(session_id: str) -> str:
    """Return a session's name as a credential."""
    return f"s:{session_id}"


def of_key(key_id: str) -> str:
    """Return an API key's name as a credential."""
    return f"k:{key_id}"
