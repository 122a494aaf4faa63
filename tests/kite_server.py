"""The exchange as a sign-in meets it, for pages and commands in other processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.exchange.faults import Faults
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange

SHOWN = "…y001"  # of KEY
USER = "AB1234"


@dataclass
class Kite:
    """A running exchange, and what a test of sign-ins asks of it."""

    exchange: Exchange

    @property
    def base(self) -> str:
        return self.exchange.endpoints.rest

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which Tezi finds it."""
        endpoints = self.exchange.endpoints
        return {
            "TEZI_KITE_API_KEY": KEY,
            "TEZI_KITE_API_SECRET": SECRET,
            "TEZI_KITE_REST": endpoints.rest,
            "TEZI_KITE_LOGIN": endpoints.login,
            "TEZI_KITE_SOCKET": endpoints.socket,
        }

    @property
    def access(self) -> str:
        """Return the access token that was given out last."""
        return list(self.exchange.accounts.apps[KEY].access)[-1]

    @property
    def logins(self) -> int:
        """Return how many request tokens were exchanged."""
        return self.exchange.accounts.logins

    def lead_to(self, address: str) -> None:
        """Register the redirect URL of the app."""
        self.exchange.accounts.apps[KEY].redirect = address

    def issue(self) -> str:
        """Return a request token that is good once."""
        return self.exchange.accounts.request_token(KEY)

    def behave(self) -> None:
        """Take back what a test asked for."""
        self.exchange.denies, self.exchange.faults = False, Faults()

    def fall_ill(self) -> None:
        """Answer everything with a gateway's page."""
        self.exchange.faults.status, self.exchange.faults.html = 502, True


@contextmanager
def kite_server() -> Iterator[Kite]:
    """Run the exchange on a free port of loopback until the block ends."""
    with Exchange(Market(())) as exchange:
        yield Kite(exchange)
