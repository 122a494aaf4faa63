"""Kite's sessions: where each API key's token stands. One owner; everyone else listens.

`dashboard.operations.kite_states` draws the states, `kite_key` applies them to one key. Here
is what takes time: Kite, the keeper and the listeners are asked and told outside the lock,
always, so that whoever is told may ask back, and no thread waits for itself.
"""

import threading
from collections.abc import Callable, Mapping
from math import inf

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import (
    AuthError,
    InputError,
    KiteError,
    KiteLimitError,
    KiteTokenError,
    StoreError,
)
from dashboard.core.kite import Grant, GrantKeeper, KiteApi, SessionState, SessionStatus, shown_key
from dashboard.operations.kite_key import Key, Work
from dashboard.operations.kite_sign_ins import SignIns
from dashboard.operations.kite_states import Event

log = structlog.get_logger(__name__)

KEEPER_S = 5.0  # how often another process's sign-in is looked for


class KiteSessions:
    """Implement `dashboard.operations.parts.Sessions`, and the sign-in of a person.

    Parameters
    ----------
    apis : mapping of str to KiteApi
        By API key, in the order of the settings.
    keeper : GrantKeeper
        Keeps tokens beyond the process. It may block for a moment.
    clock : Clock
        Says when tokens grow old, and paces what is asked of Kite.

    Raises
    ------
    StoreError
        If the keeper cannot be asked.
    """

    def __init__(self, apis: Mapping[str, KiteApi], keeper: GrantKeeper, clock: Clock) -> None:
        self._apis, self._keeper, self._clock = dict(apis), keeper, clock
        self._sign_ins = SignIns(clock)
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._keys = {name: Key(name, clock, since_ns=clock.now_ns()) for name in apis}
        self._next_looks = dict.fromkeys(apis, -inf)  # into the keeper; monotonic seconds
        for name, key in self._keys.items():
            key.found(keeper.load(name))

    # -- what everyone may ask -----------------------------------------------------------------

    def statuses(self) -> tuple[SessionStatus, ...]:
        """Return each key's state, in the order of the settings."""
        with self._lock:
            return tuple(key.status for key in self._keys.values())

    def grants(self) -> tuple[Grant, ...]:
        """Return the tokens that may be used now: those that are VALID."""
        with self._lock:
            valid = [key for key in self._keys.values() if key.state is SessionState.VALID]
            return tuple(key.grant for key in valid if key.grant is not None)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change of a state, in whatever thread made it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    # -- what others notice --------------------------------------------------------------------

    def confirmed(self, api_key: str) -> None:
        """Hear that ticks or a good answer came with a key's token."""
        if api_key not in self._keys:
            log.warning("Kite took the token of an unknown API key", key=shown_key(api_key))
            return
        with self._lock:
            changed = self._keys[api_key].confirmed()
        self._tell(changed)

    def refused(self, api_key: str, reason: str) -> None:
        """Hear that Kite refused a key's token: nothing is retried until a person signs in."""
        if api_key not in self._keys:
            log.warning("Kite refused the token of an unknown API key", key=shown_key(api_key))
            return
        with self._lock:
            changed = self._keys[api_key].refused(reason)
        self._tell(changed)

    def look(self) -> None:
        """Notice that tokens grew old, and try kept ones. Blocks while Kite answers."""
        for key in self._keys.values():
            self._look_for_others(key)
            with self._lock:
                changed = key.aged()
            self._tell(changed)
            self._try_if_due(key)

    # -- what a person does --------------------------------------------------------------------

    def begin_sign_in(self, api_key_or_shown: str, who: str) -> str:
        """Return the address at Kite where `who` signs in, good once for ten minutes.

        Parameters
        ----------
        api_key_or_shown : str
            The key, or what is shown of it; "" where there is only one.
        who : str
            The account; only the same may complete it.

        Raises
        ------
        InputError
            If no key, or more than one, is meant.
        """
        name = self._meant(api_key_or_shown)
        return self._apis[name].login_url(self._sign_ins.begin(name, who))

    def complete(self, request_token: str, state: str, who: str) -> SessionStatus:
        """Take what Kite sent back, and return the state it led to. Blocks.

        Raises
        ------
        AuthError
            If the state or the request token is not good (any more), or Kite refuses it.
        KiteError
            If Kite could not be asked; then what was before goes on.
        """
        name = self._sign_ins.take(state, who)
        self._sign_ins.spend(request_token)
        key, work = self._keys[name], Work()
        with self._lock:
            changed = key.signing_in(work)
        self._tell(changed)
        failed = "it was interrupted"
        try:
            grant = self._apis[name].exchange(request_token)
            return self._granted(key, work, grant)
        except KiteTokenError as error:  # of the request token: the access token is another
            failed = key.scrubbed(str(error), request_token)
            raise AuthError(failed) from None
        except KiteError as error:
            failed = key.scrubbed(str(error), request_token)
            raise
        finally:
            with self._lock:
                changed = key.not_granted(work, failed)  # nothing, where it was
            self._tell(changed)

    def sign_out(self, api_key_or_shown: str) -> SessionStatus:
        """Forget a key's token, here and in the keeper.

        Raises
        ------
        InputError
            If no key, or more than one, is meant.
        StoreError
            If the keeper could not forget it: it would be tried again after a restart.
        """
        key = self._keys[self._meant(api_key_or_shown)]
        with self._lock:
            changed = key.forgotten()
        self._tell(changed)
        self._keeper.forget(key.api_key)
        with self._lock:
            key.kept = None
            return key.status

    # -- inside --------------------------------------------------------------------------------

    def _granted(self, key: Key, work: Work, grant: Grant) -> SessionStatus:
        kept = self._keep(grant)
        try:
            with self._lock:
                changed = key.granted(work, grant, kept=kept)
                status = key.status
        except AuthError:
            self._keeper.forget(grant.api_key)
            raise
        self._tell(changed)
        return status

    def _keep(self, grant: Grant) -> bool:
        try:
            self._keeper.save(grant)
        except StoreError as error:
            log.error("A token of Kite's could not be kept", why=str(error))
            return False
        return True

    def _look_for_others(self, key: Key) -> None:
        """Take over what `tezi kite login` or `logout` did in another process."""
        with self._lock:
            now = self._clock.monotonic()
            if key.work is not None or now < self._next_looks[key.api_key]:
                return
            self._next_looks[key.api_key] = now + KEEPER_S
            before = key.kept, key.grant
        try:
            kept = self._keeper.load(key.api_key)
        except StoreError as error:
            log.warning("Kept tokens of Kite's cannot be looked at", why=str(error))
            return
        with self._lock:  # unless this process signed in or out while the keeper looked
            quiet = key.work is None and before == (key.kept, key.grant)
            changed = quiet and key.found(kept)
        self._tell(changed)

    def _try_if_due(self, key: Key) -> None:
        work = Work()
        with self._lock:
            grant = key.grant
            if grant is None or not key.trial_is_due():
                return
            changed = key.trying(work, grant)
        self._tell(changed)
        event, told, wait_s = Event.UNANSWERED, "the trial was interrupted", 0.0
        try:
            self._apis[key.api_key].check(grant.access_token)
            event = Event.TAKEN
        except KiteTokenError as error:
            event, told = Event.REFUSED, str(error)
        except KiteLimitError as error:
            told, wait_s = str(error), error.wait_s
        except KiteError as error:
            told = str(error)
        finally:
            with self._lock:
                changed = key.tried(work, event, told, wait_s)
            self._tell(changed)

    def _tell(self, changed: bool) -> None:
        if not changed:
            return
        for listener in self._listeners:
            try:
                listener()
            except Exception:  # the others must hear of it too, and no socket be dropped for it
                log.exception("A listener of Kite's sessions failed")

    def _meant(self, named: str) -> str:
        """Return the key that is called so: by itself, by what is shown of it, or as the only."""
        if named in self._keys:
            return named
        if not named and len(self._keys) == 1:
            return next(iter(self._keys))
        shown = f"…{named.removeprefix('…')}"
        found = [name for name in self._keys if shown_key(name) == shown]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                "Several API keys end so: name the whole with `tezi kite login --key`."
            )
        names = ", ".join(shown_key(name) for name in self._keys)
        raise InputError(f"Which API key is meant? There are: {names or 'none'}.")
