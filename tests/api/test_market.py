"""The calendar, the phase, and what is traded."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from dashboard.api.documents.market import next_open
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST
from dashboard.pipeline.desk import Desk


def test_status_is_of_the_desk_s_own_time(client: TestClient, morning: Desk):
    body = client.get("/v1/market/status").json()
    assert body["now"] == body["desk"]["at"] == "2026-08-18T09:30:00+05:30"
    assert body["is_open"] is True
    assert body["phase"] == "CONTINUOUS"
    assert body["next_open"] == "2026-08-19T09:15:00+05:30"


def test_the_next_open_may_be_today_s():
    early = datetime(2026, 8, 18, 8, 0, tzinfo=IST)
    opens = next_open(load_calendar(), early)
    assert opens == datetime(2026, 8, 18, 9, 15, tzinfo=IST)


def test_the_calendar_tells_weekends_holidays_and_hours(client: TestClient):
    params = {"from": "2026-08-14", "to": "2026-08-18"}
    items = client.get("/v1/market/calendar", params=params).json()["items"]
    by_day = {each["day"]: each for each in items}
    assert len(items) == 5
    assert by_day["2026-08-15"]["open"] is False
    assert by_day["2026-08-16"]["kind"] == "weekend"
    tuesday = by_day["2026-08-18"]
    assert tuesday["kind"] == "regular"
    assert tuesday["sessions"]["FNO"]["close"] == "2026-08-18T15:40:00+05:30"
    assert "NIFTY" in tuesday["expiries"]


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"to": "2026-08-18"}, "from"),
        ({"from": "1990-01-01", "to": "2026-08-18"}, "from"),
        ({"from": "2026-08-18", "to": "2999-01-01"}, "to"),
        ({"from": "2026-08-18", "to": "2026-08-17"}, "from"),
        ({"from": "2025-01-01", "to": "2026-08-17"}, "from"),
    ],
)
def test_bad_ranges_are_refused(client: TestClient, params: dict[str, str], where: str):
    answer = client.get("/v1/market/calendar", params=params)
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_instruments_are_filtered_and_paged(client: TestClient, morning: Desk):
    path = "/v1/market/instruments"
    everything = client.get(path).json()["items"]
    assert len(everything) == 14
    calls = client.get(path, params={"underlying": "nifty", "kind": "CE"}).json()["items"]
    assert {each["kind"] for each in calls} == {"CE"}
    assert client.get(path, params={"q": "vix"}).json()["items"][0]["symbol"] == "INDIA VIX"
    first = client.get(path, params={"limit": 9}).json()
    second = client.get(path, params={"limit": 9, "cursor": first["next"]}).json()
    assert first["items"] + second["items"] == everything
    assert second["next"] is None


def test_a_cursor_of_another_question_is_refused(client: TestClient, morning: Desk):
    path = "/v1/market/instruments"
    cursor = client.get(path, params={"limit": 2}).json()["next"]
    answer = client.get(path, params={"limit": 2, "kind": "CE", "cursor": cursor})
    assert (answer.status_code, answer.json()["where"]) == (422, "cursor")
