"""The monitor's snapshot: an underlying and its options together, once for all who ask."""

import gzip
from collections.abc import Callable
from datetime import datetime

import pytest
import zstandard
from fastapi.testclient import TestClient

from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from dashboard.core.clock import IST
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.snapshot import Snapshot
from tests.pipeline.desk_room import wait

PATH = "/v1/monitor/snapshot"


def standing(desk: Desk) -> Snapshot:
    snapshot = desk.hub.latest
    assert snapshot is not None
    assert snapshot.quotes is not None
    return snapshot


def test_numbers_are_the_snapshots(client: TestClient, morning: Desk):
    answer = client.get(PATH, params={"underlying": "NIFTY"})
    assert answer.status_code == 200, answer.text
    body, snapshot = answer.json(), standing(morning)
    quotes = snapshot.quotes
    assert quotes is not None
    assert body["desk"]["id"] == "shared"
    assert body["desk"]["source"] == "MOCK"
    assert body["desk"]["at"] == "2026-08-18T09:30:00+05:30"
    assert len(body["options"]) == 10
    assert body["underlying"]["ltp"] == snapshot.indices["NIFTY"].price
    assert body["underlying"]["source"] == "tick"
    assert body["future"]["symbol"] == "NIFTY26AUGFUT"
    for each in [*body["options"], body["future"], body["underlying"]]:
        row = quotes.rows[quotes.universe.tokens.tolist().index(each["token"])]
        assert each["ltp"] == row["last_price"]
        assert datetime.fromisoformat(each["time"]).timestamp() == row["newest"]
        assert each["age_s"] == pytest.approx(
            snapshot.at.timestamp() - row["received_ns"] / 1e9, abs=0.001
        )


def test_options_go_by_expiry_strike_and_kind(client: TestClient, morning: Desk):
    options = client.get(PATH, params={"underlying": "NIFTY"}).json()["options"]
    keys = [(each["expiry"], each["strike"], each["kind"]) for each in options]
    assert keys == sorted(keys)
    assert {each["kind"] for each in options} == {"CE", "PE"}


def test_what_is_known_already_is_not_sent_again(client: TestClient, morning: Desk):
    first = client.get(PATH, params={"underlying": "NIFTY"})
    tag = first.headers["etag"]
    again = client.get(PATH, params={"underlying": "NIFTY"}, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.content == b""
    other = client.get(PATH, params={"underlying": "BANKNIFTY"}, headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_new_snapshot_has_a_new_tag(client: TestClient, morning: Desk):
    tag = client.get(PATH, params={"underlying": "NIFTY"}).headers["etag"]
    seq = standing(morning).seq
    morning.refresh()
    wait(morning, lambda s: s.seq > seq)
    fresh = client.get(PATH, params={"underlying": "NIFTY"}, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.json()["desk"]["seq"] > seq


@pytest.mark.parametrize("coding", ["gzip", "zstd", "identity"])
def test_every_coding_holds_the_same(client: TestClient, morning: Desk, coding: str):
    asked = {"Accept-Encoding": coding}
    with client.stream("GET", PATH, params={"underlying": "NIFTY"}, headers=asked) as answer:
        raw = b"".join(answer.iter_raw())
        told = answer.headers.get("content-encoding", "identity")
    plain = client.get(
        PATH, params={"underlying": "NIFTY"}, headers={"Accept-Encoding": "identity"}
    ).content
    assert told == coding
    unpack = {
        "gzip": gzip.decompress,
        "zstd": lambda packed: zstandard.ZstdDecompressor().decompress(packed),
        "identity": bytes,
    }[coding]
    assert unpack(raw) == plain


def test_it_is_made_once_for_all(client: TestClient, morning: Desk, parts: ApiParts):
    client.get(PATH, params={"underlying": "NIFTY"})
    seq = standing(morning).seq
    body = parts.prepared.find(morning.hub, "monitor:NIFTY", seq)
    client.get(PATH, params={"underlying": "NIFTY"})
    assert body is not None
    assert parts.prepared.find(morning.hub, "monitor:NIFTY", seq) is body


def test_without_a_shared_desk_the_latest_recorded_day_stands_at_its_end(client: TestClient):
    body = client.get(PATH, params={"underlying": "NIFTY"}).json()
    assert body["desk"]["source"] == "RECORDED"
    assert body["desk"]["replay"] is True
    assert [each["symbol"] for each in body["options"]] == [
        "NIFTY26AUG24500CE",
        "NIFTY26AUG24500PE",
    ]


def test_an_index_that_has_not_ticked_is_told_from_its_last_bar(
    client: TestClient, parts: ApiParts
):
    client.get(PATH, params={"underlying": "NIFTY"})
    desk = parts.room.desks.replays[0]
    desk.seek(datetime(2026, 8, 18, 15, 7, tzinfo=IST))
    wait(desk, lambda s: s.at.minute == 7 and s.status == "paused")
    body = client.get(PATH, params={"underlying": "BANKNIFTY"}).json()
    assert body["underlying"]["source"] in {"bar", None}
    assert body["underlying"]["title"] == "NIFTY BANK"
    assert body["options"] == []
    assert body["future"] is None


@pytest.mark.parametrize(
    ("params", "status", "where"),
    [
        ({}, 422, "underlying"),
        ({"underlying": "nifty50"}, 422, "underlying"),
        ({"underlying": "NIFTY", "desk": "somebody-elses"}, 404, "desk"),
        ({"underlying": "NIFTY", "desk": "x" * 65}, 422, "desk"),
    ],
)
def test_bad_questions_are_refused(
    client: TestClient, morning: Desk, params: dict[str, str], status: int, where: str
):
    answer = client.get(PATH, params=params)
    assert (answer.status_code, answer.json()["where"]) == (status, where)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_stranger_sees_nothing(client_of: Callable[[Role | None], TestClient], morning: Desk):
    assert client_of(None).get(PATH, params={"underlying": "NIFTY"}).status_code == 401
