"""Kite's REST interface, with Kite's own client against scripted answers."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import date, datetime
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from dashboard.core.clock import IST, ManualClock, to_ns
from dashboard.core.errors import InputError, KiteError, KiteLimitError, KiteTokenError
from dashboard.core.kite import Endpoints, Grant
from dashboard.core.market import INDICES, VIX, BarFlag, Instrument, Kind
from dashboard.core.ports import BAR_DTYPE
from feeds.kite_rest import KiteRest
from tests.feeds.kite_answers import Answer, Answers, Asked, answering, error, html, json

NOON = datetime(2026, 8, 18, 12, tzinfo=IST)
SECRET, TOKEN, REQUEST = "the-api-secret", "the-access-token", "the-request-token"
FUTURE = Instrument(15_150_594, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 8, 25))
PUT = Instrument(
    214_748_421, "SENSEX2682081000PE", "BFO", "SENSEX", Kind.PUT, date(2026, 8, 20), 81000
)


@pytest.fixture
def answers() -> Iterator[Answers]:
    with answering() as found:
        yield found


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def rest(answers: Answers, clock: ManualClock) -> KiteRest:
    endpoints = Endpoints(rest=answers.url, login="https://kite.example/connect/login")
    return KiteRest("key-one", SECRET, clock, endpoints, timeout_s=0.5, sleep=clock.advance)


def on(day: int, hour: int = 9, minute: int = 15, month: int = 8) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=IST)


# -- sign-in --------------------------------------------------------------------------------


def test_a_person_is_sent_to_kite_with_a_state(rest: KiteRest):
    url = urlsplit(rest.login_url("a b&c=d"))
    values = parse_qs(url.query)
    assert (url.netloc, url.path) == ("kite.example", "/connect/login")
    assert (values["api_key"], values["v"]) == (["key-one"], ["3"])
    # Kite appends these to the address it redirects to
    assert parse_qs(values["redirect_params"][0]) == {"state": ["a b&c=d"]}


def test_a_request_token_is_exchanged_with_a_checksum(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json(
        {"access_token": TOKEN, "user_id": "AB1234", "login_time": "2026-08-18 08:50:00"}
    )
    assert rest.exchange(REQUEST) == Grant("key-one", TOKEN, "AB1234", to_ns(NOON))
    (asked,) = answers.asked
    checksum = hashlib.sha256(b"key-onethe-request-tokenthe-api-secret").hexdigest()
    assert (asked.method, asked.path) == ("POST", "/session/token")
    assert asked.values == {
        "api_key": ["key-one"],
        "request_token": [REQUEST],
        "checksum": [checksum],
    }


def test_a_used_request_token_is_refused(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: error(
        "TokenException", f"Token {REQUEST} is invalid or has expired.", 403
    )
    with pytest.raises(KiteTokenError, match=r"refused a sign-in: Token … is invalid"):
        rest.exchange(REQUEST)


def test_a_token_is_checked_by_its_user(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json({"user_id": "AB1234", "user_name": "A"})
    assert rest.check(TOKEN) == "AB1234"
    assert answers.asked[0].path == "/user/profile"
    assert answers.asked[0].authorization == "token key-one:the-access-token"


def test_each_call_uses_the_token_it_is_given(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json({"user_id": "AB1234"})
    rest.check("first")
    rest.check("second")
    assert [asked.authorization for asked in answers.asked] == [
        "token key-one:first",
        "token key-one:second",
    ]


# -- instruments and last prices ------------------------------------------------------------


def test_the_dump_comes_as_it_is(rest: KiteRest, answers: Answers):
    dump = b"instrument_token,exchange_token\n256265,1001\n"
    answers.answer = lambda asked: (200, {"Content-Type": "text/csv"}, dump)
    assert rest.instruments(TOKEN) == dump
    assert answers.asked[0].path == "/instruments"


def test_a_dump_that_is_no_csv_is_refused(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json([1, 2])
    with pytest.raises(KiteError, match="instruments are no CSV"):
        rest.instruments(TOKEN)


def test_last_prices_by_token(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json(
        {
            "NSE:NIFTY 50": {"instrument_token": 256265, "last_price": 24810.55},
            "NSE:NIFTY BANK": {"instrument_token": 260105, "last_price": 55010.0},
            "BSE:SENSEX": {"instrument_token": 265, "last_price": 81200.1},
            "NSE:INDIA VIX": {"instrument_token": 264969, "last_price": 13.2},
            "NFO:NIFTY26AUGFUT": {"instrument_token": 15_150_594, "last_price": 24850.0},
            "BFO:SENSEX2682081000PE": {"instrument_token": 214_748_421, "last_price": 0},
        }
    )
    prices = rest.last_prices(TOKEN, [*INDICES.values(), FUTURE, PUT])
    assert prices == {
        256265: 24810.55,
        260105: 55010.0,
        265: 81200.1,
        264969: 13.2,
        15_150_594: 24850.0,
    }
    assert answers.asked[0].path == "/quote/ltp"
    assert answers.asked[0].values["i"] == [
        "NSE:NIFTY 50",
        "NSE:NIFTY BANK",
        "BSE:SENSEX",
        "NSE:INDIA VIX",
        "NFO:NIFTY26AUGFUT",
        "BFO:SENSEX2682081000PE",
    ]


def test_what_kite_does_not_know_is_left_out(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json(
        {
            "NSE:NIFTY 50": {"instrument_token": 1, "last_price": 5.0},  # another's token
            "NSE:ELSE": {"instrument_token": 2, "last_price": 5.0},
        }
    )
    assert rest.last_prices(TOKEN, [INDICES["NIFTY"], INDICES[VIX]]) == {}


def test_many_last_prices_are_asked_in_parts_a_second_apart(
    rest: KiteRest, answers: Answers, clock: ManualClock
):
    answers.answer = lambda asked: json({})
    start = clock.monotonic()
    rest.last_prices(TOKEN, [Instrument(n, f"S{n}", "NFO", "X", Kind.CALL) for n in range(1201)])
    assert [len(asked.values["i"]) for asked in answers.asked] == [500, 500, 201]
    assert clock.monotonic() - start == pytest.approx(2)


def test_no_instruments_ask_for_nothing(rest: KiteRest, answers: Answers):
    assert rest.last_prices(TOKEN, []) == {}
    assert answers.asked == []


# -- candles --------------------------------------------------------------------------------

TWO_MINUTES = [
    ["2026-08-18T09:15:00+0530", 10, 12, 9, 11, 500, 7000],
    ["2026-08-18T09:16:00+0530", 11, 11, 10, 10, 0, 7001],
]


def test_candles_are_bars_of_a_range_without_its_end(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json({"candles": TWO_MINUTES})
    bars = rest.candles(TOKEN, FUTURE.token, "1m", on(18), on(18, minute=16))
    assert bars.dtype == BAR_DTYPE
    assert bars["start"].tolist() == [1_787_024_700]
    assert (bars["close"].tolist(), bars["volume"].tolist()) == ([11], [500])
    assert bars["oi"].tolist() == [7000]
    assert bars["flags"].tolist() == [BarFlag.BACKFILLED]
    (asked,) = answers.asked
    assert asked.path == "/instruments/historical/15150594/minute"
    assert asked.values["from"] == ["2026-08-18 09:15:00"]
    assert asked.values["to"] == ["2026-08-18 09:15:59"]
    assert asked.values["oi"] == ["1"]


def test_an_index_is_asked_for_no_open_interest(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json({"candles": [TWO_MINUTES[0][:6]]})
    bars = rest.candles(TOKEN, 256265, "1m", on(18), on(18, 10))
    assert np.isnan(bars["volume"]).all()
    assert np.isnan(bars["oi"]).all()
    assert answers.asked[0].values["oi"] == ["0"]


@pytest.mark.parametrize(
    ("timeframe", "interval"),
    [("1m", "minute"), ("5m", "5minute"), ("15m", "15minute"), ("30m", "30minute"), ("1d", "day")],
)
def test_each_timeframe_has_kite_s_name(
    rest: KiteRest, answers: Answers, timeframe: str, interval: str
):
    answers.answer = lambda asked: json({"candles": []})
    assert len(rest.candles(TOKEN, 256265, timeframe, on(18), on(19))) == 0
    assert answers.asked[0].path.endswith(f"/256265/{interval}")


def test_an_unknown_timeframe_is_told_what_there_is(rest: KiteRest):
    with pytest.raises(InputError, match="no candles of 2m: take 1m, 5m"):
        rest.candles(TOKEN, 256265, "2m", on(18), on(19))


def test_a_long_range_is_asked_in_parts_that_join(rest: KiteRest, answers: Answers):
    answers.answer = lambda asked: json({"candles": []})
    rest.candles(TOKEN, 256265, "1m", on(1, month=3), on(1, month=8))
    assert [asked.values["from"] + asked.values["to"] for asked in answers.asked] == [
        ["2026-03-01 09:15:00", "2026-04-30 09:14:59"],
        ["2026-04-30 09:15:00", "2026-06-29 09:14:59"],
        ["2026-06-29 09:15:00", "2026-08-01 09:14:59"],
    ]


# -- what goes wrong ------------------------------------------------------------------------


def ask(rest: KiteRest) -> None:
    rest.candles(TOKEN, 256265, "1m", on(18), on(18, 10))


def failing(rest: KiteRest, answers: Answers, answer: Answer) -> KiteError:
    answers.answer = lambda asked: answer
    with pytest.raises(KiteError) as caught:
        ask(rest)
    assert "candles of instrument 256265" in str(caught.value)
    for secret in (SECRET, TOKEN):
        assert secret not in str(caught.value)
    return caught.value


def test_a_dead_token_is_told_apart(rest: KiteRest, answers: Answers):
    answer = error("TokenException", f"Incorrect `api_key` or `access_token` {TOKEN}.", 403)
    assert isinstance(failing(rest, answers, answer), KiteTokenError)


def test_a_lack_of_permission_is_no_dead_token(rest: KiteRest, answers: Answers):
    answer = error("PermissionException", "Insufficient permission for that call.", 403)
    assert not isinstance(failing(rest, answers, answer), KiteTokenError)


def test_too_many_requests_bar_the_way_for_as_long_as_kite_says(
    rest: KiteRest, answers: Answers, clock: ManualClock
):
    answer = error("NetworkException", "Too many requests", 429, **{"Retry-After": "7"})
    limit = failing(rest, answers, answer)
    assert isinstance(limit, KiteLimitError)
    assert limit.wait_s == 7
    clock.advance(5)
    with pytest.raises(KiteLimitError) as caught:
        ask(rest)
    assert caught.value.wait_s == pytest.approx(2)
    assert len(answers.asked) == 1
    clock.advance(2)
    answers.answer = lambda asked: json({"candles": []})
    ask(rest)
    assert len(answers.asked) == 2


def test_a_429_in_html_is_one_too(rest: KiteRest, answers: Answers):
    limit = failing(rest, answers, html(429))
    assert isinstance(limit, KiteLimitError)
    assert limit.wait_s == 5


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (html(502), "Kite is not well (HTTP 502)"),
        (html(503), "Kite is not well (HTTP 503)"),
        (html(200), "Kite's answer cannot be read"),
        (error("NetworkException", "Gateway timed out", 504), "Kite failed (HTTP 504)"),
        ((200, {"Content-Type": "application/json"}, b'{"status"'), "Kite's answer cannot be read"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "Kite's answer cannot be read"),
        ((200, {"Content-Type": "application/json"}, b"{}"), "Kite's answer cannot be read"),
        ((200, {}, b"what?"), "Kite's answer cannot be read"),
        (json({"candles": None}), "candles of instrument 256265 are no list"),
        (json([]), "Kite's answer cannot be read"),
    ],
)
def test_an_unusable_answer_is_a_plain_sentence(
    rest: KiteRest, answers: Answers, answer: Answer, text: str
):
    assert text in str(failing(rest, answers, answer))


def test_kite_that_does_not_answer(rest: KiteRest, answers: Answers):
    over = threading.Event()

    def wait(asked: Asked) -> Answer:
        over.wait(30)
        return json({})

    answers.answer = wait
    try:
        with pytest.raises(KiteError, match="Kite did not answer in time: asked for candles"):
            ask(rest)
    finally:
        over.set()


def test_kite_that_is_not_there(clock: ManualClock):
    with answering() as gone:
        url = gone.url
    rest = KiteRest("key-one", SECRET, clock, Endpoints(rest=url), sleep=clock.advance)
    with pytest.raises(KiteError, match="Kite could not be reached: asked for candles"):
        ask(rest)


def test_no_answer_is_asked_for_twice(rest: KiteRest, answers: Answers):
    failing(rest, answers, html(502))
    assert len(answers.asked) == 1
