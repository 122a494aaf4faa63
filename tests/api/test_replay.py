"""Desks of one's own over HTTP: they obey, they are nobody else's, and few."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from dashboard.api.desks import MOST_EACH
from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from tests.pipeline.frames import DAY, instant


@pytest.fixture
def opened(client: TestClient) -> str:
    made = client.post("/v1/replay", json={"day": str(DAY), "source": "MOCK", "at": "09:20"})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/v1/replay/{made.json()['desk']['id']}"
    assert made.json()["desk"]["at"] == instant("09:20:00").isoformat()
    return str(made.json()["desk"]["id"])


def test_a_desk_is_sought_stepped_and_read(client: TestClient, opened: str):
    def control(**wanted: object) -> dict[str, object]:
        answer = client.post(f"/v1/replay/{opened}/control", json=wanted)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    sought = control(action="seek", at="09:25")
    assert sought["desk"]["at"] == instant("09:25:00").isoformat()
    assert sought["desk"]["status"] == "paused"
    stepped = control(action="step", timeframe="1m", count=-1)
    assert stepped["desk"]["at"] < sought["desk"]["at"]
    assert control(action="speed", speed=16)["speed"] == 16
    assert control(action="play")["desk"]["status"] == "playing"
    assert control(action="pause")["desk"]["status"] == "paused"
    quotes = client.get("/v1/market/quotes", params={"desk": opened, "symbols": "NIFTY 50"})
    assert quotes.json()["desk"]["id"] == opened
    assert quotes.json()["quotes"][0]["ltp"] is not None


def test_a_desk_is_nobody_elses(
    client_of: Callable[[Role | None], TestClient], client: TestClient, opened: str
):
    other = client_of(Role.RESEARCHER)
    for answer in (
        other.get(f"/v1/replay/{opened}"),
        other.post(f"/v1/replay/{opened}/control", json={"action": "pause"}),
        other.delete(f"/v1/replay/{opened}"),
        other.get("/v1/signals/current", params={"desk": opened, "underlying": "NIFTY"}),
    ):
        assert (answer.status_code, answer.json()["where"]) == (404, "desk")
    assert other.get("/v1/replay").json()["items"] == []
    mine = client.get("/v1/replay").json()["items"]
    assert [one["desk"]["id"] for one in mine] == [opened]


def test_a_viewer_opens_none(client_of: Callable[[Role | None], TestClient]):
    answer = client_of(Role.VIEWER).post("/v1/replay", json={"day": str(DAY)})
    assert answer.status_code == 403


def test_few_at_once_and_closed_ones_make_room(client: TestClient, parts: ApiParts):
    wanted = {"day": str(DAY), "source": "MOCK", "at": "09:20"}
    made = [client.post("/v1/replay", json=wanted).json()["desk"]["id"] for _ in range(MOST_EACH)]
    assert client.post("/v1/replay", json=wanted).status_code == 409
    assert client.delete(f"/v1/replay/{made[0]}").status_code == 204
    assert client.get(f"/v1/replay/{made[0]}").status_code == 404
    assert client.post("/v1/replay", json=wanted).status_code == 201


def test_asked_for_at_once_there_are_no_more_of_them(client: TestClient):
    wanted = {"day": str(DAY), "source": "MOCK", "at": "09:20"}
    with ThreadPoolExecutor(MOST_EACH + 2) as threads:
        answers = list(
            threads.map(lambda _n: client.post("/v1/replay", json=wanted), range(MOST_EACH + 2))
        )
    found = sorted(one.status_code for one in answers)
    assert found == [*[201] * MOST_EACH, 409, 409]
    assert len(client.get("/v1/replay").json()["items"]) == MOST_EACH


def test_a_machine_that_carries_no_more_asks_to_come_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.pipeline.desks.MOST_REPLAYS", 0)
    answer = client.post("/v1/replay", json={"day": str(DAY), "source": "MOCK", "at": "09:20"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("wanted", "status", "where"),
    [
        ({"day": "2020-01-01"}, 404, None),
        ({"day": str(DAY), "at": "25:00"}, 422, "at"),
        ({"day": str(DAY), "at": "03:00"}, 422, "at"),
        ({"day": str(DAY), "at": "2026-08-18T09:20:00"}, 422, "at"),
        ({"day": str(DAY), "source": "MOCK", "at": "13:00"}, 422, "at"),
        ({"day": str(DAY), "speed": 3}, 422, "speed"),
        ({"day": str(DAY), "more": 1}, 422, "more"),
    ],
)
def test_what_cannot_be_opened_is_a_problem(
    client: TestClient, wanted: dict[str, object], status: int, where: str | None
):
    answer = client.post("/v1/replay", json=wanted)
    assert (answer.status_code, answer.json().get("where")) == (status, where)


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"action": "seek"}, "at"),
        ({"action": "seek", "at": "18:00"}, "at"),
        ({"action": "speed"}, "speed"),
        ({"action": "speed", "speed": -1}, "speed"),
        ({"action": "jump"}, "action"),
        ({"action": "step", "count": 10_000}, "count"),
    ],
)
def test_what_cannot_be_done_is_a_problem(
    client: TestClient, opened: str, wanted: dict[str, object], where: str
):
    answer = client.post(f"/v1/replay/{opened}/control", json=wanted)
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_the_shared_desk_takes_no_orders(client: TestClient, morning: object):
    for answer in (
        client.post("/v1/replay/shared/control", json={"action": "pause"}),
        client.delete("/v1/replay/shared"),
    ):
        assert answer.status_code in (404, 409)
