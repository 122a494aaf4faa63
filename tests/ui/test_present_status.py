"""The status room and its banners, as Python makes them: every word typed in."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from dashboard.core.health import DOWN, FLOWING, LATE, OperationsStatus, Stage, Transition
from dashboard.core.kite import SessionState
from dashboard.core.market import Source
from dashboard.ui.present import Presenter, present
from dashboard.ui.present_notices import banner_pane
from dashboard.ui.present_status import SESSIONS, status_pane
from dashboard.ui.selection import Selection
from tests.ui.sample import make_snapshot
from tests.ui.sample_operations import NOW, OPERATIONS, at, make_broken, make_good

DESK, ROOM = Selection(), Selection(room="status")


def shown(operations: OperationsStatus | None, role: str = "owner", **look: Any) -> dict[str, Any]:
    return status_pane(make_snapshot(), replace(ROOM, **look), operations, role)


def banners(operations: OperationsStatus | None, role: str = "owner") -> list[dict[str, Any]]:
    calm = make_snapshot(stages=())
    return banner_pane(calm, DESK, (), operations, role)


def test_a_good_day_is_told_from_its_sentence_to_its_report():
    pane = shown(make_good())
    assert (pane["mode"], pane["sentence"]) == ("LIVE", "Market open · F&O to 15:40 IST")
    assert (pane["next"], pane["at"]) == ("Next: 15:15 the closing auction begins", "13:42:18")
    assert pane["keys"] == [
        {
            "key": "…k3y1",
            "shape": "flowing",
            "word": "Signed in",
            "since": "08:52 IST",
            "reason": "Ticks came with it",
            "user": "AR1234",
            "no_user": "",
            "sign_in": True,
            "due": False,
        }
    ]
    assert pane["connections"][1] == {
        "number": "1",
        "key": "…k3y1",
        "shape": "flowing",
        "word": "Flowing",
        "since": "Since 11:09 IST",
        "tokens": "221",
        "age": "0.5 s",
        "no_age": "",
        "messages": "41,007",
        "attempts": "0",
        "reason": "",
    }
    assert pane["subscribed"] == [
        ["NIFTY", "149"],
        ["BANKNIFTY", "147"],
        ["SENSEX", "145"],
        ["INDIAVIX", "1"],
        ["All", "442"],
    ]
    assert pane["transitions"]["rows"][0] == ["11:09:12", "Connection 1 flowing"]
    assert pane["problems"] == []


def test_rates_and_ages_of_stages_are_dashes_with_a_reason_where_they_are_unknown():
    stages = {one["name"]: one for one in shown(make_good())["stages"]}
    assert (stages["Decode"]["rate"], stages["Socket"]["rate"]) == ("1,204/s", "5.2/s")
    assert (stages["Kite"]["age"], stages["Kite"]["no_age"]) == (
        "—",
        "No event of it has been seen yet",
    )
    assert stages["Bars"]["rate"] == "—"
    assert stages["Bars"]["no_rate"].startswith("Nothing is counted at this stage")


def test_a_report_groups_its_figures_and_explains_what_is_not_known():
    (report,) = shown(make_good())["reports"]
    figures = {title: (text, why) for title, text, why in report["figures"]}
    assert (report["title"], report["written"]) == ("Mon 17 Aug 2026", "written 17 Aug 15:52 IST")
    assert figures["Ticks"] == ("1,20,12,345", "")
    assert figures["Largest price difference (INR)"] == ("0.05", "")
    assert figures["First frame"] == ("08:55:01 IST", "")
    assert figures["Not at the exchange"] == (
        "—",
        "It could not be had when the report was written",
    )


@pytest.mark.parametrize("state", list(SessionState))
def test_every_state_of_a_session_is_a_shape_and_a_word(state: SessionState):
    good = make_good()
    one = replace(good.sessions[0], state=state, since_ns=at(6, 0, day=17))
    (key,) = shown(replace(good, sessions=(one,)))["keys"]
    expected = {
        "valid": ("flowing", "Signed in", False),
        "expired": ("late", "Expired, to be tried", True),
        "required": ("down", "Sign-in due", True),
        "refreshing": ("late", "Being tried", False),
    }
    assert (key["shape"], key["word"], key["due"]) == expected[state]
    assert key["since"] == "17 Aug 06:00 IST"
    assert set(SESSIONS) == set(SessionState)


def test_only_the_owner_is_offered_the_sign_in():
    assert [one["sign_in"] for one in shown(make_broken(), "owner")["keys"]] == [True] * 3
    assert [one["sign_in"] for one in shown(make_broken(), "viewer")["keys"]] == [False] * 3


def test_a_connection_without_a_message_has_no_age():
    refused, waiting, silent = shown(make_broken())["connections"]
    assert (refused["shape"], refused["word"], refused["age"]) == ("down", "Refused", "42 s")
    assert (waiting["word"], waiting["age"]) == ("Waiting to try again", "—")
    assert waiting["no_age"] == "No message has come on this connection"
    assert (silent["shape"], silent["word"]) == ("late", "Open, no tick yet")


def test_without_operations_one_sentence_and_the_stages_of_the_desk():
    pane = shown(None)
    assert pane["connected"] is False
    assert pane["sentence"] == "Kite is not connected: this desk plays recorded or generated days."
    assert pane["next"] == "How to connect it is told in the README, under “Connect Kite”."
    assert [one["name"] for one in pane["stages"]] == [
        "Feed",
        "Decode",
        "Bars",
        "Chain",
        "Signals",
        "Store",
    ]
    assert pane["stages"][3]["word"] == "Late"


def test_a_blind_visit_is_told_of_no_stored_day():
    pane = shown(make_good(), blind=True)
    assert (pane["reports"], pane["no_reports"]) == ([], "Blind: stored days are hidden.")
    assert "2026-08-17" not in orjson.dumps(pane).decode()


def test_of_very_many_transitions_the_latest_are_shown_and_the_others_counted():
    many = tuple(Transition(at(9, 30) + i * 10**9, f"Number {i}") for i in range(203))
    told = shown(replace(make_good(), transitions=many))["transitions"]
    assert (len(told["rows"]), told["left"]) == (200, 3)
    assert told["rows"][0] == ["09:33:22", "Number 202"]


def test_the_room_is_made_only_while_it_is_open_and_only_when_operations_looked_again():
    presenter, snapshot, good = Presenter("owner"), make_snapshot(), make_good()
    assert "status" not in presenter.present(snapshot, DESK, (), good)
    first = presenter.present(snapshot, ROOM, (), good)["status"]
    quiet = replace(good, sentence="Something else, in the same look")
    assert presenter.present(snapshot, ROOM, (), quiet)["status"] == first
    later = replace(quiet, at_ns=NOW + 10**9)
    assert presenter.present(snapshot, ROOM, (), later)["status"] != first
    stuck = replace(later, stages=(Stage("Scheduler", DOWN, "Has not looked for 9s", 9.0),))
    assert "Has not looked for 9s" in presenter.present(snapshot, ROOM, (), stuck)["status"]


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_all_texts_are_json_without_nan(name: str):
    for text in present(make_snapshot(), ROOM, (), OPERATIONS[name](), "owner").values():
        orjson.loads(text)


# -- banners ---------------------------------------------------------------------------------


def test_a_good_day_has_no_banner():
    assert banners(make_good()) == []
    assert banners(None) == []


def test_a_sign_in_that_is_due_says_what_since_when_and_what_comes_next():
    due = banners(make_broken())[0]
    assert due["id"] == "kite-…k3y1-required"
    assert (due["title"], due["kind"]) == ("Kite sign-in due: key …k3y1", "error")
    assert due["text"] == (
        "Since 13:41 IST: Kite refused the token: sign in again. "
        "Nothing is received with it until then; the rest runs by itself."
    )
    assert due["more"] == "15:15 the closing auction begins"
    assert due["action"]["label"] == "Sign in to Kite"
    assert due["action"]["post"] == {"to": "/kite/login", "fields": {"key": "…k3y1"}}
    assert due["calls"] is True


def test_others_than_the_owner_are_told_who_can_sign_in():
    due = banners(make_broken(), "viewer")[0]
    assert due["text"].endswith("Only the owner can sign in.")
    assert "post" not in due["action"]
    assert (due["action"]["label"], due["action"]["room"]) == ("Show status", "status")


def test_a_token_that_is_still_to_be_tried_is_told_only_where_nobody_must_sign_in():
    broken = make_broken()
    assert not any("expired" in one["title"] for one in banners(broken))
    expired = replace(broken, sessions=broken.sessions[1:])
    told = next(one for one in banners(expired) if one["id"].startswith("kite"))
    assert (told["title"], told["kind"]) == ("Kite’s token has expired: key …k3y2", "warning")
    assert "tried once when the day is prepared" in told["text"]


def test_no_sign_in_is_asked_for_where_the_desk_is_not_live():
    assert not any(
        one["id"].startswith("kite") for one in banners(replace(make_broken(), mode="replay"))
    )


@pytest.mark.parametrize(
    ("state", "title", "kind"),
    [
        (DOWN, "The socket to Kite is down.", "error"),
        (LATE, "The socket to Kite is late.", "warning"),
    ],
)
def test_a_socket_that_is_behind(state: str, title: str, kind: str):
    stage = Stage("Socket", state, "No message for 42s", 42.0, 0.0, "Look at the network.")
    (told,) = banners(replace(make_good(), stages=(stage,)))
    assert (told["title"], told["kind"]) == (title, kind)
    assert told["text"] == (
        "No message for 42s. Last event 42 s ago, at 13:41:36 IST. Look at the network."
    )
    assert told["action"]["room"] == "status"


@pytest.mark.parametrize(
    ("state", "title"), [(DOWN, "The desk has failed."), (LATE, "The desk is behind.")]
)
def test_a_desk_that_does_not_follow(state: str, title: str):
    """A page that is not drawn anew looks as it did when all was well."""
    stage = Stage("Desk", state, "What it shows is of 13:41:36, 42s ago", 42.0, todo="Restart.")
    (told,) = banners(replace(make_good(), stages=(stage,)))
    assert told["title"] == title
    assert "13:41:36" in told["text"]


@pytest.mark.parametrize("name", ["Tape", "Store", "Database"])
def test_a_store_that_cannot_be_written_is_one_banner(name: str):
    broken = Stage(name, DOWN, "The database is read-only", 31.0, todo="Make it writable.")
    also = Stage("Tape", DOWN, "The disk is full")
    (told,) = banners(replace(make_good(), stages=(broken, also)))
    assert told["title"] == f"{name} cannot be written."
    assert told["text"] == (
        "The database is read-only. Last event 31 s ago, at 13:41:47 IST. Make it writable."
    )


def test_a_store_is_told_without_operations_too():
    stages = (Stage("Store", DOWN, "The disk is full"),)
    (told,) = banner_pane(make_snapshot(stages=stages, source=Source.MOCK), DESK, ())
    assert (told["title"], told["text"]) == ("Store cannot be written.", "The disk is full.")


def test_a_scheduler_that_stands_still():
    stage = Stage("Scheduler", DOWN, "Has not looked for 9s", 9.0, todo="Restart Tezi.")
    (told,) = banners(replace(make_good(), stages=(stage,)))
    assert told["title"] == "The scheduler stands still."


def test_all_problems_are_one_banner_with_the_first_sentence_and_a_count():
    told = banners(make_broken())[-1]
    assert told["title"] == "Another process holds the connection to Kite."
    assert told["text"] == "Stop the other one, or look at the day there."
    assert told["more"] == "and 1 other problem"
    (alone,) = banners(replace(make_good(), problems=("The calendar ends soon",)))
    assert (alone["title"], alone["text"], alone["more"]) == ("The calendar ends soon.", "", "")


def test_the_gravest_banner_comes_first():
    assert [one["kind"] for one in banners(make_broken())] == [*["error"] * 3, "warning"]


def test_flowing_stages_are_no_banner():
    assert banners(replace(make_good(), stages=(Stage("Socket", FLOWING, "2 connections"),))) == []
