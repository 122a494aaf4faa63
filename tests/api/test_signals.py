"""Sections over HTTP: what the snapshot holds, what the store keeps, nothing of the future."""

import pytest
from fastapi.testclient import TestClient

from dashboard.pipeline.desk import Desk
from dashboard.signals import load_signals
from tests.pipeline.frames import DAY, instant


def test_the_catalogue_lists_every_section(client: TestClient, morning: Desk):
    items = client.get("/v1/signals").json()["items"]
    assert [one["id"] for one in items] == list(load_signals())


def test_a_reading_is_that_of_the_snapshot(client: TestClient, morning: Desk):
    answer = client.get(
        "/v1/signals/ema/current", params={"underlying": "NIFTY", "timeframe": "5m"}
    )
    assert morning.hub.latest is not None
    told = morning.hub.latest.final["NIFTY", "ema", "5m"].as_dict()
    assert answer.json()["reading"] == told
    assert answer.json()["desk"]["at"] == instant("09:30:00").isoformat()


def test_all_sections_come_in_the_order_of_the_catalogue(client: TestClient, morning: Desk):
    found = client.get(
        "/v1/signals/current", params={"underlying": "NIFTY", "timeframe": "1m"}
    ).json()
    ids = [one["id"] for one in found["readings"]]
    assert ids == [name for name in load_signals() if name in ids]
    assert len(ids) > 10
    assert all(one["timeframe"] == "1m" for one in found["readings"])


def test_history_ends_with_the_desks_own_time(client: TestClient, morning: Desk):
    found = client.get(
        "/v1/signals/ema/history", params={"underlying": "NIFTY", "timeframe": "1m"}
    ).json()["items"]
    assert all(one["asof"] <= instant("09:30:00").isoformat() for one in found)
    assert [one["bar_ts"] for one in found] == sorted(one["bar_ts"] for one in found)


@pytest.mark.parametrize(
    ("path", "ask", "status", "where"),
    [
        ("none/current", {"underlying": "NIFTY"}, 404, "section"),
        ("orb/current", {"underlying": "NIFTY", "timeframe": "30m"}, 422, "timeframe"),
        ("ema/current", {"underlying": "GOLD"}, 422, "underlying"),
        ("ema/current", {}, 422, "underlying"),
        ("ema/history", {"underlying": "NIFTY", "day": "2026-12-24"}, 422, "day"),
        ("ema/history", {"underlying": "NIFTY", "day": "2020-01-01"}, 404, None),
        ("ema/history", {"underlying": "NIFTY", "from": "2026-08-19", "to": str(DAY)}, 422, "from"),
        ("ema/history", {"underlying": "NIFTY", "cursor": "x"}, 422, "cursor"),
    ],
)
def test_what_is_not_there_is_a_problem(
    client: TestClient,
    morning: Desk,
    path: str,
    ask: dict[str, str],
    status: int,
    where: str | None,
):
    answer = client.get(f"/v1/signals/{path}", params=ask)
    assert (answer.status_code, answer.json().get("where")) == (status, where)
