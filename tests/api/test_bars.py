"""Bars: the stored ones, page by page, and never one that ended after the desk's time."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from dashboard.api.documents.bars import flag_words
from dashboard.api.parts import ApiParts
from dashboard.core.market import BarFlag
from dashboard.pipeline.desk import Desk
from tests.pipeline.frames import DAY, seconds
from tests.pipeline.stored import MORNING

PATH = "/v1/bars"


def test_none_ended_after_the_desk_s_time(client: TestClient, morning: Desk):
    for name in ("NIFTY 50", "NIFTY26AUGFUT"):
        items = client.get(PATH, params={"instrument": name, "timeframe": "1m"}).json()["items"]
        assert items[0]["start"] == "2026-08-18T09:15:00+05:30"
        assert items[-1]["start"] == "2026-08-18T09:28:00+05:30" or (
            items[-1]["start"] == "2026-08-18T09:29:00+05:30"
        )


def test_an_option_s_bars_are_the_stored_ones(client: TestClient, morning: Desk, parts: ApiParts):
    assert morning.pipeline is not None
    option = next(one for one in morning.pipeline.universe.instruments if one.is_option)
    answer = client.get(PATH, params={"instrument": option.symbol, "timeframe": "1m"})
    items = answer.json()["items"]
    until = seconds("09:30:00")
    stored = parts.store.bars(DAY, MORNING, [option.token], "1m", until)[option.token]
    stored = stored[stored["start"] + 60 <= until]
    assert [each["close"] for each in items] == stored["close"].tolist()
    starts = [datetime.fromisoformat(each["start"]).timestamp() for each in items]
    assert starts == stored["start"].tolist()
    assert max(starts) + 60 <= until


def test_tokens_and_underlyings_name_the_same(client: TestClient, morning: Desk):
    by_name = client.get(PATH, params={"instrument": "NIFTY"}).json()
    assert by_name["instrument"] == "NIFTY 50"
    assert client.get(PATH, params={"instrument": "256265"}).json()["items"] == by_name["items"]


def test_pages_follow_each_other_without_a_gap(client: TestClient, morning: Desk):
    params = {"instrument": "NIFTY", "timeframe": "1m"}
    everything = client.get(PATH, params=params).json()["items"]
    found, url = [], None
    answer = client.get(PATH, params=params | {"limit": "4"})
    while True:
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            break
        url = answer.headers["link"].removeprefix("<").split(">")[0]
        answer = client.get(url)
    assert found == everything
    assert url is not None


def test_a_range_is_cut_at_both_ends(client: TestClient, morning: Desk):
    params = {
        "instrument": "NIFTY",
        "timeframe": "1m",
        "from": "2026-08-18T09:17:00+05:30",
        "to": "2026-08-18T09:20:00+05:30",
    }
    items = client.get(PATH, params=params).json()["items"]
    assert [each["start"][11:16] for each in items] == ["09:17", "09:18", "09:19"]


def test_the_day_s_own_daily_bar_comes_with_its_close(client: TestClient, morning: Desk):
    answer = client.get(PATH, params={"instrument": "NIFTY", "timeframe": "1d"})
    assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("params", "status", "where"),
    [
        ({}, 422, "instrument"),
        ({"instrument": ""}, 422, "instrument"),
        ({"instrument": "NIFTY26XYZFUT"}, 404, "instrument"),
        ({"instrument": "99999999999999999999"}, 404, "instrument"),
        ({"instrument": "NIFTY", "timeframe": "2m"}, 422, "timeframe"),
        ({"instrument": "NIFTY", "from": "yesterday"}, 422, "from"),
        ({"instrument": "NIFTY", "from": "2026-08-18T09:15:00"}, 422, "from"),
        ({"instrument": "NIFTY", "from": "2026-08-18", "to": "2026-08-17"}, 422, "from"),
        ({"instrument": "NIFTY", "timeframe": "1m", "from": "2025-08-18"}, 422, "from"),
        ({"instrument": "NIFTY", "from": "0001-01-01"}, 422, "from"),
        ({"instrument": "NIFTY", "to": "9999-12-31T23:59:59-11:00"}, 422, "to"),
        ({"instrument": "NIFTY", "limit": "1001"}, 422, "limit"),
        ({"instrument": "NIFTY", "limit": "0"}, 422, "limit"),
        ({"instrument": "NIFTY", "cursor": "garbage"}, 422, "cursor"),
        ({"instrument": "NIFTY", "desk": "nobody"}, 404, "desk"),
    ],
)
def test_bad_questions_are_refused(
    client: TestClient, morning: Desk, params: dict[str, str], status: int, where: str
):
    answer = client.get(PATH, params=params)
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_a_name_that_is_nearly_right_is_pointed_out(client: TestClient, morning: Desk):
    detail = client.get(PATH, params={"instrument": "NIFTY26AUGFUTT"}).json()["detail"]
    assert "did you mean NIFTY26AUGFUT" in detail


def test_flags_are_said_in_words():
    assert flag_words(0) == []
    assert flag_words(BarFlag.PARTIAL | BarFlag.BACKFILLED) == ["partial", "backfilled"]
