"""Whether Tezi answers, what it depends on, and what Prometheus reads."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.api.documents.health import dependency, health_document, of_kite, of_stage
from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from dashboard.core.errors import StoreError
from dashboard.core.health import OperationsStatus
from dashboard.core.kite import SessionState, SessionStatus
from dashboard.pipeline.desk import Desk


def test_anybody_may_ask_whether_it_lives(client_of: Callable[[Role | None], TestClient]):
    stranger = client_of(None)
    assert stranger.get("/health/live").json() == {"status": "ok"}
    assert stranger.get("/health/ready").json() == {"status": "ok"}
    assert stranger.get("/health").status_code == 401


def test_a_database_that_does_not_answer_is_told(
    client: TestClient, parts: ApiParts, monkeypatch: pytest.MonkeyPatch
):
    client.get("/health/live")

    def broken() -> int:
        raise StoreError("The database does not answer")

    assert client.get("/health").json()["dependencies"]["database"]["status"] == "ok"
    monkeypatch.setattr(parts.store.accounts, "count_accounts", broken)
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (503, {"status": "down"})
    body = client.get("/health").json()
    assert body["status"] == "down"
    assert body["dependencies"]["database"]["detail"] == "The database does not answer"


def test_every_dependency_is_told(client: TestClient, morning: Desk):
    body = client.get("/health").json()
    names = {"database", "desk", "feed", "kite", "scheduler", "tape"}
    assert set(body["dependencies"]) == names
    assert body["dependencies"]["desk"]["status"] == "ok"
    assert body["dependencies"]["kite"]["status"] == "off"


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"database": "ok", "desk": "off", "kite": "off"}, "ok"),
        ({"database": "ok", "desk": "ok", "feed": "down"}, "degraded"),
        ({"database": "ok", "desk": "down"}, "down"),
        ({"database": "down", "desk": "ok"}, "down"),
    ],
)
def test_only_what_answers_need_takes_it_down(states: dict[str, str], status: str):
    parts = {name: dependency(state, "") for name, state in states.items()}
    assert health_document(parts)["status"] == status


def test_a_session_that_needs_a_person_is_told():
    asked = SessionStatus("…abcd", SessionState.REQUIRED, 5_000_000_000, "Sign in to Kite")
    status = OperationsStatus(0, "live", "open", "", "", sessions=(asked,))
    assert of_kite(status, 7_000_000_000) == dependency("degraded", "Sign in to Kite", 2.0)


def test_a_step_that_is_not_there_is_off():
    assert of_stage(None, "Tape")["status"] == "off"


def test_prometheus_reads_the_desk_and_the_requests(
    app: FastAPI, client: TestClient, morning: Desk
):
    app.state.gauges["ws_clients"] = lambda: 3.0
    client.get("/health/live")
    client.get("/nowhere/at/all")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    snapshot = morning.hub.latest
    assert snapshot is not None
    assert f"tezi_ticks_total {float(snapshot.ticks)}" in lines
    assert "tezi_ws_clients 3.0" in lines
    alive = 'tezi_requests_total{method="GET",route="/health/live",status="200"} 1.0'
    assert alive in lines
    assert any(
        line.startswith('tezi_requests_total{method="other",route="other"') for line in lines
    )
    assert any(line.startswith("tezi_stage_age_seconds{") for line in lines)
    assert "nowhere" not in answer.text


def test_a_stranger_reads_no_counters(client_of: Callable[[Role | None], TestClient]):
    assert client_of(None).get("/metrics").status_code == 401
