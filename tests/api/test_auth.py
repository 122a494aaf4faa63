"""Signing in over HTTP: tokens, their one-time renewal, keys, and what attackers try."""

from collections.abc import Callable

import jwt
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.api.parts import ApiParts
from dashboard.api.routes.auth import REFRESH
from dashboard.api.signing_in import SlowDoor
from dashboard.auth.identity import Role
from tests.api.conftest import ORIGIN
from tests.api.people import People
from tests.auth.conftest import PASSWORD

SIGN_IN = {"username": "owner", "password": PASSWORD}


@pytest.fixture
def browser(app: FastAPI, people: People):
    """Return a client with cookies, of an owner who has not signed in; over TLS, as cookies ask."""
    people.join(Role.OWNER)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def bearer(answer) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_password_gives_a_token_for_a_quarter_of_an_hour(browser: TestClient):
    answer = browser.post("/v1/auth/login", json=SIGN_IN)
    assert answer.status_code == 200
    assert 600 < answer.json()["expires_in"] <= 900  # a slow machine may take a while of it
    assert answer.json()["account"]["role"] == "owner"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/v1/auth"))
    me = browser.get("/v1/auth/me", headers=bearer(answer)).json()
    assert (me["name"], me["via"]) == ("owner", "token")
    assert browser.get("/v1/auth/test", headers=bearer(answer)).json()["ok"] is True


def test_a_refresh_token_counts_once_and_shown_twice_ends_the_session(browser: TestClient):
    first = browser.post("/v1/auth/login", json=SIGN_IN)
    stolen = browser.cookies[REFRESH]
    second = browser.post("/v1/auth/refresh")
    assert second.status_code == 200
    assert browser.cookies[REFRESH] != stolen
    browser.cookies.delete(REFRESH)
    browser.cookies.set(REFRESH, stolen, path="/v1/auth")
    replayed = browser.post("/v1/auth/refresh")
    assert replayed.status_code == 401
    for answer in (first, second):
        assert browser.get("/v1/auth/me", headers=bearer(answer)).status_code == 401


def test_signing_out_ends_both_tokens(browser: TestClient):
    answer = browser.post("/v1/auth/login", json=SIGN_IN)
    kept = browser.cookies[REFRESH]
    assert browser.post("/v1/auth/logout", headers=bearer(answer)).status_code == 204
    assert browser.get("/v1/auth/me", headers=bearer(answer)).status_code == 401
    browser.cookies.set(REFRESH, kept, path="/v1/auth")
    assert browser.post("/v1/auth/refresh").status_code == 401


def test_the_refresh_cookie_alone_signs_out_but_not_for_other_sites(browser: TestClient):
    answer = browser.post("/v1/auth/login", json=SIGN_IN)
    elsewhere = browser.post("/v1/auth/logout", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert browser.get("/v1/auth/me", headers=bearer(answer)).status_code == 200
    kept = browser.cookies[REFRESH]
    ended = browser.post("/v1/auth/logout", headers={"Origin": ORIGIN})
    assert ended.status_code == 204
    assert REFRESH not in browser.cookies
    assert browser.get("/v1/auth/me", headers=bearer(answer)).status_code == 401
    assert browser.post("/v1/auth/logout").status_code == 401  # nothing is shown any more
    browser.cookies.set(REFRESH, kept, path="/v1/auth")
    again = browser.post("/v1/auth/logout")
    assert again.status_code == 401
    assert 'tezi_refresh=""' in again.headers["set-cookie"]


def test_a_bad_token_is_not_made_up_for_by_the_cookie(browser: TestClient):
    browser.post("/v1/auth/login", json=SIGN_IN)
    bad = {"Authorization": "Bearer none"}
    assert browser.post("/v1/auth/logout", headers=bad).status_code == 401
    assert browser.post("/v1/auth/refresh").status_code == 200


def test_refreshing_does_not_queue_behind_those_who_sign_in(app: FastAPI, browser: TestClient):
    browser.post("/v1/auth/login", json=SIGN_IN)
    app.state.door = SlowDoor(waiting=0)
    refused = browser.post("/v1/auth/login", json=SIGN_IN)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert browser.post("/v1/auth/refresh").status_code == 200


def test_no_answer_here_is_kept_by_anybody(browser: TestClient):
    wrong = {"username": "owner", "password": "wrong words altogether"}
    answers = [
        browser.post("/v1/auth/login", json=wrong),
        browser.post("/v1/auth/login", json={}),
        browser.post("/v1/auth/login", content=b" " * 9_000),
        browser.post("/v1/auth/refresh"),
        browser.post("/v1/auth/logout"),
        browser.get("/v1/auth/me"),
        browser.get("/v1/auth/none"),
    ]
    assert [one.status_code for one in answers] == [401, 422, 413, 401, 401, 401, 404]
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


def test_the_refresh_cookie_is_not_for_other_sites(browser: TestClient):
    browser.post("/v1/auth/login", json=SIGN_IN)
    for origin in ("https://elsewhere.example", "null"):
        answer = browser.post("/v1/auth/refresh", headers={"Origin": origin})
        assert answer.status_code == 403
    assert browser.post("/v1/auth/refresh", headers={"Origin": ORIGIN}).status_code == 200


def test_a_body_carries_no_refresh_token(browser: TestClient):
    browser.post("/v1/auth/login", json=SIGN_IN)
    kept = browser.cookies[REFRESH]
    browser.cookies.clear()
    answer = browser.post("/v1/auth/refresh", json={"refresh_token": kept})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        {"username": "owner", "password": "wrong words altogether"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "' OR 1=1 --", "password": PASSWORD},
    ],
)
def test_a_refusal_never_says_which_was_wrong(browser: TestClient, wanted: dict[str, str]):
    answer = browser.post("/v1/auth/login", json=wanted)
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("User name or password is wrong.")
    assert "set-cookie" not in answer.headers


def test_too_many_tries_say_when_to_try_again(browser: TestClient):
    wrong = {"username": "owner", "password": "wrong words altogether"}
    answers = [browser.post("/v1/auth/login", json=wrong) for _ in range(7)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_page_cookie_is_no_bearer_and_a_token_no_cookie(browser: TestClient, people: People):
    token = browser.post("/v1/auth/login", json=SIGN_IN).json()["access_token"]
    cookie = people.accounts.sign_in("owner", PASSWORD, "127.0.0.1")
    as_bearer = {"Authorization": f"Bearer {cookie}"}
    assert browser.get("/v1/auth/me", headers=as_bearer).status_code == 401
    browser.cookies.clear()
    browser.cookies.set("tezi_token", token)
    assert browser.get("/v1/auth/me").status_code == 401


def test_the_published_key_checks_a_token_and_forged_ones_are_refused(browser: TestClient):
    token = browser.post("/v1/auth/login", json=SIGN_IN).json()["access_token"]
    answer = browser.get("/v1/auth/.well-known/jwks.json")
    assert "max-age" in answer.headers["cache-control"]
    (key,) = answer.json()["keys"]
    public = jwt.PyJWK(key).key
    claims = jwt.decode(token, public, ["RS256"], audience="tezi-api", issuer="tezi")
    unsigned = jwt.encode(claims, None, "none", headers={"kid": key["kid"]})
    answer = browser.get("/v1/auth/me", headers={"Authorization": f"Bearer {unsigned}"})
    assert answer.status_code == 401
    assert token not in answer.text


def test_a_key_is_told_once_and_does_what_it_is_for(
    client_of: Callable[[Role | None], TestClient], parts: ApiParts
):
    owner = client_of(Role.OWNER)
    made = owner.post("/v1/auth/keys", json={"name": "notebook", "scopes": ["read"], "days": 1})
    assert made.status_code == 201
    key = made.json()["key"]
    listed = owner.get("/v1/auth/keys")
    assert key not in listed.text
    assert listed.json()["items"][0]["scopes"] == ["read"]
    caller = client_of(None)
    shown = {"X-API-Key": key}
    assert caller.get("/v1/auth/me", headers=shown).json()["via"] == "key"
    assert caller.post("/v1/replay", headers=shown, json={"day": "2026-08-18"}).status_code == 403
    more = {"name": "more", "scopes": ["manage"]}
    assert caller.post("/v1/auth/keys", headers=shown, json=more).status_code == 403
    assert caller.post("/v1/auth/logout", headers=shown).status_code == 409
    assert owner.delete(f"/v1/auth/keys/{made.json()['id']}").status_code == 204
    assert caller.get("/v1/auth/me", headers=shown).status_code == 401
    assert owner.delete("/v1/auth/keys/none").status_code == 404


def test_a_viewer_makes_no_key_for_more_than_looking(
    client_of: Callable[[Role | None], TestClient],
):
    viewer = client_of(Role.VIEWER)
    wanted = {"name": "more", "scopes": ["read", "export"]}
    assert viewer.post("/v1/auth/keys", json=wanted).status_code == 422


@pytest.mark.parametrize("length", [9_000, 200_000])
def test_a_large_body_is_not_read(browser: TestClient, length: int):
    answer = browser.post("/v1/auth/login", content=b"{" + b" " * length + b"}")
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large")

    def parts():
        for _ in range(length // 1000):
            yield b" " * 1000

    answer = browser.post("/v1/auth/login", content=parts())  # its length is not told
    assert answer.status_code == 413


def test_headers_carry_nothing_that_was_sent(browser: TestClient):
    evil = {"username": "a\r\nSet-Cookie: x=1", "password": PASSWORD}
    answer = browser.post("/v1/auth/login", json=evil)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
