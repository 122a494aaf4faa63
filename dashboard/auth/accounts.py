"""Accounts: signing in and out, and everything that belongs to an account, in one place.

Each method hands on to the module of its subject. The use cases know no database and no web
server: a store and a seal are passed in.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from dashboard.auth.api_keys import ApiKeys
from dashboard.auth.audit import Audit
from dashboard.auth.credentials import Credentials
from dashboard.auth.identity import SCOPES, Identity, Role, Scope, Via
from dashboard.auth.invitations import Invitations
from dashboard.auth.keyring import Keyring, Seal
from dashboard.auth.limits import SignInLimits
from dashboard.auth.names import check_name
from dashboard.auth.passwords import Passwords, check_password
from dashboard.auth.people import People
from dashboard.auth.records import (
    AccountInfo,
    ApiKeyInfo,
    AuditEvent,
    Event,
    Grant,
    InvitationInfo,
    NewApiKey,
    SessionInfo,
    TotpOffer,
    of_session,
)
from dashboard.auth.sessions import Sessions
from dashboard.auth.sign_in import SignIn
from dashboard.auth.stores import AccountStore
from dashboard.auth.sweeping import Sweeping
from dashboard.auth.tokens import API, PAGE, Claims, Tokens
from dashboard.auth.totp import SecondFactors
from dashboard.core.clock import Clock
from dashboard.core.errors import AuthError, InputError

OWNER = Role.OWNER.value
CHANGED = "The account was changed while you signed in: sign in again."


class Accounts:
    """The use cases of accounts, for any store and any front.

    Parameters
    ----------
    seal : Seal
        What encrypts signing keys and secrets of one-time codes in the store.
    """

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        *,
        seal: Seal,
        passwords: Passwords | None = None,
        limits: SignInLimits | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._audit = Audit(store.audit, clock)
        self._credentials = Credentials(store, clock)
        self._keyring = Keyring(store.signing_keys, clock, seal)
        self.tokens = Tokens(self._keyring, clock)
        self._factors = SecondFactors(store.factors, clock, seal)
        self._sign_in = SignIn(
            store,
            clock,
            self._passwords,
            limits or SignInLimits(clock),
            self._factors,
            self._audit,
        )
        self._sessions = Sessions(
            store.sessions, clock, self.tokens, self._credentials, self._audit
        )
        self._api_keys = ApiKeys(store, clock, self._credentials, self._audit)
        self._invitations = Invitations(store, clock, self._passwords, self._audit)
        self._people = People(store, clock, self._credentials, self._audit)
        self._sweeping = Sweeping(store, clock)

    # -- signing in and out ------------------------------------------------------------------
    def sign_in(
        self,
        name: str,
        password: str,
        address: str,
        *,
        code: str | None = None,
        agent: str = "",
    ) -> str:
        """Open a session of the page and return its cookie's token.

        It may block for seconds: a slow hash, and a wait where many have failed.

        Parameters
        ----------
        address : str
            Where the request came from; tries are counted by it and by name.
        code : str, optional
            The one-time code, where the account has one.

        Raises
        ------
        TooManyTriesError
            If no try is left; carries the seconds to wait.
        CodeNeededError
            If the password is right, and a code is needed and was not given.
        AuthError
            If anything is wrong, without saying what, with the number of tries left.
        """
        self._sweeping.sweep()
        account, tried = self._sign_in.check(name, password, address, code)
        token = self._sessions.open_page(account, address, agent)
        if token is None:
            raise AuthError(CHANGED)
        self._sign_in.welcome(account, password, address, tried)
        return token

    def open_session(
        self,
        name: str,
        password: str,
        address: str,
        *,
        code: str | None = None,
        agent: str = "",
    ) -> Grant:
        """Open a program's session and return its tokens; raises as `sign_in` does."""
        self._sweeping.sweep()
        account, tried = self._sign_in.check(name, password, address, code)
        grant = self._sessions.open_api(account, address, agent)
        if grant is None:
            raise AuthError(CHANGED)
        self._sign_in.welcome(account, password, address, tried)
        return grant

    def refresh(self, refresh_token: str, address: str, *, agent: str = "") -> Grant:
        """Return new tokens for a refresh token, which is then used up.

        Raises
        ------
        AuthError
            If it is unknown or over; or was used before, and then the session is ended.
        """
        self._sweeping.sweep()
        return self._sessions.refresh(refresh_token, address, agent)

    def verify(self, token: str) -> Claims:
        """Return what a cookie's token says, its name and role as they are now.

        Raises
        ------
        AuthError
            If it is no good or the session is over.
        """
        return self._verify(token, PAGE)

    def identify(
        self, *, bearer: str | None = None, api_key: str | None = None, cookie: str | None = None
    ) -> Identity:
        """Return who shows an access token, an API key or the page's cookie; one of them.

        Raises
        ------
        AuthError
            If it is no good any more, or none or several were shown.
        """
        if sum(shown is not None for shown in (bearer, api_key, cookie)) != 1:
            raise AuthError("Show an access token or an API key, and only one of them.")
        if api_key is not None:
            return self._api_keys.identify(api_key)
        if bearer is not None:
            return _identity(self._verify(bearer, API), Via.TOKEN)
        return _identity(self._verify(cookie or "", PAGE), Via.PAGE)

    def sign_out(self, token: str) -> str | None:
        """End the session of a cookie's token and return its id; None where it is not valid."""
        try:
            claims = self.verify(token)
        except AuthError:
            return None
        self._sessions.end(claims.account_id, claims.sid, Event.SIGN_OUT)
        return claims.sid

    # -- sessions ----------------------------------------------------------------------------
    def sessions(self, account_id: int) -> list[SessionInfo]:
        """Return an account's sessions that are alive, newest first."""
        return self._sessions.alive(account_id)

    def end_session(self, account_id: int, session_id: str) -> bool:
        """End a session of that account; say whether it was alive."""
        return self._sessions.end(account_id, session_id)

    def end_all_sessions(self, account_id: int, *, but: str | None = None) -> int:
        """End every session of an account but one; return how many."""
        return self._sessions.end_all(account_id, but)

    def listen(self, listener: Callable[[str], None]) -> int:
        """Have `listener` called with each credential that ends in this process.

        The credentials are those of `Identity.credential`. It is called too when an
        account's role changes: what is open was opened for the role before. It may be
        called on any thread. Returns what `leave` takes.
        """
        return self._credentials.listen(listener)

    def leave(self, number: int) -> None:
        """Call a listener no more."""
        self._credentials.leave(number)

    def is_over(self, credential: str) -> bool:
        """Ask the database whether a credential is over, as one ended elsewhere is."""
        return self._credentials.is_over(credential)

    # -- passwords and one-time codes ---------------------------------------------------------
    def change_own_password(
        self, account_id: int, old: str, new: str, *, keep: str | None = None
    ) -> None:
        """Set a new password and end the account's sessions, but not the one of id `keep`.

        Raises
        ------
        InputError
            If the new one cannot be accepted.
        TooManyTriesError, AuthError
            If no try is left; if the old one is wrong.
        """
        account = self._sign_in.recheck(account_id, old)
        check_password(new, account.name)
        self._set_password(account.id, new, keep, "by its person")

    def check_own_password(self, account_id: int, password: str) -> None:
        """Refuse one who is signed in and does not know the account's password.

        Raises
        ------
        TooManyTriesError, AuthError
            If no try is left; if it is wrong.
        """
        self._sign_in.recheck(account_id, password)

    def change_password(self, name: str, password: str) -> None:
        """Set a new password and end every session of the account.

        Raises
        ------
        InputError
            If there is no such account or the password cannot be accepted.
        """
        account = self._store.find_account(check_name(name))
        if account is None:
            raise InputError(f"There is no account {name!r}.")
        check_password(password, account.name)
        self._set_password(account.id, password, None, "at the terminal")

    def enrol_totp(self, account_id: int) -> TotpOffer:
        """Offer a secret for an authenticator app; `confirm_totp` turns it on.

        Raises
        ------
        InputError
            If codes are on already.
        """
        return self._factors.offer(self._sign_in.account(account_id))

    def confirm_totp(self, account_id: int, code: str) -> None:
        """Ask for codes at sign-in from now on, since the app shows the right ones.

        Raises
        ------
        TooManyTriesError, AuthError
            If no try is left; if the code is wrong.
        """
        self._sign_in.confirm(account_id, code)
        self._audit.note(Event.TOTP_ON, account_id)

    def remove_totp(self, account_id: int, password: str) -> None:
        """Ask for codes no more.

        Raises
        ------
        TooManyTriesError, AuthError
            If no try is left; if the password is wrong.
        """
        self._sign_in.recheck(account_id, password)
        self._remove_totp(account_id, "by its person")

    def remove_totp_of(self, name: str) -> bool:
        """Ask an account for codes no more, as where the app was lost; say whether it was."""
        account = self._store.find_account(check_name(name))
        if account is None:
            raise InputError(f"There is no account {name!r}.")
        return self._remove_totp(account.id, "at the terminal")

    # -- people and invitations ----------------------------------------------------------------
    def needs_owner(self) -> bool:
        """Say whether no account exists yet."""
        return self._store.count_accounts() == 0

    def first_start_link(self) -> str | None:
        """Return a new one-time token for the owner's account, or None once it exists.

        It replaces those of earlier starts: one link at a time is good.
        """
        return self._invitations.first_link()

    def invite(self, by: Identity | None, role: Role) -> str:
        """Return a one-time token for an account of that role, good for 72 hours.

        `by` is None at the terminal of this machine.

        Raises
        ------
        AuthError
            If `by` may not manage accounts.
        InputError
            If there is no account yet.
        """
        return self._invitations.invite(by, role)

    def is_invited(self, link_token: str) -> bool:
        """Say whether a link can still be accepted."""
        return self._invitations.is_good(link_token)

    def accept_invitation(
        self, link_token: str, name: str, password: str, address: str, agent: str = ""
    ) -> str:
        """Create the account of a one-time link, the owner's first one too, and sign it in.

        Returns
        -------
        str
            A cookie's token, as `sign_in` returns it.

        Raises
        ------
        InputError
            If name or password cannot be accepted, or the name is taken; the link stays good.
        AuthError
            If the link is unknown, spent, withdrawn, replaced or over.
        """
        self._sweeping.sweep()
        account = self._invitations.accept(link_token, name, password, address)
        token = self._sessions.open_page(account, address, agent)
        if token is None:
            raise AuthError(CHANGED)
        self._sign_in.note(account, address)
        return token

    def invitations(self) -> list[InvitationInfo]:
        """Return the links that can still be accepted, newest first."""
        return self._invitations.good()

    def withdraw_invitation(self, invitation_id: int) -> bool:
        """Let a link be accepted no more; say whether it could be."""
        return self._invitations.withdraw(invitation_id)

    def accounts(self) -> list[AccountInfo]:
        """Return every account, oldest first."""
        return self._people.all()

    def set_role(self, by: Identity | None, account_id: int, role: Role) -> None:
        """Give an account another role, which counts at once.

        Its page sessions end, because open pages were made for the role before. Programs
        go on with the new role.

        Raises
        ------
        AuthError
            If `by` may not manage accounts.
        InputError
            If there is no such account, or it is the last owner who can sign in.
        """
        self._people.set_role(by, account_id, role)

    def set_disabled(self, by: Identity | None, account_id: int, disabled: bool) -> None:
        """Shut an account out and end its sessions and keys, or let it in again with new ones.

        Raises
        ------
        AuthError
            If `by` may not manage accounts.
        InputError
            If there is no such account, or it is the last owner who can sign in.
        """
        self._people.set_disabled(by, account_id, disabled)

    # -- API keys -------------------------------------------------------------------------------
    def make_api_key(
        self, account_id: int, name: str, scopes: Iterable[Scope], expires_s: int | None = None
    ) -> NewApiKey:
        """Make a key, which is shown this once.

        Parameters
        ----------
        scopes : iterable of Scope
            Some of those of the account's role.
        expires_s : int, optional
            When it ends, in seconds since the epoch; without it, when it is revoked.

        Raises
        ------
        InputError
            If name, scopes or end cannot be accepted, or there are too many keys.
        """
        return self._api_keys.make(account_id, name, scopes, expires_s)

    def api_keys(self, account_id: int) -> list[ApiKeyInfo]:
        """Return an account's keys, newest first; over ones for 30 days more."""
        return self._api_keys.of_account(account_id)

    def revoke_api_key(self, account_id: int, key_id: str) -> bool:
        """Revoke a key of that account; say whether it was good."""
        return self._api_keys.revoke(account_id, key_id)

    # -- the log and the signing keys -------------------------------------------------------------
    def audit(self, before_id: int | None = None, limit: int = 100) -> list[AuditEvent]:
        """Return at most `limit` events, newest first, those before a number where given."""
        return self._audit.events(before_id, limit)

    def rotate_signing_key(self) -> str:
        """Sign with a new key from now on; return its id. Older tokens stay good."""
        kid = self._keyring.rotate()
        self._audit.note(Event.SIGNING_KEY_ROTATED, None, kid)
        return kid

    # ---------------------------------------------------------------------------------------------
    def _verify(self, token: str, audience: str) -> Claims:
        claims = self.tokens.verify(token, audience)
        standing = self._credentials.standing(of_session(claims.sid))
        if standing is None or standing.account_id != claims.account_id:
            raise AuthError("This sign-in was ended: sign in again.")
        return replace(claims, name=standing.name, role=standing.role.value)

    def _set_password(self, account_id: int, password: str, keep: str | None, who: str) -> None:
        new_hash = self._passwords.hash(password)
        ended = self._store.change_password(account_id, new_hash, self._clock.now_ns(), keep)
        self._credentials.end(ended.credentials)
        self._audit.note(Event.PASSWORD_CHANGED, account_id, who)

    def _remove_totp(self, account_id: int, who: str) -> bool:
        was_on = self._factors.remove(account_id)
        if was_on:
            self._audit.note(Event.TOTP_OFF, account_id, who)
        return was_on


def _identity(claims: Claims, via: Via) -> Identity:
    role = Role(claims.role)
    return Identity(
        account_id=claims.account_id,
        name=claims.name,
        role=role,
        scopes=SCOPES[role],
        via=via,
        credential=of_session(claims.sid),
        expires_s=claims.expires_s,
    )
