"""Kite's own REST client, and what goes wrong with it as Tezi's errors.

An error names what was asked and never what it was asked with: the texts of the other side
are shown only where they are Kite's own JSON, with every secret taken out.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
from kiteconnect import KiteConnect
from kiteconnect.exceptions import (
    DataException,
    InputException,
    KiteException,
    PermissionException,
    TokenException,
)

from dashboard.core.clock import SECOND_NS, Clock, to_ns
from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError

USUAL_WAIT_S = 5.0  # after too many requests, where Kite does not say
LONGEST_WAIT_S = 3600.0
LONGEST_TEXT = 200


class AnswerError(Exception):
    """Report an answer that is not Kite's JSON or CSV, by its HTTP status."""

    def __init__(self, status: int, retry_after: str = "") -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after = retry_after


class Client(KiteConnect):  # type: ignore[misc]
    """The client with raw instruments and candles, which Tezi reads much faster itself.

    It belongs to one call, for it holds a token; `connections` are shared by all.
    """

    def __init__(
        self,
        api_key: str,
        access_token: str | None,
        root: str,
        timeout_s: float,
        connections: requests.Session,
    ) -> None:
        super().__init__(api_key, access_token, root=root, timeout=timeout_s)
        self.reqsession = connections

    def _parse_instruments(self, data: Any) -> Any:
        return data

    def _format_historical(self, data: Any) -> Any:
        return data["candles"]


def open_connections() -> requests.Session:
    """Return a place for connections that are kept between calls. Close it."""
    session = requests.Session()
    session.hooks["response"].append(_judge)
    return session


def _judge(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    """Refuse an answer that the client would misread or lose the status of."""
    status = response.status_code
    is_json = "json" in response.headers.get("content-type", "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status >= HTTPStatus.BAD_REQUEST and not is_json):
        response.close()  # nobody else will: its connection would be lost
        raise AnswerError(status, response.headers.get("retry-after", ""))


@contextmanager
def asking(
    what: str, clock: Clock, secrets: Iterable[str], bar: Callable[[float], None]
) -> Iterator[None]:
    """Turn what a request for `what` may raise into a `KiteError`, without its history.

    Parameters
    ----------
    what : str
        Completes "Kite was asked for ...".
    clock : Clock
        Reads a Retry-After that names a date.
    secrets : iterable of str
        Never to be in a message.
    bar : callable
        Takes the seconds for which Kite wants no further request.
    """
    try:
        yield
    except AnswerError as error:
        told: KiteError = _of_status(error, what, clock)
        if isinstance(told, KiteLimitError):
            bar(told.wait_s)
        raise told from None
    except KiteException as error:
        raise _of_kite(error, what, secrets) from None
    except requests.RequestException as error:
        raise KiteError(f"{_of_transport(error)}: asked for {what}; try again") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise KiteError(f"Kite's answer cannot be read: asked for {what}; try again") from None


def _of_status(error: AnswerError, what: str, clock: Clock) -> KiteError:
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = _wait_s(error.retry_after, clock)
        return KiteLimitError(
            f"Kite counts too many requests: asked for {what}; wait {wait_s:.0f} s", wait_s
        )
    if error.status == HTTPStatus.FORBIDDEN:
        return KiteTokenError(f"Kite refused the access token (403) for {what}: sign in again")
    return KiteError(f"Kite is not well (HTTP {error.status}): asked for {what}; try again")


def _of_kite(error: KiteException, what: str, secrets: Iterable[str]) -> KiteError:
    if isinstance(error, DataException):  # its text is the whole answer
        return KiteError(f"Kite's answer cannot be read: asked for {what}; try again")
    text = str(error)
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    text = text[:LONGEST_TEXT].rstrip(". ")
    if isinstance(error, PermissionException):
        return KiteError(f"Kite does not permit {what} for this API key: {text}")
    if isinstance(error, TokenException) or error.code == HTTPStatus.FORBIDDEN:
        return KiteTokenError(f"Kite refused {what}: {text}. Sign in again")
    if isinstance(error, InputException):
        return KiteError(f"Kite does not understand the request for {what}: {text}")
    return KiteError(f"Kite failed (HTTP {error.code}): {text}; asked for {what}; try again")


def _of_transport(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "Kite's certificate was refused"
    if isinstance(error, requests.ReadTimeout):
        return "Kite did not answer in time"
    if isinstance(error, requests.ConnectionError):  # also a connection that takes too long
        return "Kite could not be reached"
    return "Kite's answer broke off or cannot be read"


def _wait_s(retry_after: str, clock: Clock) -> float:
    """Return the seconds that a Retry-After names, as a number or a date."""
    try:
        wait_s = float(retry_after)
    except ValueError:
        try:
            until = to_ns(parsedate_to_datetime(retry_after))
        except ValueError:
            return USUAL_WAIT_S
        wait_s = (until - clock.now_ns()) / SECOND_NS
    return min(wait_s, LONGEST_WAIT_S) if wait_s > 0 else USUAL_WAIT_S
