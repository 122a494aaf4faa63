"""Windows and sessions: which instant belongs where."""

from datetime import date, datetime

import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import CalendarError
from dashboard.core.market import Segment
from dashboard.core.sessions import Phase, Session, Window

DAY = date(2024, 3, 2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 3, 2, hour, minute, tzinfo=IST)


def session(*windows: Window) -> Session:
    return Session(DAY, Segment.FNO, "A", windows, "drill", counts=False, name="a drill")


MORNING = Window(Phase.CONTINUOUS, at(9, 15), at(10))
NOON = Window(Phase.CONTINUOUS, at(11, 30), at(12, 30))


def test_a_window_holds_its_start_but_not_its_end():
    assert at(9, 15) in MORNING
    assert at(10) not in MORNING


def test_a_session_opens_with_its_first_window_and_closes_with_its_last():
    drill = session(Window(Phase.PRE_OPEN, at(9), at(9, 15)), MORNING, NOON)
    assert (drill.open, drill.close) == (at(9, 15), at(12, 30))
    assert drill.continuous == (MORNING, NOON)
    assert drill.is_open


def test_it_is_closed_between_its_windows():
    assert session(MORNING, NOON).phase(at(10, 45)) is Phase.CLOSED
    assert session(MORNING, NOON).phase(at(12)) is Phase.CONTINUOUS


def test_a_day_without_windows_has_no_open():
    assert not session().is_open
    with pytest.raises(CalendarError, match="2024-03-02 is closed \\(a drill\\)"):
        _ = session().open
