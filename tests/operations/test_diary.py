"""The diary: each change once, one page a day, never without end."""

from datetime import datetime

import pytest

from dashboard.core.clock import IST, ManualClock
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from dashboard.operations.diary import Diary


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 18, 23, 59, 50, tzinfo=IST))


def words(diary: Diary) -> list[str]:
    return [one.what for one in diary.entries]


def test_a_state_is_noted_when_it_changes(clock: ManualClock):
    diary = Diary(clock)
    for state in ("valid", "valid", "required", "valid"):
        diary.change("key", state, f"It is {state}")
    assert words(diary) == ["It is valid", "It is required", "It is valid"]


def test_a_new_date_begins_a_new_page(clock: ManualClock):
    diary = Diary(clock)
    diary.note("late")
    clock.advance(10)
    diary.note("early")
    assert words(diary) == ["early"]
    assert diary.entries[0].at_ns == clock.now_ns()


def test_a_flapping_connection_does_not_fill_the_memory(clock: ManualClock):
    diary = Diary(clock)
    for number in range(1200):
        diary.note(f"{number}")
    assert len(diary.entries) == 500
    assert words(diary)[-1] == "1199"


def test_sessions_and_connections_are_told_with_their_reasons(clock: ManualClock):
    diary = Diary(clock)
    diary.see_sessions([SessionStatus("…0001", SessionState.REQUIRED, 0, "Kite refused it.")])
    for state in ("connecting", "silent", "flowing", "waiting", "connecting", "flowing"):
        diary.see_connections([ConnectionStatus(0, "…0001", state, 2, 0, 0, 1, 0, "It was mute")])
    assert words(diary) == [
        "Kite …0001 required: Kite refused it.",
        "Connection 0 flowing",
        "Connection 0 waiting: It was mute",
        "Connection 0 flowing",
    ]
