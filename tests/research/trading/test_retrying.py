"""When a call is tried again, over real connections to a server that answers by a script."""

import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import InputError
from dashboard.research.trading import errors
from dashboard.research.trading.line import Line
from dashboard.research.trading.retrying import Patience, retry_after_s
from dashboard.research.trading.sessions import KeySession
from dashboard.research.trading.wire import Answer, Pause, Send, Unreachable, get, post
from tests.research.trading.plain import Plain
from tests.research.trading.scripted import HANG_UP, Scripted, in_turn, problem

GOOD = (200, {}, {"items": [], "next": None})
Maker = Callable[..., Plain]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(by_key: Maker, status: int):
    busy = problem(status, "not now")
    with Scripted(in_turn(busy, busy, GOOD)) as server:
        assert by_key(server.url).days().empty
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RefusedError),
        (401, errors.SignInError),
        (403, errors.NotAllowedError),
        (404, errors.NotFoundError),
        (422, errors.RefusedError),
        (500, errors.ServerError),
        (302, errors.ServerError),
    ],
)
def test_a_refusal_is_told_at_once(by_key: Maker, status: int, kind: type[errors.TradingError]):
    refusal = problem(status, "for a reason", where="day")
    with Scripted(in_turn(refusal)) as server, pytest.raises(kind, match="for a reason") as told:
        by_key(server.url).days()
    assert type(told.value) is kind
    assert len(server.asked) == 1
    assert told.value.problem == refusal[2]
    assert str(told.value) == f"for a reason (GET {server.url}/v1/days)"


def test_patience_ends(by_key: Maker):
    busy = problem(503, "not now")
    with Scripted(in_turn(busy)) as server, pytest.raises(errors.NotReadyError, match="not now"):
        by_key(server.url).days()
    assert len(server.asked) == 3


def test_a_server_that_wants_long_peace_is_left_alone(by_key: Maker):
    busy = (429, {"Retry-After": "3600"}, {"detail": "in an hour"})
    told: Any
    with Scripted(in_turn(busy)) as server, pytest.raises(errors.TooManyRequestsError) as told:
        by_key(server.url).days()
    assert told.value.retry_after == 3600
    assert len(server.asked) == 1


def test_a_broken_answer_is_asked_for_again(by_key: Maker):
    with Scripted(in_turn(HANG_UP, GOOD)) as server:
        assert by_key(server.url).days().empty
    assert len(server.asked) == 2


def test_what_may_have_been_done_is_not_done_again(by_key: Maker):
    with Scripted(in_turn(HANG_UP)) as server, pytest.raises(errors.ConnectionFailedError):
        by_key(server.url).replay("2026-08-18")
    assert len(server.asked) == 1
    busy = problem(503, "not now")
    with Scripted(in_turn(busy)) as server, pytest.raises(errors.NotReadyError):
        by_key(server.url).replay("2026-08-18")
    assert len(server.asked) == 1


def test_nobody_is_there(by_key: Maker):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listened on
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(errors.ConnectionFailedError, match=rf"GET {url}/v1/days") as told:
            by_key(url).days()
    assert told.value.__cause__ is None
    assert told.value.__context__ is None or "tezi_key" not in repr(vars(told.value.__context__))


def test_an_answer_of_something_else_is_a_failure(by_key: Maker):
    with Scripted(lambda _asked: (200, {}, "hello")) as server:
        client = by_key(server.url)
        with pytest.raises(errors.ServerError, match=r"not understood .*/v1/days"):
            client.days()


def test_pages_are_put_together(by_key: Maker):
    day = {
        "source": "MOCK",
        "fidelity": ["full ticks"],
        "underlyings": ["NIFTY"],
        "instruments": 1,
        "ticks": 2,
        "stored_bytes": 3,
        "first": None,
        "last": None,
        "gaps": [],
        "notes": [],
    }
    first = (200, {}, {"items": [{**day, "day": "2026-08-19"}], "next": "abc"})
    last = (200, {}, {"items": [{**day, "day": "2026-08-18"}], "next": None})
    with Scripted(in_turn(first, last)) as server:
        found = by_key(server.url).days()
    assert [f"{each:%d}" for each in found.index] == ["19", "18"]
    assert found["first"].isna().all()
    assert [asked.path for asked in server.asked] == [
        "/v1/days?limit=1000",
        "/v1/days?limit=1000&cursor=abc",
    ]


def test_a_key_is_shown_in_its_header_alone(by_key: Maker):
    with Scripted(in_turn(GOOD)) as server:
        by_key(server.url).days()
    assert server.asked[0].headers["x-api-key"] == "tezi_key"
    assert "tezi_key" not in server.asked[0].path
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:5007", "ftp://x", "http://", "http://me:secret@x", "http://x/?key=1", "http://x:y"],
)
def test_an_address_that_cannot_be_used_is_refused(by_key: Maker, address: str):
    with pytest.raises(InputError) as told:
        by_key(address)
    assert "secret" not in str(told.value)


# -- without any connection ----------------------------------------------------------------
def line(**patience: Any) -> Line:
    clock = ManualClock(datetime(2026, 12, 1, 12, tzinfo=IST))
    return Line("http://desk.example", KeySession("k"), clock, Patience(**patience))


def test_waits_double_and_are_drawn_from_their_upper_half():
    patience = Patience(first_s=1, longest_s=8)
    for failures, most in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (5000, 8)):
        assert all(most / 2 <= patience.wait_s(failures) <= most for _ in range(50))
    assert len({patience.wait_s(3) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Tue, 01 Dec 2026 06:30:30 GMT", 30),
        ("Tue, 01 Dec 2026 06:00:00 GMT", 0),
        ("", None),
        ("-3", None),
        ("soon", None),
        ("Tue, 01 Dec 2026 06:30:30 -0000", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_a_server_says_how_long_in_seconds_or_by_a_date(text: str, seconds: float | None):
    clock = ManualClock(datetime(2026, 12, 1, 12, tzinfo=IST))
    assert retry_after_s({"retry-after": text}, clock) == seconds


def test_the_server_s_wish_is_waited_for_and_never_less_than_the_own_wait():
    steps = line(first_s=2).ask(get("/v1/days"))
    assert isinstance(next(steps), Send)
    pause = steps.send(Answer(503, {"retry-after": "7"}, b""))
    assert pause == Pause(7)
    steps.send(None)
    assert steps.send(Answer(503, {"retry-after": "0"}, b"")).seconds >= 2


def test_a_post_that_was_never_sent_is_tried_again():
    steps = line().ask(post("/v1/replay", {}))
    next(steps)
    assert isinstance(steps.throw(Unreachable("refused", sent=False)), Pause)
    assert isinstance(steps.send(None), Send)
    with pytest.raises(errors.ConnectionFailedError):
        steps.throw(Unreachable("broke off", sent=True))
