"""Indicators over HTTP: one value wherever it is asked for, and never a later one."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from dashboard.indicators import KNOWN, parse
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.series import bars_frame
from tests.pipeline.desk_room import wait
from tests.pipeline.frames import instant

ASK = {"instrument": "NIFTY", "timeframe": "1m"}


def test_the_catalogue_lists_every_one(client: TestClient, morning: Desk):
    items = client.get("/v1/indicators").json()["items"]
    assert [one["name"] for one in items] == list(KNOWN)
    assert all(parse(one["example"]).indicator.name == one["name"] for one in items)


def test_the_last_value_is_that_of_the_desks_own_bars(client: TestClient, morning: Desk):
    found = client.get("/v1/indicators/current", params={"ids": "RSI_14,EMA_20", **ASK}).json()
    assert morning.pipeline is not None
    token = 256265
    bars = bars_frame(morning.pipeline.series.get(token, "1m").bars)
    assert found["bar_ts"] == bars.index[-1].isoformat()
    assert found["values"]["RSI_14"]["value"] == parse("RSI_14").calculate(bars)["value"].iloc[-1]
    assert found["values"]["EMA_20"]["value"] == parse("EMA_20").calculate(bars)["value"].iloc[-1]
    assert found["instrument"] == "NIFTY 50"
    assert found["desk"]["source"] == "MOCK"


def test_current_history_and_offset_tell_the_same(client: TestClient, morning: Desk):
    history = client.get("/v1/indicators/history", params={"id": "EMA_20", **ASK}).json()["items"]
    assert len(history) > 5
    for offset in (0, 1, 3):
        found = client.get(
            "/v1/indicators/at-offset", params={"ids": "EMA_20", "offset": offset, **ASK}
        ).json()
        item = history[-1 - offset]
        assert (found["bar_ts"], found["values"]["EMA_20"]) == (item["bar_ts"], item["values"])


@pytest.mark.parametrize("timeframe", ["1m", "5m"])
def test_what_needs_volume_is_that_of_the_section_on_the_front_future(
    client: TestClient, morning: Desk, timeframe: str
):
    ask = {"instrument": "NIFTY", "timeframe": timeframe}
    found = client.get("/v1/indicators/current", params={"ids": "VWAP,OBV,MFI_14", **ask}).json()
    assert morning.hub.latest is not None
    reading = morning.hub.latest.final["NIFTY", "vwap", timeframe]
    assert found["bar_ts"] == reading.bar_ts.isoformat()
    assert found["contract"] == reading.instrument
    assert found["values"]["VWAP"]["value"] == reading.values["vwap"]
    assert None not in found["values"]["OBV"].values()
    future = {**ask, "instrument": found["contract"]}
    own = client.get("/v1/indicators/current", params={"ids": "VWAP,OBV,MFI_14", **future}).json()
    assert (own["values"], own["contract"]) == (found["values"], None)
    history = client.get("/v1/indicators/history", params={"id": "VWAP", **ask}).json()["items"]
    assert history[-1]["values"] == found["values"]["VWAP"]


@pytest.mark.parametrize(("timeframe", "instrument"), [("1m", "NIFTY"), ("5m", "NIFTY BANK")])
def test_the_bar_in_progress_is_told_where_it_is_asked_for(
    client: TestClient, morning: Desk, timeframe: str, instrument: str
):
    morning.seek(instant("09:27:30"))
    wait(morning, lambda s: s.at == instant("09:27:30"))
    ask = {"ids": "RSI_14,DONCHIAN_20", "instrument": instrument, "timeframe": timeframe}
    closed = client.get("/v1/indicators/current", params=ask).json()
    forming = client.get("/v1/indicators/current", params={**ask, "forming": True}).json()
    assert (closed["final"], forming["final"]) == (True, False)
    assert forming["bar_ts"] > closed["bar_ts"]
    assert forming["desk"]["at"] == instant("09:27:30").isoformat()
    pipeline, token = morning.pipeline, {"NIFTY": 256265, "NIFTY BANK": 260105}[instrument]
    assert pipeline is not None
    (index,) = (one for one in pipeline.universe.instruments if one.token == token)
    source = pipeline.sections.source
    inputs = source.inputs(index.underlying, timeframe, frozenset({"index"}), forming=True)
    assert inputs.index is not None
    rsi = parse("RSI_14").arrays(inputs.index)["value"]
    assert forming["values"]["RSI_14"]["value"] == rsi[-1]


def test_an_options_bar_in_progress_follows_its_stored_minutes(client: TestClient, morning: Desk):
    morning.seek(instant("09:28:30"))
    snapshot = wait(morning, lambda s: s.at == instant("09:28:30"))
    assert snapshot.quotes is not None
    option = next(one for one in snapshot.quotes.universe.instruments if one.is_option)
    ask = {"instrument": option.symbol, "timeframe": "1m"}
    found = client.get(
        "/v1/indicators/current", params={"ids": "SMA_2", "forming": True, **ask}
    ).json()
    assert found["bar_ts"] == instant("09:28:00").isoformat()
    assert found["final"] is False
    quote = client.get("/v1/market/quotes", params={"symbols": option.symbol}).json()["quotes"][0]
    before = client.get("/v1/bars", params=ask).json()["items"][-1]
    average = (before["close"] + quote["ltp"]) / 2
    assert found["values"]["SMA_2"]["value"] == pytest.approx(average, abs=1e-9)


def test_an_options_longer_bars_are_made_of_its_minutes(client: TestClient, morning: Desk):
    assert morning.hub.latest is not None
    assert morning.hub.latest.quotes is not None
    universe = morning.hub.latest.quotes.universe
    option = next(one for one in universe.instruments if one.is_option)
    minutes = client.get(
        "/v1/bars", params={"instrument": option.symbol, "timeframe": "1m"}
    ).json()["items"]
    ask = {"instrument": option.symbol, "timeframe": "5m"}
    history = client.get("/v1/indicators/history", params={"id": "DONCHIAN_2", **ask}).json()
    begun, second, third = (instant(f"{at}:00").isoformat() for at in ("09:15", "09:20", "09:25"))
    assert [one["bar_ts"] for one in history["items"]] == [begun, second]  # 09:29 is not closed
    last = history["items"][-1]["values"]
    two = [one for one in minutes if begun <= one["start"] < third]
    assert last["upper"] == max(one["high"] for one in two)
    assert last["lower"] == min(one["low"] for one in two)
    back = {"ids": "DONCHIAN_2", "offset": 0, **ask}
    found = client.get("/v1/indicators/at-offset", params=back).json()
    assert found["values"]["DONCHIAN_2"] == last


def test_nothing_of_what_comes_is_told(client: TestClient, morning: Desk):
    history = client.get(
        "/v1/indicators/history", params={"id": "EMA_20", "to": "2030-01-01", **ASK}
    )
    assert history.status_code == 422  # a range too long
    items = client.get(
        "/v1/indicators/history", params={"id": "EMA_20", "to": "2026-08-20", **ASK}
    ).json()["items"]
    assert items[-1]["bar_ts"] < instant("09:30:00").isoformat()


def test_pages_join_without_a_hole(client: TestClient, morning: Desk):
    ask = {"id": "RSI_14", **ASK}
    whole = client.get("/v1/indicators/history", params=ask).json()["items"]
    first = client.get("/v1/indicators/history", params={**ask, "limit": 4}).json()
    rest = client.get(
        "/v1/indicators/history", params={**ask, "limit": 1000, "cursor": first["next"]}
    ).json()
    assert [*first["items"], *rest["items"]] == whole


def test_an_offset_before_the_data_says_how_many_bars_there_are(
    client: TestClient, parts: ApiParts
):
    answer = client.get("/v1/indicators/at-offset", params={"ids": "RSI", "offset": 900, **ASK})
    assert (answer.status_code, answer.json()["where"]) == (422, "offset")
    assert "closed bars: offset 900 is before them" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("ask", "status", "where"),
    [
        ({"ids": "RSJ_14", "instrument": "NIFTY"}, 422, "ids"),
        ({"ids": ",".join(["RSI"] * 21), "instrument": "NIFTY"}, 422, "ids"),
        ({"ids": "RSI", "instrument": "NIFTX"}, 404, "instrument"),
        ({"ids": "RSI", "instrument": "NIFTY", "timeframe": "2m"}, 422, "timeframe"),
        ({"ids": "VWAP", "instrument": "INDIA VIX"}, 422, "ids"),
        ({"ids": "RSI", "instrument": "NIFTY", "forming": "perhaps"}, 422, "forming"),
        ({"ids": "RSI", "instrument": "NIFTY", "desk": "none"}, 404, "desk"),
    ],
)
def test_what_is_not_there_is_a_problem(
    client: TestClient, morning: Desk, ask: dict[str, str], status: int, where: str | None
):
    answer = client.get("/v1/indicators/current", params=ask)
    assert (answer.status_code, answer.json().get("where")) == (status, where)


def test_a_batch_answers_each_in_its_place(client: TestClient, morning: Desk):
    body = {
        "requests": [
            {"ids": ["RSI_14"], **ASK},
            {"ids": ["NONE"], **ASK},
            {"ids": ["EMA_20"], **ASK, "offset": 2},
        ]
    }
    items = client.post("/v1/indicators/batch", json=body).json()["items"]
    single = client.get("/v1/indicators/current", params={"ids": "RSI_14", **ASK}).json()
    assert items[0]["values"] == single["values"]
    assert items[1]["problem"]["status"] == 422
    assert items[1]["problem"]["where"] == "ids"
    assert items[2]["offset"] == 2


def test_subscriptions_belong_to_who_made_them(
    client_of: Callable[[Role | None], TestClient], morning: Desk, parts: ApiParts
):
    owner, viewer = client_of(Role.OWNER), client_of(Role.VIEWER)
    made = owner.post("/v1/indicators/subscribe", json={"ids": ["rsi"], **ASK})
    assert made.status_code == 201
    again = owner.post("/v1/indicators/subscribe", json={"ids": ["RSI_14"], **ASK})
    assert again.json() == made.json()
    assert made.json()["topic"] == "indicators:NIFTY:1m:RSI_14"
    assert viewer.get("/v1/indicators/subscriptions").json()["items"] == []
    key = owner.post("/v1/auth/keys", json={"name": "notebook", "scopes": ["read"]}).json()["key"]
    shown = {"X-API-Key": key}
    program = client_of(None)
    assert program.get("/v1/indicators/subscriptions", headers=shown).json()["items"] == []
    ended = {"subscription": made.json()["subscription"]}
    assert viewer.post("/v1/indicators/unsubscribe", json=ended).status_code == 404
    assert owner.post("/v1/indicators/unsubscribe", json=ended).status_code == 204
    assert owner.get("/v1/indicators/subscriptions").json()["items"] == []


def test_an_option_cannot_be_subscribed_to(client: TestClient, morning: Desk):
    assert morning.hub.latest is not None
    assert morning.hub.latest.quotes is not None
    universe = morning.hub.latest.quotes.universe
    option = next(one for one in universe.instruments if one.is_option)
    wanted = {"ids": ["RSI_14"], "instrument": option.symbol, "timeframe": "1m"}
    answer = client.post("/v1/indicators/subscribe", json=wanted)
    assert (answer.status_code, answer.json()["where"]) == (422, "instrument")
