"""What can go wrong between a program and the API.

::

    TradingError
    ├── SignInError              nobody is signed in, or not any more
    │   └── CodeNeededError      the password was right; a one-time code must come with it
    ├── NotAllowedError          the account or key may not do this
    ├── NotFoundError            there is no such instrument, day, desk or address
    ├── RefusedError             the request cannot be used; `where` names the parameter
    ├── TooManyRequestsError     `retry_after` seconds must pass first
    ├── NotReadyError            not yet: a day is being opened, or something is down
    ├── ServerError              Tezi failed; its log says why
    └── ConnectionFailedError    nobody answered, or the answer broke off

Each is told in the server's own words with the address that was asked, without its query.
"""

from collections.abc import Mapping
from typing import Any

from dashboard.core.errors import TeziError


class TradingError(TeziError):
    """Report a call that failed; `problem` is the server's document (RFC 9457), if one came."""

    def __init__(self, message: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem


class SignInError(TradingError):
    """Report that nobody is signed in, or not any more."""


class CodeNeededError(SignInError):
    """Report a right password of an account that wants a one-time code too."""


class NotAllowedError(TradingError):
    """Report that an account or key may not do this."""


class NotFoundError(TradingError):
    """Report that something is not there."""


class RefusedError(TradingError):
    """Report a request that cannot be used."""

    @property
    def where(self) -> str | None:
        """Return the parameter or field that is wrong, None where it is not said."""
        return (self.problem or {}).get("where")


class TooManyRequestsError(TradingError):
    """Report that no request is answered for a while."""

    def __init__(
        self,
        message: str,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, problem)
        self.retry_after = retry_after


class NotReadyError(TradingError):
    """Report that something cannot be answered yet."""


class ServerError(TradingError):
    """Report that Tezi failed, or answered what is not understood."""


class ConnectionFailedError(TradingError):
    """Report that nobody answered, or that an answer broke off."""
