"""One-time codes of authenticator apps, as a second factor.

A code is good in its half minute and in the one before and after, and once: after it no
code of the same or an earlier half minute counts. Source: RFC 6238 (§5.2 for both).
"""

import hmac
import re

import pyotp
import structlog

from dashboard.auth.keyring import Seal
from dashboard.auth.records import Account, Factor, TotpOffer
from dashboard.auth.stores import FactorStore
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import InputError

log = structlog.get_logger(__name__)

APP_NAME = "Tezi"
STEP_S = 30
WINDOW = (0, -1, 1)  # steps from now
CODE = re.compile(r"[0-9]{6}")


class SecondFactors:
    """Offer, confirm, ask for and remove second factors."""

    def __init__(self, store: FactorStore, clock: Clock, seal: Seal) -> None:
        self._store = store
        self._clock = clock
        self._seal = seal

    def is_on(self, account_id: int) -> bool:
        """Say whether an account signs in with a code."""
        factor = self._store.get(account_id)
        return factor is not None and factor.confirmed

    def offer(self, account: Account) -> TotpOffer:
        """Make a secret that takes effect when a code of it is confirmed."""
        secret = pyotp.random_base32()
        sealed = self._seal.close(secret, _what(account.id))
        if not self._store.offer(account.id, sealed):
            raise InputError("One-time codes are on already: turn them off first.")
        uri = pyotp.TOTP(secret, name=account.name, issuer=APP_NAME).provisioning_uri()
        return TotpOffer(secret, uri)

    def use(self, account_id: int, code: str, *, confirmed: bool = True) -> bool:
        """Use a code up; say whether it was good. With `confirmed` False: of what is offered."""
        factor = self._store.get(account_id)
        if factor is None or factor.confirmed is not confirmed:
            return False
        step = self._step_of(account_id, factor, code)
        return step is not None and self._store.use_step(account_id, step, confirmed=confirmed)

    def remove(self, account_id: int) -> bool:
        """Ask for no code any more; say whether one was asked for."""
        return self._store.remove(account_id)

    def _step_of(self, account_id: int, factor: Factor, code: str) -> int | None:
        typed = "".join(code.split())
        if not CODE.fullmatch(typed):
            return None
        secret = self._seal.open(factor.sealed, _what(account_id))
        if secret is None:
            log.error(
                "One-time codes of an account cannot be checked with this key file: run "
                "`tezi accounts remove-code`, and let them turn codes on again",
                account=account_id,
            )
            return None
        now = self._clock.now_ns() // SECOND_NS // STEP_S
        codes = {now + away: pyotp.TOTP(secret).generate_otp(now + away) for away in WINDOW}
        good = [step for step, right in codes.items() if hmac.compare_digest(right, typed)]
        return good[0] if good else None


def _what(account_id: int) -> str:
    return f"one-time codes of account {account_id}"
