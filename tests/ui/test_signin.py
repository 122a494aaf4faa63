"""Sign-in before any visit: what a stranger, a forger and a signed-in person get."""

import asyncio
import subprocess
import sys
from pathlib import Path

import jwt
import pyotp
import pytest
import requests
from bokeh.util.token import get_token_payload
from cryptography.fernet import Fernet

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity, Role
from dashboard.auth.totp import STEP_S
from dashboard.core.clock import SECOND_NS, Clock, ManualClock, SystemClock, from_ns
from storage.accounts import SqlAccounts
from storage.schema import open_database
from storage.sealing import Seal, load_key
from tests.ui.server import COOKIE, OWNER, PASSWORD, PATIENCE_S, ROOT, Served, in_a_thread, serve


@pytest.fixture
def store(served: Served):
    database = open_database(f"sqlite:///{served.home / 'tezi.sqlite'}")
    yield SqlAccounts(database)
    database.close()


@pytest.fixture
def person(served: Served):
    return served.sign_in()


def get(served: Served, path: str, cookie: str = "", **headers: str) -> requests.Response:
    cookies = {COOKIE: cookie} if cookie else {}
    return requests.get(
        f"{served.base}{path}",
        cookies=cookies,
        headers=headers,
        allow_redirects=False,
        timeout=PATIENCE_S,
    )


# -- strangers ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/", "/app", "/app/", "/app/autoload.js?bokeh-autoload-element=1"]
)
def test_a_stranger_is_led_to_the_sign_in_page(served: Served, path: str):
    reply = get(served, path)
    assert reply.status_code == 302
    assert "login?next=" in reply.headers["Location"]


def test_every_way_in_ends_on_the_sign_in_page(served: Served):
    for path in ("/", "/app", "/app/"):
        reply = requests.get(f"{served.base}{path}", timeout=PATIENCE_S)
        assert reply.url.startswith(f"{served.base}/login?next=")
        assert "Open any moment" in reply.text


def test_only_a_signed_in_person_makes_a_document(served: Served):
    before = documents(served)
    get(served, "/app")
    get(served, "/app/autoload.js?bokeh-autoload-element=1")
    assert documents(served) == before
    served.page_token(served.sign_in())
    assert documents(served) > before


def documents(served: Served) -> int:
    return sum("created" in line for line in served.lines)


def test_a_stranger_opens_no_socket(served: Served, person: requests.Session):
    assert served.knock(token=served.page_token(person)).status == 403


def test_a_stranger_imports_nothing_through_panel(served: Served):
    assert get(served, "/components/this/that/_css/x.css").status_code == 403


# -- bad tokens --------------------------------------------------------------------------
def accounts_of(served: Served, store: SqlAccounts, clock: Clock) -> Accounts:
    """Return the use cases as another process on that home has them."""
    return Accounts(store, clock, seal=Seal(load_key(served.home)))


def forged(tmp_path: Path) -> str:
    """Return the cookie of an owner of the same name, of another installation."""
    database = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other = Accounts(SqlAccounts(database), SystemClock(), seal=Seal(Fernet.generate_key()))
    link = other.first_start_link() or ""
    cookie = other.accept_invitation(link, OWNER, PASSWORD, "10.0.0.1")
    database.close()
    return cookie


def expired(served: Served, store: SqlAccounts) -> str:
    yesterday = ManualClock(from_ns(SystemClock().now_ns() - 86_400 * SECOND_NS))
    return accounts_of(served, store, yesterday).sign_in(OWNER, PASSWORD, "127.0.0.1")


def ended(served: Served, store: SqlAccounts) -> str:
    elsewhere = accounts_of(served, store, SystemClock())
    cookie = elsewhere.sign_in(OWNER, PASSWORD, "127.0.0.1")
    elsewhere.sign_out(cookie)
    return cookie


def access(served: Served, store: SqlAccounts) -> str:
    """Return a program's access token, which is no cookie."""
    elsewhere = accounts_of(served, store, SystemClock())
    return elsewhere.open_session(OWNER, PASSWORD, "127.0.0.1").access


@pytest.mark.parametrize("kind", ["forged", "expired", "ended", "access", "nonsense"])
def test_a_bad_token_opens_neither_page_nor_socket(
    served: Served, person: requests.Session, store: SqlAccounts, tmp_path: Path, kind: str
):
    bad = {
        "forged": lambda: forged(tmp_path),
        "expired": lambda: expired(served, store),
        "ended": lambda: ended(served, store),
        "access": lambda: access(served, store),
        "nonsense": lambda: "nonsense",
    }[kind]()
    assert get(served, "/app", bad).status_code == 302
    assert served.knock(bad, served.page_token(person)).status == 403
    assert get(served, "/login/state", bad).status_code == 401


# -- the signed-in person ------------------------------------------------------------------
def test_a_signed_in_person_gets_page_and_socket(served: Served, person: requests.Session):
    assert get(served, "/login/state", person.cookies[COOKIE]).status_code == 204
    knock = served.knock(person.cookies[COOKIE], served.page_token(person))
    assert knock.status == 101
    assert "ACK" in (knock.first or "")


def test_the_root_leads_to_the_app(served: Served, person: requests.Session):
    assert person.get(f"{served.base}/").url == f"{served.base}/app"


def test_the_loopback_address_may_open_the_socket_too(served: Served, person: requests.Session):
    origin = f"http://127.0.0.1:{served.port}"
    token = served.page_token(person)
    assert served.knock(person.cookies[COOKIE], token, origin).status == 101


def test_a_foreign_origin_opens_no_socket(served: Served, person: requests.Session):
    token = served.page_token(person)
    knock = served.knock(person.cookies[COOKIE], token, "https://elsewhere.example")
    assert knock.status == 403


def test_a_page_token_is_of_no_use_to_another_sign_in(served: Served, person: requests.Session):
    other = served.sign_in()
    assert served.knock(other.cookies[COOKIE], served.page_token(person)).status == 403


def test_a_changed_page_token_opens_nothing(served: Served, person: requests.Session):
    token = served.page_token(person)
    knock = served.knock(person.cookies[COOKIE], token[:-4] + "AAAA")
    assert knock.first is None


def test_the_page_token_tells_the_visitor_and_not_the_cookie(
    served: Served, person: requests.Session
):
    cookie = person.cookies[COOKIE]
    html = person.get(f"{served.base}/app").text
    payload = get_token_payload(served.page_token(person))
    assert cookie not in html
    assert cookie not in str(payload)
    assert payload["cookies"] == {}
    assert payload["headers"]["X-Tezi-User"] == OWNER
    assert payload["headers"]["X-Tezi-Role"] == "owner"


def test_a_visitor_cannot_say_to_be_another(served: Served, person: requests.Session):
    person.headers.update({"X-Tezi-User": "someone", "x-tezi-role": "god"})
    headers = get_token_payload(served.page_token(person))["headers"]
    assert (headers["X-Tezi-User"], headers["X-Tezi-Role"]) == (OWNER, "owner")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(served: Served):
    session = served.form("/login")
    reply = served.post(session, "/login", name=OWNER, password=PASSWORD)
    (line,) = [each for each in reply.headers["Set-Cookie"].split(", tezi") if "token=" in each]
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"):
        assert attribute in line


def test_the_pages_forbid_framing_caching_and_other_hosts(served: Served, person: requests.Session):
    form, desk = get(served, "/login"), person.get(f"{served.base}/app")
    for reply in (form, desk):
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "http" not in reply.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert "script-src 'self';" in form.headers["Content-Security-Policy"]


# -- forms -----------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/login", "/welcome", "/logout"])
def test_a_form_without_its_xsrf_token_is_refused(served: Served, path: str):
    reply = requests.post(
        f"{served.base}{path}",
        data={"name": OWNER, "password": PASSWORD},
        allow_redirects=False,
        timeout=PATIENCE_S,
    )
    assert reply.status_code == 403
    assert "Set-Cookie" not in reply.headers or COOKIE not in reply.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "/\t/elsewhere.example/",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(served: Served, target: str):
    session = served.form("/login")
    reply = served.post(session, "/login", name=OWNER, password=PASSWORD, next=target)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/")


def test_signing_in_leads_back_to_the_page_that_was_asked_for(served: Served):
    session = served.form("/login", next="/app?day=2026-08-18")
    words = {"name": OWNER, "password": PASSWORD, "next": "/app?day=2026-08-18"}
    assert served.post(session, "/login", **words).headers["Location"] == "/app?day=2026-08-18"


def test_a_refusal_does_not_say_which_field_was_wrong(fresh: Served):
    fresh.sign_up()
    session = fresh.form("/login")
    unknown = fresh.post(session, "/login", name="nobody", password="wrong horse battery")
    assert unknown.status_code == 401
    assert "<b>User name or password is wrong.</b> 4 tries left." in unknown.text
    for left in (
        "4 tries left.",
        "3 tries left.",
        "2 tries left.",
        "1 try left.",
        "No tries left.",
    ):
        wrong = fresh.post(session, "/login", name=OWNER, password="wrong horse battery")
        assert f"<b>User name or password is wrong.</b> {left}" in wrong.text
    refused = fresh.post(session, "/login", name=OWNER, password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "<b>Too many tries.</b> Try again in" in refused.text


def test_the_code_is_asked_for_after_the_right_password_only(served: Served, store: SqlAccounts):
    accounts = accounts_of(served, store, SystemClock())
    person = invited(accounts, "chitra.code", Role.VIEWER)
    secret = accounts.enrol_totp(person.account_id).secret
    step = SystemClock().now_ns() // SECOND_NS // STEP_S
    accounts.confirm_totp(person.account_id, pyotp.TOTP(secret).generate_otp(step - 1))
    session = served.form("/login")
    assert 'name="code"' not in session.get(f"{served.base}/login").text
    words = {"name": "chitra.code", "password": "wrong horse battery"}
    assert 'name="code"' not in served.post(session, "/login", **words).text
    words["password"] = PASSWORD
    asked = served.post(session, "/login", **words)
    assert asked.status_code == 401
    assert 'name="code"' in asked.text
    assert 'value="chitra.code"' in asked.text
    assert COOKIE not in session.cookies
    wrong = served.post(session, "/login", **words, code="12345")
    assert "User name, password or code is wrong." in wrong.text
    assert 'name="code"' in wrong.text
    step = max(step, SystemClock().now_ns() // SECOND_NS // STEP_S)
    code = pyotp.TOTP(secret).generate_otp(step)
    assert served.post(session, "/login", **words, code=code).status_code == 302
    assert COOKIE in session.cookies


def test_signing_in_always_makes_another_session(served: Served, person: requests.Session):
    before = person.cookies[COOKIE]
    reply = served.post(person, "/login", name=OWNER, password=PASSWORD)
    assert reply.status_code == 302
    assert sid_of(person.cookies[COOKIE]) != sid_of(before)


def test_an_invitation_is_accepted_once_on_the_same_page(served: Served, store: SqlAccounts):
    accounts = accounts_of(served, store, SystemClock())
    token = accounts.invite(None, Role.VIEWER)
    session = served.form("/welcome", token=token)
    page = session.get(f"{served.base}/welcome", params={"token": token}).text
    assert "Create your account." in page
    assert "once and for 72 hours" in page
    words = {"token": token, "password": PASSWORD}
    taken = served.post(session, "/welcome", name=OWNER.upper(), **words)
    assert (taken.status_code, "is taken" in taken.text) == (400, True)
    assert served.post(session, "/welcome", name="divya.new", **words).status_code == 302
    assert get(served, "/login/state", session.cookies[COOKIE]).status_code == 204
    assert get(served, f"/welcome?token={token}").headers["Location"] == "/login?used=1"


def invited(accounts: Accounts, name: str, role: Role) -> Identity:
    cookie = accounts.accept_invitation(accounts.invite(None, role), name, PASSWORD, "10.0.0.1")
    return accounts.identify(cookie=cookie)


def sid_of(cookie: str) -> str:
    return str(jwt.decode(cookie, options={"verify_signature": False})["sid"])


# -- signing out -------------------------------------------------------------------------------
def test_asking_for_the_sign_out_page_does_not_sign_out(served: Served, person: requests.Session):
    page = person.get(f"{served.base}/logout")
    assert f"You are signed in as {OWNER}." in page.text
    assert get(served, "/login/state", person.cookies[COOKIE]).status_code == 204


def test_signing_out_closes_the_socket_and_ends_the_cookie(
    served: Served, person: requests.Session
):
    cookie = person.cookies[COOKIE]
    code = in_a_thread(
        close_code_after(served, person, lambda: served.post(person, "/logout").raise_for_status())
    )
    assert code == 4401
    assert COOKIE not in person.cookies
    assert get(served, "/app", cookie).status_code == 302


def test_ending_a_sign_in_from_another_process_closes_the_socket(
    served: Served, person: requests.Session, store: SqlAccounts
):
    elsewhere = accounts_of(served, store, SystemClock())
    claims = elsewhere.verify(person.cookies[COOKIE])
    code = in_a_thread(
        close_code_after(
            served, person, lambda: elsewhere.end_session(claims.account_id, claims.sid)
        )
    )
    assert code == 4401


def test_disabling_an_account_closes_its_pages_and_ends_its_cookie(
    served: Served, store: SqlAccounts
):
    elsewhere = accounts_of(served, store, SystemClock())
    made = invited(elsewhere, "bina.das", Role.RESEARCHER)
    person = served.sign_in("bina.das")
    cookie = person.cookies[COOKIE]
    page_token = served.page_token(person)
    code = in_a_thread(
        close_code_after(
            served, person, lambda: elsewhere.set_disabled(None, made.account_id, True)
        )
    )
    assert code == 4401
    assert get(served, "/app", cookie).status_code == 302
    assert get(served, "/login/state", cookie).status_code == 401
    assert served.knock(cookie, page_token).status == 403


async def close_code_after(served: Served, session: requests.Session, act) -> int | None:
    token = served.page_token(session)
    socket = await served.open_socket(session.cookies[COOKIE], token, served.base)
    await asyncio.wait_for(socket.read_message(), PATIENCE_S)
    await asyncio.get_running_loop().run_in_executor(None, act)
    while await asyncio.wait_for(socket.read_message(), PATIENCE_S) is not None:
        pass
    code = socket.close_code
    socket.close()
    return code


# -- the first start ---------------------------------------------------------------------------
def test_the_printed_link_creates_one_account_that_outlives_a_restart(tmp_path: Path):
    with serve(tmp_path / "home") as first:
        assert first.link.startswith(f"{first.base}/welcome?token=")
        a_guessed_link_and_a_short_password_create_nothing(first)
        cookie = first.sign_up().cookies[COOKIE]
        assert get(first, "/login/state", cookie).status_code == 204
        the_link_is_spent(first)
    with serve(tmp_path / "home") as second:
        assert second.link == ""
        assert get(second, "/login/state", cookie).status_code == 204


def test_a_second_start_replaces_the_link_of_the_first(tmp_path: Path):
    with serve(tmp_path / "home") as server:
        older = server.link.partition("token=")[2]
    with serve(tmp_path / "home") as server:
        assert server.link.partition("token=")[2] not in ("", older)
        session = server.form("/welcome", token=older)
        words = {"name": OWNER, "password": PASSWORD}
        refused = server.post(session, "/welcome", token=older, **words)
        assert refused.status_code == 403
        assert "use the newest one that Tezi printed" in refused.text
        assert get(server, "/login/state", server.sign_up().cookies[COOKIE]).status_code == 204


def a_guessed_link_and_a_short_password_create_nothing(server: Served) -> None:
    session = server.form("/welcome", token="guess")
    words = {"name": OWNER, "password": PASSWORD}
    assert server.post(session, "/welcome", token="guess", **words).status_code == 403
    token = server.link.partition("token=")[2]
    short = server.post(session, "/welcome", token=token, name=OWNER, password="short")
    assert short.status_code == 400
    assert "at least 12 characters" in short.text


def the_link_is_spent(server: Served) -> None:
    again = get(server, server.link.removeprefix(server.base))
    assert (again.status_code, again.headers["Location"]) == (302, "/login?used=1")
    assert "This link has been used." in get(server, "/login?used=1").text
    assert "This link has been used." not in get(server, "/login").text
    token = server.link.partition("token=")[2]
    words = {"token": token, "name": "second", "password": PASSWORD}
    assert server.post(server.form("/login"), "/welcome", **words).status_code == 403


def test_the_data_folder_is_for_its_owner_alone(served: Served):
    assert served.home.stat().st_mode & 0o077 == 0
    assert (served.home / "tezi.sqlite").stat().st_mode & 0o077 == 0


# -- what the server says of itself ------------------------------------------------------------
def test_publishes_the_key_that_checks_its_tokens(served: Served, person: requests.Session):
    (key,) = get(served, "/.well-known/jwks.json").json()["keys"]
    claims = jwt.decode(
        person.cookies[COOKIE], jwt.PyJWK(key), algorithms=["RS256"], audience="tezi-page"
    )
    assert (claims["name"], claims["iss"]) == (OWNER, "tezi")


def test_answers_that_it_is_well(served: Served):
    assert get(served, "/healthz").json() == {"status": "ok"}


# -- the ways that are refused -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--num-procs", "2"], "Tezi runs in one process"),
        (["--session-ids", "unsigned"], "Tezi's own sign-in must guard the page"),
    ],
)
def test_refuses_to_start_without_its_own_guard(tmp_path: Path, options, sentence):
    command = [sys.executable, "-m", "panel", "serve", "app.py", "--port", "0", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert run.returncode == 1
    assert f"ERROR: {sentence}" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_the_app_shows_nothing_where_the_hook_is_missing():
    run = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert run.returncode == 1
    assert "Start Tezi with `uv run panel serve app.py`" in run.stderr
