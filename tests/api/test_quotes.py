"""Quotes by symbol, token and underlying, in the order asked for."""

import pytest
from fastapi.testclient import TestClient

from dashboard.pipeline.desk import Desk

PATH = "/v1/market/quotes"


def test_symbols_come_in_the_order_asked_for(client: TestClient, morning: Desk):
    body = client.get(PATH, params={"symbols": "NIFTY BANK,NIFTY 50"}).json()
    assert [each["symbol"] for each in body["quotes"]] == ["NIFTY BANK", "NIFTY 50"]
    assert body["desk"]["status"] == "paused"


def test_an_underlying_s_name_is_its_index(client: TestClient, morning: Desk):
    body = client.get(PATH, params={"symbols": "nifty"}).json()
    assert [each["token"] for each in body["quotes"]] == [256265]


def test_tokens_name_the_same_instruments(client: TestClient, morning: Desk):
    by_name = client.get(PATH, params={"symbols": "NIFTY 50,NIFTY BANK"}).json()["quotes"]
    by_token = client.get(PATH, params={"tokens": "256265,260105"}).json()["quotes"]
    assert by_token == by_name


def test_an_underlying_is_everything_on_it_of_a_kind(client: TestClient, morning: Desk):
    calls = client.get(PATH, params={"underlying": "NIFTY", "kind": "CE"}).json()["quotes"]
    assert calls
    assert all(each["symbol"].endswith("CE") for each in calls)
    everything = client.get(PATH, params={"underlying": "NIFTY"}).json()["quotes"]
    assert len(everything) == 12  # index, future, ten options


def test_numbers_are_the_desk_s_own(client: TestClient, morning: Desk):
    snapshot = morning.hub.latest
    assert snapshot is not None
    assert snapshot.quotes is not None
    (quote,) = client.get(PATH, params={"symbols": "NIFTY26AUGFUT"}).json()["quotes"]
    row = snapshot.quotes.rows[snapshot.quotes.universe.tokens.tolist().index(quote["token"])]
    told = [quote[name] for name in ("ltp", "volume", "oi", "bid", "ask", "high")]
    names = ("last_price", "volume", "oi", "bid", "ask", "day_high")
    assert told == [row[name] for name in names]
    assert quote["change"] == pytest.approx(row["last_price"] - row["previous_close"], abs=1e-4)
    assert quote["flag"] == "good"


def test_what_an_index_does_not_have_is_null(client: TestClient, morning: Desk):
    (quote,) = client.get(PATH, params={"symbols": "NIFTY 50"}).json()["quotes"]
    names = ("volume", "oi", "bid", "ask", "flag")
    assert {name: quote[name] for name in names} == dict.fromkeys(names)


@pytest.mark.parametrize(
    ("params", "status", "where"),
    [
        ({}, 422, "symbols"),
        ({"symbols": "NIFTY 50", "tokens": "256265"}, 422, "symbols"),
        ({"symbols": "NIFTY 50", "kind": "CE"}, 422, "kind"),
        ({"symbols": ",".join(f"S{n}" for n in range(501))}, 422, "symbols"),
        ({"symbols": "X" * 20_001}, 422, "symbols"),
        ({"tokens": "256265,x"}, 422, "tokens"),
        ({"tokens": "999999999999"}, 404, "tokens"),
        ({"symbols": "NIFTY26XYZFUT"}, 404, "symbols"),
        ({"symbols": ""}, 404, "symbols"),
        ({"underlying": "GOLD"}, 404, "underlying"),
        ({"underlying": "NIFTY", "kind": "XX"}, 422, "kind"),
    ],
)
def test_bad_questions_are_refused(
    client: TestClient, morning: Desk, params: dict[str, str], status: int, where: str
):
    answer = client.get(PATH, params=params)
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_a_name_that_is_nearly_right_is_pointed_out(client: TestClient, morning: Desk):
    detail = client.get(PATH, params={"symbols": "NIFTY26AUGFUTT"}).json()["detail"]
    assert "NIFTY26AUGFUT" in detail.split("did you mean")[1]
