"""Pages: a cursor is good for the next page of the same list, and for nothing else."""

import base64

import pytest

from dashboard.api.paging import Paging
from dashboard.api.problems import Problem

ASKED = (("instrument", "NIFTY 50"),)


def paging(cursor: str | None = None, question: tuple[tuple[str, str], ...] = ASKED) -> Paging:
    return Paging("/v1/bars", question, 2, cursor)


def test_a_cursor_leads_to_where_the_page_ended():
    document, headers = paging().document([1, 2], 77)
    assert paging(document["next"]).after(int) == 77
    assert headers["Link"].startswith("</v1/bars?instrument=NIFTY+50&limit=2&cursor=")
    assert headers["Link"].endswith('>; rel="next"')


def test_the_last_page_has_none():
    assert paging().document([1], None) == ({"items": [1], "next": None}, {})


def test_the_first_page_needs_none():
    assert paging(None).after(int) is None
    assert paging("").after(str) is None


def test_a_changed_cursor_is_refused():
    cursor = paging().document([1], 77)[0]["next"]
    raw = base64.urlsafe_b64decode(cursor)
    forged = base64.urlsafe_b64encode(raw[:-1] + b"8").decode()
    for wrong in (forged, cursor[:-4], "garbage", "ümlaut", "====", "A" * 40):
        with pytest.raises(Problem) as refused:
            paging(wrong).after(int)
        assert (refused.value.status, refused.value.where) == (422, "cursor")


def test_a_cursor_of_another_list_is_refused():
    cursor = paging().document([1], 77)[0]["next"]
    with pytest.raises(Problem):
        paging(cursor, (("instrument", "NIFTY BANK"),)).after(int)
    with pytest.raises(Problem):
        paging(cursor).after(str)


def test_nothing_of_the_question_breaks_the_header():
    _, headers = paging(question=(("q", "a\r\nSet-Cookie: x=1"),)).document([1], 5)
    assert "\r" not in headers["Link"]
    assert "\n" not in headers["Link"]
