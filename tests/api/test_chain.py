"""The chain of one expiry, as the option desk has it."""

import pytest
from fastapi.testclient import TestClient

from dashboard.pipeline.desk import Desk

PATH = "/v1/chain"


def test_numbers_are_the_option_desk_s(client: TestClient, morning: Desk):
    answer = client.get(PATH, params={"underlying": "NIFTY"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    snapshot = morning.hub.latest
    assert snapshot is not None
    view = snapshot.options["NIFTY", None]
    assert [row["strike"] for row in body["rows"]] == view.strikes.tolist()
    assert body["expiry"] == view.expiry.isoformat()
    for name in ("spot", "forward", "atm_iv", "straddle", "pcr_oi", "max_pain"):
        assert body[name] == pytest.approx(getattr(view, name)), name
    for side in ("call", "put"):
        told = [row[side]["oi"] for row in body["rows"]]
        known = [None if oi != oi else oi for oi in getattr(view, side).oi.tolist()]
        assert told == known


def test_the_nearest_expiry_may_be_named(client: TestClient, morning: Desk):
    nearest = client.get(PATH, params={"underlying": "NIFTY"}).json()
    named = client.get(PATH, params={"underlying": "NIFTY", "expiry": nearest["expiry"]}).json()
    assert named["rows"] == nearest["rows"]


@pytest.mark.parametrize(
    ("params", "status", "where"),
    [
        ({}, 422, "underlying"),
        ({"underlying": "GOLD"}, 422, "underlying"),
        ({"underlying": "SENSEX"}, 404, "underlying"),
        ({"underlying": "NIFTY", "expiry": "2026-08-19"}, 404, "expiry"),
        ({"underlying": "NIFTY", "expiry": "soon"}, 422, "expiry"),
    ],
)
def test_bad_questions_are_refused(
    client: TestClient, morning: Desk, params: dict[str, str], status: int, where: str
):
    answer = client.get(PATH, params=params)
    assert (answer.status_code, answer.json()["where"]) == (status, where)
