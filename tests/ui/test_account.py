"""The account room over HTTP: each action, who may do it, and what is never shown."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pyotp
import pytest
import requests
from tornado.web import StaticFileHandler

from dashboard.auth.records import AuditEvent
from dashboard.core.clock import IST, to_ns
from dashboard.ui.account.agents import agent_words
from dashboard.ui.account.audit import read_page
from dashboard.ui.account.routes import patterns
from dashboard.ui.account.words import Moments, event_words
from tests.ui.server import PATIENCE_S, Served

PHRASE = "another long phrase"
OWN_PAGES = ("/account", "/account/sessions", "/account/keys", "/account/status")
OWNERS_PAGES = ("/account/users", "/account/audit")
POSTS = [
    route[0]
    for route in patterns()
    if route[1] is not StaticFileHandler and "post" in vars(route[1])
]
Invited = Callable[..., tuple[str, requests.Session]]


@pytest.fixture(scope="module")
def owner(served: Served) -> requests.Session:
    return with_form(served, served.sign_in())


@pytest.fixture
def invited(served: Served, owner: requests.Session) -> Invited:
    """Let a test invite people of its own: the server is shared."""

    def invite(role: str = "viewer") -> tuple[str, requests.Session]:
        name = f"p{uuid4().hex[:12]}"
        reply = served.post(owner, "/account/users/invite", role=role)
        token = link_of(reply)
        session = served.form("/welcome", token=token)
        made = served.post(session, "/welcome", token=token, name=name, password=PHRASE)
        assert made.status_code == 302, made.text
        return name, with_form(served, session)

    return invite


def with_form(served: Served, session: requests.Session) -> requests.Session:
    """Load a page with a form, which brings the XSRF cookie."""
    session.get(f"{served.base}/account").raise_for_status()
    return session


def get(served: Served, session: requests.Session, path: str) -> requests.Response:
    return session.get(f"{served.base}{path}", allow_redirects=False)


def link_of(reply: requests.Response) -> str:
    found = re.search(r"/welcome\?token=([\w-]+)", reply.text)
    assert found, reply.text
    return found[1]


def key_of(reply: requests.Response) -> str:
    found = re.search(r"tezi_[0-9a-f]{8}_[\w-]{43}", reply.text)
    assert found, reply.text
    return found[0]


def ids_of(served: Served, session: requests.Session, path: str) -> list[str]:
    """Return the ids that the forms of a page would send."""
    return re.findall(r'name="id" value="([^"]+)"', get(served, session, path).text)


def is_in(served: Served, session: requests.Session) -> bool:
    return get(served, session, "/login/state").status_code == 204


def make_key(served: Served, session: requests.Session, name: str, **words: Any):
    words = {"scope": "read", "lifetime": "90", **words}
    return served.post(session, "/account/keys", name=name, **words)


def row_of(reply: requests.Response, words: str) -> str:
    """Return the table row that holds some words."""
    rows = re.findall(r"<tr.*?</tr>", reply.text, re.DOTALL)
    return next(row for row in rows if words in row)


# -- who gets in -------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [*OWN_PAGES, *OWNERS_PAGES])
def test_a_stranger_is_led_to_the_sign_in_page_and_back(served: Served, path: str):
    reply = requests.get(f"{served.base}{path}", allow_redirects=False, timeout=PATIENCE_S)
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/login?next={path.replace('/', '%2F')}"


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_its_token_is_refused(served: Served, owner: requests.Session, path: str):
    reply = served.post(owner, path, _xsrf="", id="1")
    assert reply.status_code == 403
    assert "This form was open too long." in reply.text


def test_a_stranger_s_form_does_nothing(served: Served):
    session = served.form("/login")
    reply = served.post(session, "/account/users/invite", role="owner")
    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/login")


@pytest.mark.parametrize("path", OWNERS_PAGES)
def test_others_than_owners_do_not_see_everybody_s_pages(
    served: Served, invited: Invited, path: str
):
    for role in ("viewer", "researcher"):
        _, person = invited(role)
        reply = get(served, person, path)
        assert reply.status_code == 403
        assert "Only an owner may see this page." in reply.text
        assert "/account/users" not in reply.text  # nor does the navigation lead there


@pytest.mark.parametrize("path", [path for path in POSTS if "/users/" in path])
def test_others_than_owners_manage_nobody(
    served: Served, owner: requests.Session, invited: Invited, path: str
):
    name, person = invited("researcher")
    before = row_of(get(served, owner, "/account/users"), name)
    number = re.findall(r'name="id" value="(\d+)"', before)[0]
    reply = served.post(person, path, id=number, role="owner")
    assert reply.status_code == 403
    assert strip(row_of(get(served, owner, "/account/users"), name)) == strip(before)


def strip(row: str) -> str:
    """Return a row without its XSRF tokens, which differ each time."""
    return re.sub(r'name="_xsrf" value="[^"]*"', "", row)


def test_every_page_forbids_caching_framing_and_other_hosts(
    served: Served, owner: requests.Session
):
    for path in (*OWN_PAGES, *OWNERS_PAGES):
        reply = get(served, owner, path)
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        forbidden = {name for name in attributes(reply.text) if name.startswith(("style", "on"))}
        assert forbidden == set()  # by the policy


def attributes(page: str) -> set[str]:
    """Return the names of all attributes of a page; what stands in a value is none."""
    names: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.update(name for name, _ in attrs)

    Reader().feed(page)
    return names


# -- the password ------------------------------------------------------------------------------
def test_a_new_password_ends_every_other_sign_in(served: Served, invited: Invited):
    name, person = invited()
    other = served.sign_in(name, PHRASE)
    new = "a newer longer phrase"
    reply = served.post(person, "/account/password", old=PHRASE, new=new, again=new)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account?done=password")
    assert "The password is changed" in get(served, person, "/account?done=password").text
    assert is_in(served, person)
    assert not is_in(served, other)
    assert is_in(served, served.sign_in(name, new))


@pytest.mark.parametrize(
    ("old", "new", "again", "status", "field", "sentence"),
    [
        ("not this one", "a new long phrase", "a new long phrase", 403, "old", "is wrong"),
        (PHRASE, "a new long phrase", "another one here", 400, "new", "passwords differ"),
        (PHRASE, "short", "short", 400, "new", "at least 12 characters"),
    ],
)
def test_a_refused_password_says_why_beside_its_field_and_is_not_kept(
    served: Served, invited: Invited, old, new, again, status, field, sentence
):
    _, person = invited()
    reply = served.post(person, "/account/password", old=old, new=new, again=again)
    assert reply.status_code == status
    said = re.search(rf'id="{field}-problem".*?</p>', reply.text, re.DOTALL)
    assert said
    assert sentence in said[0]
    assert not any(f'"{typed}"' in reply.text for typed in (old, new, again))


def test_guessing_the_current_password_runs_out_of_tries(served: Served, invited: Invited):
    _, person = invited()
    replies = [
        served.post(person, "/account/codes/remove", password=f"guess {n}") for n in range(6)
    ]
    assert [reply.status_code for reply in replies] == [403] * 5 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert is_in(served, person)


# -- one-time codes ----------------------------------------------------------------------------
def test_codes_are_turned_on_by_a_code_and_off_by_the_password(served: Served, invited: Invited):
    name, person = invited()
    assert served.post(person, "/account/codes", password="wrong").status_code == 403
    offered = served.post(person, "/account/codes", password=PHRASE)
    secret = re.search(r">([A-Z2-7]{32})</textarea>", offered.text)
    assert secret
    assert "<svg" in offered.text
    assert 'class="qrline"' in offered.text
    assert offered.headers["Cache-Control"] == "no-store"

    wrong = served.post(person, "/account/codes/confirm", code="12345")
    assert wrong.status_code == 403
    assert "The code is wrong." in wrong.text
    assert secret[1] not in wrong.text
    code = pyotp.TOTP(secret[1]).now()
    right = served.post(person, "/account/codes/confirm", code=f"{code[:3]} {code[3:]}")
    assert right.headers["Location"] == "/account?done=codes-on"
    assert secret[1] not in get(served, person, "/account").text

    login = served.form("/login")
    assert served.post(login, "/login", name=name, password=PHRASE).status_code == 401
    assert served.post(person, "/account/codes/remove", password="wrong").status_code == 403
    assert served.post(person, "/account/codes/remove", password=PHRASE).status_code == 303
    assert is_in(served, served.sign_in(name, PHRASE))


# -- sessions ----------------------------------------------------------------------------------
def test_sessions_are_listed_and_ended_one_by_one(served: Served, invited: Invited):
    name, person = invited()
    other = served.sign_in(name, PHRASE)
    page = get(served, person, "/account/sessions").text
    assert page.count("THIS ONE") == 1
    assert page.count("Python (requests)") >= 2
    assert "127.0.0.1" in page or "::1" in page
    (number,) = ids_of(served, person, "/account/sessions")  # of the other one alone
    reply = served.post(person, "/account/sessions/end", id=number)
    assert reply.headers["Location"] == "/account/sessions?done=session"
    assert is_in(served, person)
    assert not is_in(served, other)


def test_nobody_ends_another_s_session(served: Served, invited: Invited):
    name, person = invited()
    served.sign_in(name, PHRASE)
    (number,) = ids_of(served, person, "/account/sessions")
    _, stranger = invited()
    served.post(stranger, "/account/sessions/end", id=number)
    assert ids_of(served, person, "/account/sessions") == [number]


def test_signing_out_everywhere_else_leaves_this_one(served: Served, invited: Invited):
    name, person = invited()
    other = served.sign_in(name, PHRASE)
    served.post(person, "/account/sessions/end-others")
    assert (is_in(served, person), is_in(served, other)) == (True, False)


def test_signing_out_everywhere_ends_this_one_too(served: Served, invited: Invited):
    name, person = invited()
    other = served.sign_in(name, PHRASE)
    reply = served.post(person, "/account/sessions/end-all")
    assert reply.headers["Location"] == "/login"
    assert (is_in(served, person), is_in(served, other)) == (False, False)


# -- API keys ----------------------------------------------------------------------------------
def test_a_key_is_shown_once_and_never_again(served: Served, invited: Invited):
    _, person = invited()
    made = make_key(served, person, "morning notebook")
    assert made.headers["Cache-Control"] == "no-store"
    key = key_of(made)
    assert made.text.count(key) == 1
    for path in OWN_PAGES:
        assert key not in get(served, person, path).text
    row = row_of(get(served, person, "/account/keys"), "morning notebook")
    assert "It has not been used" in row
    assert key not in served.log.read_text()


def test_a_reload_of_the_page_that_shows_a_key_makes_no_second_one(
    served: Served, invited: Invited
):
    _, person = invited()
    make_key(served, person, "one")
    again = make_key(served, person, "one")
    assert again.status_code == 400
    assert "A key of that name is there already" in again.text
    assert len(ids_of(served, person, "/account/keys")) == 1


def test_a_key_is_revoked_by_its_person_alone(served: Served, invited: Invited):
    _, person = invited()
    make_key(served, person, "mine")
    (number,) = ids_of(served, person, "/account/keys")
    _, stranger = invited()
    served.post(stranger, "/account/keys/revoke", id=number)
    assert ids_of(served, person, "/account/keys") == [number]
    served.post(person, "/account/keys/revoke", id=number)
    assert ids_of(served, person, "/account/keys") == []
    assert "REVOKED" in row_of(get(served, person, "/account/keys"), "mine")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"scope": []}, "scope"),
        ({"scope": "export"}, "scope"),  # not a viewer's
        ({"scope": "everything"}, "scope"),
        ({"lifetime": "forever"}, "lifetime"),
        ({"lifetime": ""}, "lifetime"),
        ({"name": "   "}, "name"),
    ],
)
def test_a_refused_key_says_why_beside_its_field_and_keeps_what_was_typed(
    served: Served, invited: Invited, words: dict[str, Any], field: str
):
    _, person = invited("viewer")
    typed = {"name": "kept & <kept>", "scope": "read", "lifetime": "30"} | words
    reply = served.post(person, "/account/keys", **typed)
    assert reply.status_code == 400
    assert f'id="{field}-problem"' in reply.text
    assert f'value="{html.escape(typed["name"].strip())}"' in reply.text
    if typed["lifetime"] == "30":
        assert 'value="30" checked' in reply.text
    assert ids_of(served, person, "/account/keys") == []


def test_scopes_and_lifetimes_offered_are_the_role_s(served: Served, invited: Invited):
    offered = {}
    for role in ("viewer", "researcher"):
        _, person = invited(role)
        page = get(served, person, "/account/keys").text
        offered[role] = re.findall(r'name="scope" value="(\w+)"', page)
        assert re.findall(r'name="lifetime" value="(\w+)"', page) == [
            "1",
            "30",
            "90",
            "365",
            "never",
        ]
    assert offered == {"viewer": ["read"], "researcher": ["read", "replay", "export"]}


# -- everybody ---------------------------------------------------------------------------------
def test_an_invitation_s_link_is_shown_once_and_can_be_withdrawn(
    served: Served, owner: requests.Session
):
    token = link_of(served.post(owner, "/account/users/invite", role="researcher"))
    page = get(served, owner, "/account/users").text
    assert token not in page
    withdraw = re.findall(r'users/withdraw".*?name="id" value="(\d+)"', page, re.DOTALL)
    for number in withdraw:
        served.post(owner, "/account/users/withdraw", id=number)
    session = served.form("/login")
    reply = served.post(session, "/welcome", token=token, name="late.comer", password=PHRASE)
    assert reply.status_code == 403
    assert "None is open." in get(served, owner, "/account/users").text


def test_an_owner_changes_a_role(served: Served, owner: requests.Session, invited: Invited):
    name, person = invited("viewer")
    (number,) = set(re.findall(r'name="id" value="(\d+)"', row(served, owner, name)))
    reply = served.post(owner, "/account/users/role", id=number, role="researcher")
    assert reply.headers["Location"] == "/account/users?done=role"
    assert not is_in(served, person)  # what is open was opened for the role before
    again = served.sign_in(name, PHRASE)
    assert "Reads, replays" in get(served, again, "/account").text


def test_an_owner_shuts_an_account_out_and_lets_it_in_again(
    served: Served, owner: requests.Session, invited: Invited
):
    name, person = invited()
    (number,) = set(re.findall(r'name="id" value="(\d+)"', row(served, owner, name)))
    served.post(owner, "/account/users/disable", id=number)
    assert not is_in(served, person)
    assert "DISABLED" in row(served, owner, name)
    served.post(owner, "/account/users/enable", id=number)
    assert is_in(served, served.sign_in(name, PHRASE))


def row(served: Served, owner: requests.Session, name: str) -> str:
    return row_of(get(served, owner, "/account/users"), name)


@pytest.mark.parametrize("act", ["role", "disable", "enable"])
def test_an_owner_s_own_account_and_unknown_ones_are_refused(
    served: Served, owner: requests.Session, act: str
):
    for number in ("1", "999999", "-1", "x", "", "9" * 30, "1 OR 1=1"):
        reply = served.post(owner, f"/account/users/{act}", id=number, role="viewer")
        assert reply.status_code == 400, number
        assert 'class="refusal"' in reply.text, number
    assert get(served, owner, "/account/users").status_code == 200  # an owner still


def test_an_unknown_role_is_refused(served: Served, owner: requests.Session):
    reply = served.post(owner, "/account/users/invite", role="king")
    assert reply.status_code == 400
    assert "Choose a role" in reply.text


# -- the log -----------------------------------------------------------------------------------
def test_the_log_is_told_in_words_and_by_event(
    served: Served, owner: requests.Session, invited: Invited
):
    _, person = invited()
    make_key(served, person, "told of")
    page = get(served, owner, "/account/audit").text
    assert "told of" in page
    assert re.search(r"\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d IST", page)
    made = get(served, owner, "/account/audit?event=key_made").text
    shown = set(re.findall(r'data-label="Event"[^>]*>([^<]+)<', made))
    assert shown == {"API key made"}
    odd = get(served, owner, "/account/audit?event=%3Cscript%3E&before=x")
    assert odd.status_code == 200
    assert "<script>" not in odd.text.partition("<main")[2]


def logged(*kinds: str) -> Callable[[int | None, int], list[AuditEvent]]:
    """Return what reads a log of these events, the first one the oldest, numbered from 1."""
    events = [AuditEvent(n, n, None, kind, "", "") for n, kind in enumerate(kinds, 1)][::-1]

    def read(before: int | None, limit: int) -> list[AuditEvent]:
        return [one for one in events if before is None or one.id < before][:limit]

    return read


def test_the_log_is_paged_by_number():
    read = logged(*["sign_in"] * 120)
    first = read_page(read, None, "")
    assert (first.events[0].id, first.events[-1].id, first.next_before) == (120, 71, 71)
    second = read_page(read, 71, "")
    assert (second.events[0].id, second.events[-1].id, second.next_before) == (70, 21, 21)
    last = read_page(read, 21, "")
    assert (len(last.events), last.next_before) == (20, None)


def test_events_of_one_kind_are_found_among_many_others():
    read = logged("role_changed", *["sign_in"] * 2500, "role_changed")
    page = read_page(read, None, "role_changed")
    assert [one.id for one in page.events] == [2502, 1]
    assert page.next_before is None


# -- the status --------------------------------------------------------------------------------
def test_the_status_names_the_sign_in_the_keys_the_api_and_kite(
    served: Served, owner: requests.Session
):
    page = get(served, owner, "/account/status").text
    jwks = get(served, owner, "/.well-known/jwks.json").json()
    assert all(key["kid"] in page for key in jwks["keys"])
    assert "Signs new tokens" in page
    assert "then the page asks you to sign in again" in page
    assert "TEZI_API_PORT is 0" in page
    assert "Kite is not connected" in page


# -- injection ---------------------------------------------------------------------------------
def test_html_in_a_name_is_text(served: Served, owner: requests.Session):
    name = '"><img src=x onerror=alert(1)> {{ 7 * 7 }}'
    made = make_key(served, owner, f"{name}{uuid4().hex[:8]}")
    for page in (made.text, get(served, owner, "/account/audit").text):
        assert "<img" not in page
        assert html.escape('"><img src=x') in page
        assert "{{ 7 * 7 }}" in page


def test_html_in_a_browser_s_name_is_text(served: Served, invited: Invited):
    name, person = invited()
    login = served.form("/login")
    login.headers["User-Agent"] = "<script>alert(1)</script>"
    served.post(login, "/login", name=name, password=PHRASE)
    page = get(served, person, "/account/sessions").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("word", ["%0d%0aX-Evil:%201", "%3Cb%3E", "unknown"])
def test_a_word_in_the_address_adds_neither_header_nor_text(
    served: Served, owner: requests.Session, word: str
):
    reply = get(served, owner, f"/account?done={word}")
    assert reply.status_code == 200
    assert "X-Evil" not in reply.headers
    assert 'class="banner' not in reply.text


def test_a_line_break_in_a_key_s_name_is_dropped(served: Served, owner: requests.Session):
    mark = uuid4().hex[:8]
    reply = make_key(served, owner, f"a\r\nSet-Cookie: b={mark}")
    assert "Set-Cookie" not in reply.headers
    assert f"aSet-Cookie: b={mark}" in reply.text


# -- words -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128 on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge 126 on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17 on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Mobile Safari/537.36",
            "Chrome 126 on Android",
        ),
        ("python-requests/2.32.3", "Python (requests) 2.32.3"),
        ("something of one's own", "something of one's own"),
        ("x" * 60, f"{'x' * 40}…"),
        ("", "—"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str):
    assert agent_words(agent) == words


def test_instants_are_told_in_ist_as_seen_now():
    now = datetime(2026, 8, 18, 13, 42, 18, tzinfo=IST)
    moments = Moments(to_ns(now))
    earlier = to_ns(datetime(2026, 8, 17, 9, 5, 7, tzinfo=IST))
    minutes_ago = to_ns(datetime(2026, 8, 18, 13, 30, tzinfo=IST))
    assert moments.day_and_minute(minutes_ago) == "today 13:30 IST"
    assert moments.day_and_minute(earlier) == "Mon 17 Aug 2026, 09:05 IST"
    assert moments.day_and_minute(None) == moments.ago(None) == "—"
    assert moments.to_the_second(earlier) == "Mon 17 Aug 2026, 09:05:07 IST"
    assert moments.ago(to_ns(now)) == "now"
    assert moments.ago(minutes_ago) == "12m ago"
    assert moments.ago(earlier) == "Mon 17 Aug 2026"
    assert moments.left(to_ns(datetime(2026, 8, 18, 15, 42, 18, tzinfo=IST))) == "2h"
    assert moments.left(earlier) == "over"
    assert (moments.is_over(earlier), moments.is_over(None)) == (True, False)


def test_an_event_that_is_not_known_stays_as_it_was_written():
    assert (event_words("sign_in"), event_words("other")) == ("Signed in", "other")
