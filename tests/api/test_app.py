"""What every route shares: who may call, how refusals look, and no foreign hosts."""

from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from dashboard.api.app import make_app
from dashboard.api.callers import Reader, Replayer
from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from dashboard.core.errors import InputError, StoreLockedError, TooManyTriesError
from tests.api.conftest import ORIGIN
from tests.api.people import People, visit

router = APIRouter()


@router.get("/who")
def who(identity: Reader) -> dict[str, str]:
    return {"name": identity.name, "via": identity.via}


@router.post("/own")
def own(identity: Replayer) -> dict[str, str]:
    return {"name": identity.name}


@router.get("/broken")
def broken(kind: str, _identity: Reader) -> None:
    raise {
        "input": InputError("No such thing"),
        "locked": StoreLockedError("Another process writes"),
        "tries": TooManyTriesError("Wait", 7),
    }.get(kind) or RuntimeError("secret words")


@pytest.fixture
def app(parts: ApiParts) -> FastAPI:
    return make_app(parts, routers=[router], origins=[ORIGIN])


def test_a_stranger_is_told_how_to_show_who_they_are(
    client_of: Callable[[Role | None], TestClient],
):
    answer = client_of(None).get("/who")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["instance"] == "/who"
    assert "X-API-Key" in answer.json()["detail"]


def test_a_viewer_may_look_but_not_open_desks(client_of: Callable[[Role | None], TestClient]):
    viewer = client_of(Role.VIEWER)
    assert viewer.get("/who").json() == {"name": "viewer", "via": "token"}
    refused = viewer.post("/own")
    assert refused.status_code == 403
    assert "replay" in refused.json()["detail"]
    assert client_of(Role.RESEARCHER).post("/own").status_code == 200


def test_a_bad_token_is_not_made_up_for_by_a_good_cookie(
    client_of: Callable[[Role | None], TestClient], people: People
):
    stranger = client_of(None)
    visit(stranger, people.cookie(Role.VIEWER))
    assert stranger.get("/who").json()["via"] == "page"
    assert stranger.get("/who", headers={"Authorization": "Bearer x.y.z"}).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 403), ("https://elsewhere.example", 403), ("null", 403), (ORIGIN, 200)],
)
def test_a_cookie_counts_for_changes_only_from_our_own_page(
    client_of: Callable[[Role | None], TestClient],
    people: People,
    origin: str | None,
    status: int,
):
    stranger = client_of(None)
    visit(stranger, people.cookie(Role.OWNER))
    headers = {"Origin": origin} if origin else {}
    assert stranger.post("/own", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("kind", "status", "detail"),
    [
        ("input", 422, "No such thing"),
        ("locked", 503, "Another process writes"),
        ("tries", 429, "Wait"),
        ("bug", 500, "The log says why."),
    ],
)
def test_errors_become_problems(client: TestClient, kind: str, status: int, detail: str):
    answer = client.get("/broken", params={"kind": kind})
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers.get("retry-after") == {"tries": "7", "locked": "1"}.get(kind)


def test_a_missing_parameter_says_where(client: TestClient):
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()["where"]) == (422, "kind")


def test_an_unknown_address_is_a_problem_too(client: TestClient):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
