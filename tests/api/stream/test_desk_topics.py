"""/ws/desk: documents by topic, told when they changed, made only while somebody reads."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Interest
from tests.api.stream.conftest import Wire
from tests.api.stream.waiting import until
from tests.pipeline.desk_room import wait


@pytest.fixture(autouse=True)
def desk(morning: Desk) -> Desk:
    return morning


def test_indices_are_told_as_they_stand(dial: Callable[..., Wire], desk: Desk):
    wire = dial("/ws/desk")
    said = wire.ask(action="subscribe", topics=["indices", "machine", "stages"], id=3)
    assert said == {"type": "subscribed", "topics": ["indices", "machine", "stages"], "id": 3}
    told = {frame["topic"]: frame["data"] for frame in (wire.hear() for _ in range(3))}
    assert desk.hub.latest is not None
    assert told["indices"]["NIFTY"]["price"] == desk.hub.latest.indices["NIFTY"].price
    assert told["machine"]["desk"]["status"] == "paused"
    assert {stage["name"] for stage in told["stages"]} >= {"Decode", "Bars"}


def test_what_did_not_change_is_not_told_again(dial: Callable[..., Wire], desk: Desk):
    wire = dial("/ws/desk")
    wire.ask(action="subscribe", topics=["indices"])
    wire.hear()
    assert desk.hub.latest is not None
    seq = desk.hub.latest.seq
    desk.refresh()
    wait(desk, lambda s: s.seq > seq)
    assert wire.ask(action="ping")["type"] == "pong"
    at = desk.hub.latest.at + timedelta(minutes=1)
    desk.seek(at)
    while (
        wire.hear_of("desk")["data"]["NIFTY"]["price"]
        != wait(desk, lambda s: s.at == at).indices["NIFTY"].price
    ):
        pass


def test_signals_come_with_provisional_ones_while_somebody_reads(
    dial: Callable[..., Wire], desk: Desk
):
    wire = dial("/ws/desk")
    wire.ask(action="subscribe", topics=["signals:NIFTY:5m"])
    while not (data := wire.hear_of("desk")["data"])["provisional"]:
        pass
    assert "vwap" in data["final"]
    assert data["timeframe"] == "5m"
    assert Interest("NIFTY", "5m") in desk.hub.interests()
    wire.ask(action="unsubscribe", topics=["signals:NIFTY:5m"])
    assert not desk.hub.interests()


def test_a_chain_is_made_until_the_last_reader_is_gone(dial: Callable[..., Wire], desk: Desk):
    first, second = dial("/ws/desk"), dial("/ws/desk")
    for wire in (first, second):
        wire.ask(action="subscribe", topics=["chain:NIFTY"])
        chain = wire.hear_of("desk")["data"]
        assert chain["rows"]
    expiry = chain["expiry"]
    first.connection.close()
    again = second.ask(action="subscribe", topics=[f"chain:NIFTY:{expiry}"])
    assert again["topics"] == [f"chain:NIFTY:{expiry}"]
    assert second.hear_of("desk")["data"]["expiry"] == expiry
    second.connection.close()
    until(lambda: not desk.hub.interests())
    until(lambda: not desk.hub.is_listened_to)


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("weather", "Topics are chain"),
        ("chain", "one of NIFTY"),
        ("chain:NIFTY:2031-01-01", "Expiries of NIFTY"),
        ("signals:NIFTY:7m", "one of 1m"),
        (5, "a text"),
    ],
)
def test_unknown_topics_are_refused_with_what_is_known(
    dial: Callable[..., Wire], topic: object, says: str
):
    wire = dial("/ws/desk")
    error = wire.ask(action="subscribe", topics=[topic], id="t")
    assert (error["type"], error["where"], error["id"]) == ("error", "topics", "t")
    assert says in error["detail"]
    assert wire.ask(action="ping")["type"] == "pong"


def test_indicators_are_those_of_the_closed_bars(
    dial: Callable[..., Wire], client: TestClient, desk: Desk
):
    ask = {"ids": ["RSI_14", "EMA_20"], "instrument": "NIFTY", "timeframe": "1m"}
    topic = client.post("/v1/indicators/subscribe", json=ask).json()["topic"]
    wire = dial("/ws/desk")
    assert wire.ask(action="subscribe", topics=[topic])["type"] == "subscribed"
    told = wire.hear_of("desk")["data"]
    asked = client.get("/v1/indicators/current", params={**ask, "ids": "RSI_14,EMA_20"}).json()
    assert told == {key: asked[key] for key in ("instrument", "timeframe", "bar_ts", "values")}


@pytest.mark.parametrize(
    "topic", ["indicators:NIFTY:1m:NONE", "indicators:GOLD:1m:RSI", "indicators:NIFTY:1m:VWAP"]
)
def test_indicators_that_are_not_there_are_refused(dial: Callable[..., Wire], topic: str):
    assert dial("/ws/desk").ask(action="subscribe", topics=[topic])["code"] == "unknown_topic"


def test_a_topic_of_very_many_indicators_is_over_the_limit(dial: Callable[..., Wire]):
    topic = "indicators:NIFTY:1m:" + ",".join(f"RSI_{n}" for n in range(2, 23))
    assert dial("/ws/desk").ask(action="subscribe", topics=[topic])["code"] == "limit"
