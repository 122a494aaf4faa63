"""Stored days, one by one and page by page."""

import pytest
from fastapi.testclient import TestClient

from dashboard.api.parts import ApiParts
from dashboard.core.market import Source
from tests.pipeline.frames import DAY


def test_a_recorded_day_comes_before_a_generated_one(client: TestClient):
    items = client.get("/v1/days").json()["items"]
    assert [each["source"] for each in items] == ["RECORDED", "MOCK"]
    assert items[0]["day"] == "2026-08-18"


def test_pages_follow_each_other(client: TestClient):
    first = client.get("/v1/days", params={"limit": 1})
    assert first.headers["link"].endswith('rel="next"')
    second = client.get("/v1/days", params={"limit": 1, "cursor": first.json()["next"]}).json()
    assert (second["items"][0]["source"], second["next"]) == ("MOCK", None)


def test_one_day_says_what_the_store_says(client: TestClient, parts: ApiParts):
    body = client.get("/v1/days/2026-08-18", params={"source": "MOCK"}).json()
    stored = parts.store.day(DAY, Source.MOCK)
    assert body["ticks"] == stored.ticks
    assert body["instruments"] == stored.instruments
    assert body["fidelity"] == list(stored.fidelity)
    assert client.get("/v1/days/2026-08-18").json()["source"] == "RECORDED"


def test_what_is_known_is_not_sent_again(client: TestClient):
    tag = client.get("/v1/days").headers["etag"]
    assert client.get("/v1/days", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/days/2026-08-17", 404),
        ("/v1/days/yesterday", 422),
        ("/v1/days/2026-08-18?source=KITE", 422),
        ("/v1/days?cursor=garbage", 422),
        ("/v1/days?limit=5000", 422),
    ],
)
def test_bad_questions_are_refused(client: TestClient, path: str, status: int):
    assert client.get(path).status_code == status
