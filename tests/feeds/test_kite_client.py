"""What goes wrong with Kite's REST client, as Tezi's errors."""

from datetime import datetime

import pytest
import requests
from kiteconnect import exceptions as kite

from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError
from feeds.kite_client import AnswerError, asking

SECRET = "hush-hush"
NOON = ManualClock(datetime(2026, 8, 18, 12, tzinfo=IST))


def heard(error: Exception) -> tuple[type, str]:
    with (
        pytest.raises(KiteError) as caught,
        asking("candles of instrument 265", NOON, [SECRET, ""], lambda wait_s: None),
    ):
        raise error
    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            kite.TokenException(f"Incorrect access_token {SECRET}."),
            KiteTokenError,
            "Kite refused candles of instrument 265: Incorrect access_token …. Sign in again",
        ),
        (
            kite.GeneralException("No.", code=403),
            KiteTokenError,
            "Kite refused candles of instrument 265: No. Sign in again",
        ),
        (
            AnswerError(403),
            KiteTokenError,
            "Kite refused the access token (403) for candles of instrument 265: sign in again",
        ),
        (
            kite.PermissionException("Insufficient permission for that call."),
            KiteError,
            "Kite does not permit candles of instrument 265 for this API key: "
            "Insufficient permission for that call",
        ),
        (
            kite.InputException("invalid from date", code=400),
            KiteError,
            "Kite does not understand the request for candles of instrument 265: invalid from date",
        ),
        (
            kite.NetworkException("Gateway timed out", code=504),
            KiteError,
            "Kite failed (HTTP 504): Gateway timed out; asked for candles of instrument 265; "
            "try again",
        ),
        (
            AnswerError(502),
            KiteError,
            "Kite is not well (HTTP 502): asked for candles of instrument 265; try again",
        ),
        (
            kite.DataException(f"Couldn't parse the JSON response: {SECRET}"),
            KiteError,
            "Kite's answer cannot be read: asked for candles of instrument 265; try again",
        ),
        (
            KeyError("content-type"),
            KiteError,
            "Kite's answer cannot be read: asked for candles of instrument 265; try again",
        ),
        (
            requests.ReadTimeout(SECRET),
            KiteError,
            "Kite did not answer in time: asked for candles of instrument 265; try again",
        ),
        (
            requests.ConnectionError(SECRET),
            KiteError,
            "Kite could not be reached: asked for candles of instrument 265; try again",
        ),
        (
            requests.exceptions.SSLError(SECRET),
            KiteError,
            "Kite's certificate was refused: asked for candles of instrument 265; try again",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_failure_has_its_sentence(error: Exception, kind: type, text: str):
    assert heard(error) == (kind, text)


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("Tue, 18 Aug 2026 06:30:30 GMT", 30),  # noon in India is 06:30 in Greenwich
        ("Tue, 18 Aug 2026 06:00:00 GMT", 5),  # over already
        ("", 5),
        ("soon", 5),
        ("-3", 5),
        ("nan", 5),
        ("1e9", 3600),
    ],
)
def test_too_many_requests_say_how_long_to_wait(retry_after: str, wait_s: float):
    barred: list[float] = []
    with (
        pytest.raises(KiteLimitError) as caught,
        asking("last prices", NOON, [], barred.append),
    ):
        raise AnswerError(429, retry_after)
    assert caught.value.wait_s == wait_s
    assert barred == [wait_s]
