"""Kite's sign-in through the page: to Kite and back, and everything that must be refused."""

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from dashboard.auth.passwords import Passwords
from storage.accounts import SqlAccounts
from storage.kite_grants import SqlGrants
from storage.schema import open_database
from storage.sealing import load_key
from tests.exchange.server import KEY, SECRET
from tests.kite_server import SHOWN, USER, Kite, kite_server
from tests.ui.server import COOKIE, PASSWORD, PATIENCE_S, Served, serve

POST_AS_THE_DESK_DOES = """() => {
  const form = document.createElement("form")
  form.method = "post"
  form.action = "/kite/login"
  const field = document.createElement("input")
  field.name = "_xsrf"
  field.value = decodeURIComponent(/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)[1])
  form.append(field)
  document.body.append(form)
  form.submit()
}"""
NOT_BEGUN = "This sign-in to Kite was not begun here."


@pytest.fixture(scope="module")
def kite() -> Iterator[Kite]:
    with kite_server() as running:
        yield running


@pytest.fixture(scope="module")
def connected(kite: Kite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the app with an API key of that Kite; its owner has signed up."""
    home = tmp_path_factory.mktemp("connected") / "home"
    with serve(home, PANEL_LOG_LEVEL="info", **kite.environment) as server:
        server.sign_up()
        database = open_database(f"sqlite:///{home / 'tezi.sqlite'}")
        SqlAccounts(database).create_account("bina.das", Passwords().hash(PASSWORD), "researcher")
        database.close()
        kite.lead_to(f"{server.base}/kite/callback")
        yield server


@pytest.fixture(autouse=True)
def well(kite: Kite) -> None:
    kite.behave()


@pytest.fixture
def owner(connected: Served) -> requests.Session:
    return connected.sign_in()


def begin(connected: Served, session: requests.Session, key: str = "") -> requests.Response:
    session.get(f"{connected.base}/kite/login").raise_for_status()  # and with it the XSRF cookie
    return connected.post(session, "/kite/login", key=key)


def begun(connected: Served, session: requests.Session) -> str:
    """Begin a sign-in and return its state, without going to Kite."""
    query = parse_qs(urlsplit(begin(connected, session).headers["Location"]).query)
    return parse_qs(query["redirect_params"][0])["state"][0]


def back(connected: Served, session: requests.Session, **words: str) -> requests.Response:
    """Come back from Kite with these words."""
    return session.get(
        f"{connected.base}/kite/callback", params=words, allow_redirects=False, timeout=PATIENCE_S
    )


def said(reply: requests.Response) -> str:
    """Return the words of a refusal."""
    found = re.search(r'id="problem">(.*?)</div>', reply.text, re.DOTALL)
    assert found, reply.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found.group(1))).split())


def state_words(connected: Served, session: requests.Session) -> str:
    return session.get(f"{connected.base}/kite/login").text


# -- the way through -------------------------------------------------------------------------
def test_one_click_leads_to_kite_and_back_to_the_desk(
    connected: Served, owner: requests.Session, kite: Kite
):
    before = kite.logins
    to_kite = begin(connected, owner)
    assert to_kite.status_code == 302
    assert to_kite.headers["Location"].startswith(f"{kite.base}/connect/login?v=3&api_key=")
    from_kite = owner.get(to_kite.headers["Location"], allow_redirects=False)
    reply = owner.get(from_kite.headers["Location"], allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/app")
    assert kite.logins == before + 1
    page = state_words(connected, owner)
    assert f"API key {SHOWN} · signed in" in page
    assert f"Signed in to Kite as {USER} at" in page


def test_the_token_is_kept_sealed_for_the_next_process(
    connected: Served, owner: requests.Session, kite: Kite
):
    request = kite.issue()
    state = begun(connected, owner)
    assert back(connected, owner, status="success", request_token=request, state=state).ok
    with closing(sqlite3.connect(connected.home / "tezi.sqlite")) as db:
        dump = "\n".join(db.iterdump())
    assert kite.access not in dump
    assert kite.access.encode().hex() not in dump.lower()
    database = open_database(f"sqlite:///{connected.home / 'tezi.sqlite'}")
    grant = SqlGrants(database, load_key(connected.home)).load(KEY)
    database.close()
    assert grant is not None
    assert (grant.access_token, grant.user_id) == (kite.access, USER)
    assert (connected.home / "kite.key").stat().st_mode & 0o777 == 0o600


def test_the_key_may_be_named_by_what_is_shown_of_it(connected: Served, owner: requests.Session):
    assert begin(connected, owner, SHOWN).status_code == 302
    refused = begin(connected, owner, "…9999")
    assert refused.status_code == 400
    assert said(refused) == f"Which API key is meant? There are: {SHOWN}."


def test_a_person_clicks_once_and_is_back_at_the_desk(
    connected: Served, chromium: Browser, kite: Kite
):
    page = chromium.new_page()
    connected.sign_in_page(page)
    before = kite.logins
    page.goto(f"{connected.base}/kite/login")
    page.get_by_role("button", name="Sign in to Kite").click()
    page.wait_for_url(f"{connected.base}/app")
    assert kite.logins == before + 1
    page.goto(f"{connected.base}/kite/login")
    expect(page.locator("main")).to_contain_text(f"API key {SHOWN} · signed in")
    page.close()


def test_a_form_on_the_desk_itself_may_lead_to_kite(
    connected: Served, chromium: Browser, kite: Kite
):
    page = chromium.new_page()
    connected.sign_in_page(page)
    before = kite.logins
    with page.expect_response(lambda reply: "/kite/callback" in reply.url) as answered:
        page.evaluate(POST_AS_THE_DESK_DOES)
    assert answered.value.headers["location"] == "/app"
    assert kite.logins == before + 1
    page.close()


def test_a_refusal_is_shown_in_the_house_s_style(connected: Served, chromium: Browser, kite: Kite):
    kite.exchange.denies = True
    page = chromium.new_page()
    connected.sign_in_page(page)
    page.goto(f"{connected.base}/kite/login")
    page.get_by_role("button", name="Sign in to Kite").click()
    expect(page.get_by_role("alert")).to_contain_text("The sign-in at Kite was not completed.")
    expect(page.locator(".box")).to_have_css("border-radius", "12px")
    page.get_by_role("link", name="Begin again").click()
    page.wait_for_url(f"{connected.base}/kite/login")
    page.close()


# -- who may ---------------------------------------------------------------------------------
def test_a_stranger_is_led_to_sign_in_first(connected: Served):
    reply = requests.get(f"{connected.base}/kite/login", allow_redirects=False, timeout=PATIENCE_S)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/login?next=/kite/login")


def test_a_stranger_neither_begins_nor_completes(connected: Served):
    session = connected.form("/login")
    assert connected.post(session, "/kite/login").status_code == 401
    reply = back(connected, session, status="success", request_token="r", state="s")
    assert reply.status_code == 401
    assert said(reply).startswith("You are not signed in to Tezi at localhost:")


def test_a_form_without_its_xsrf_token_begins_nothing(connected: Served, owner: requests.Session):
    reply = owner.post(f"{connected.base}/kite/login", allow_redirects=False)
    assert reply.status_code == 403
    assert "Location" not in reply.headers


def test_only_the_owner_signs_in_to_kite(connected: Served):
    other = connected.sign_in("bina.das")
    assert other.get(f"{connected.base}/kite/login").status_code == 403
    for reply in (
        connected.post(other, "/kite/login"),
        back(connected, other, status="success", request_token="r", state="s"),
    ):
        assert reply.status_code == 403
        assert said(reply).startswith("Only the owner signs in to Kite.")


def test_another_session_of_the_same_person_may_complete_it(
    connected: Served, owner: requests.Session, kite: Kite
):
    state = begun(connected, owner)
    other = connected.sign_in()
    reply = back(connected, other, status="success", request_token=kite.issue(), state=state)
    assert reply.status_code == 302


# -- what is refused on the way back -----------------------------------------------------------
def test_a_forged_state_is_refused_before_kite_is_asked(
    connected: Served, owner: requests.Session, kite: Kite
):
    begun(connected, owner)
    before = kite.logins
    reply = back(connected, owner, status="success", request_token=kite.issue(), state="forged")
    assert (reply.status_code, kite.logins) == (403, before)
    assert said(reply) == f"{NOT_BEGUN} Begin it again."


def test_a_callback_is_good_once(connected: Served, owner: requests.Session, kite: Kite):
    words = {
        "status": "success",
        "request_token": kite.issue(),
        "state": begun(connected, owner),
    }
    assert back(connected, owner, **words).status_code == 302
    again = back(connected, owner, **words)
    assert again.status_code == 403
    assert said(again) == "This sign-in to Kite was completed before. Begin it again."
    words["state"] = begun(connected, owner)
    token_again = back(connected, owner, **words)
    assert token_again.status_code == 403
    assert said(token_again) == "This request token of Kite's was used before. Begin it again."


def test_a_request_token_that_kite_does_not_know_is_refused(
    connected: Served, owner: requests.Session
):
    state = begun(connected, owner)
    reply = back(connected, owner, status="success", request_token="made-up", state=state)
    assert reply.status_code == 403
    assert "Token is invalid or has expired" in said(reply)
    assert "made-up" not in reply.text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({}, "Kite's answer lacks its status, its state and its request token."),
        ({"status": "success", "state": "s"}, "Kite's answer lacks its request token."),
        ({"status": "success", "request_token": "r"}, "Kite's answer lacks its state."),
        ({"status": "cancelled"}, "The sign-in at Kite was not completed."),
        ({"status": "<script>alert(1)</script>"}, "The sign-in at Kite was not completed."),
    ],
)
def test_an_incomplete_answer_is_refused_in_a_sentence(
    connected: Served, owner: requests.Session, words: dict[str, str], sentence: str
):
    reply = back(connected, owner, **words)
    assert reply.status_code == 400
    assert said(reply).startswith(sentence)
    assert "alert(1)" not in reply.text
    assert 'href="/kite/login">Begin again' in reply.text


def test_an_address_that_is_no_text_is_refused(connected: Served, owner: requests.Session):
    reply = owner.get(f"{connected.base}/kite/callback?status=%ff")
    assert reply.status_code == 400
    assert said(reply).startswith("This address cannot be read.")


def test_whoever_gives_up_at_kite_comes_back_to_a_sentence(
    connected: Served, owner: requests.Session, kite: Kite
):
    kite.exchange.denies = True
    reply = owner.get(begin(connected, owner).headers["Location"])
    assert reply.status_code == 400
    assert said(reply) == "The sign-in at Kite was not completed. Begin it again when you like."


def test_a_kite_that_is_not_well_is_told(connected: Served, owner: requests.Session, kite: Kite):
    kite.fall_ill()
    state = begun(connected, owner)
    reply = back(connected, owner, status="success", request_token=kite.issue(), state=state)
    assert reply.status_code == 502
    assert said(reply) == "Kite is not well (HTTP 502): asked for a sign-in; try again."


# -- what the pages and the log may hold ---------------------------------------------------------
def test_forms_may_lead_to_kite_and_nowhere_else(
    connected: Served, owner: requests.Session, kite: Kite
):
    targets = f"form-action 'self' {kite.base} http://localhost:* http://127.0.0.1:*;"
    for path in ("/kite/login", "/app"):
        policy = owner.get(f"{connected.base}{path}").headers["Content-Security-Policy"]
        assert targets in policy
    login = owner.get(f"{connected.base}/logout").headers["Content-Security-Policy"]
    assert "form-action 'self';" in login


def test_nothing_of_a_sign_in_is_logged(connected: Served, owner: requests.Session, kite: Kite):
    request, state = kite.issue(), begun(connected, owner)
    words = {"status": "success", "request_token": request, "state": state}
    back(connected, owner, **words)
    back(connected, owner, **words)
    back(connected, owner, status="success", request_token="hush-hush", state="hush-hush")
    log = connected.log.read_text()
    assert "GET /kite/callback" in log
    for secret in (request, state, "hush-hush", kite.access, KEY, SECRET):
        assert secret not in log
    assert COOKIE not in log


# -- without a key, or with a wrong configuration ------------------------------------------------
def test_without_an_api_key_it_says_what_to_do(served: Served):
    person = served.sign_in()
    reply = person.get(f"{served.base}/kite/login")
    assert reply.status_code == 404
    assert "Set TEZI_KITE_API_KEY and TEZI_KITE_API_SECRET" in said(reply)
    assert back(served, person, status="success").status_code == 404


def test_a_wrong_configuration_starts_nothing_and_says_everything(tmp_path: Path):
    wrong = {"TEZI_MODE": "quick", "TEZI_KITE_API_KEY": "your_api_key", "TEZI_STRIKES": "0"}
    home = tmp_path / "home"
    with (
        pytest.raises(AssertionError, match="the server did not start") as ended,
        serve(home, **wrong),
    ):
        pass
    for sentence in (
        "TEZI_MODE cannot be used",
        "TEZI_STRIKES cannot be used",
        "TEZI_KITE_API_KEY is set and TEZI_KITE_API_SECRET is not",
        "TEZI_KITE_API_KEY looks like a placeholder",
    ):
        assert sentence in str(ended.value)
    assert "Traceback" not in str(ended.value)
    assert not home.exists()
