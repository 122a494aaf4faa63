"""Operations of the drawn moment (Tuesday 18 August 2026, 13:42:18): one good, one broken."""

from dataclasses import replace
from datetime import datetime

from dashboard.core.clock import IST, SECOND_NS, to_ns
from dashboard.core.health import (
    DOWN,
    FLOWING,
    LATE,
    DayReport,
    OperationsStatus,
    Stage,
    Transition,
)
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from tests.ui.sample import AT

NOW = to_ns(AT)
SIGN_IN = "Sign in to Kite: the button is on this page, or run `tezi kite login`."
WAIT = "It connects again by itself; if it goes on, look at the network."


def at(hour: int, minute: int, second: int = 0, day: int = 18) -> int:
    """Return an instant of August 2026 in nanoseconds."""
    return to_ns(datetime(2026, 8, day, hour, minute, second, tzinfo=IST))


def make_good() -> OperationsStatus:
    """Return a day on which everything runs."""
    return OperationsStatus(
        at_ns=NOW,
        mode="live",
        phase="continuous",
        sentence="Market open · F&O to 15:40 IST",
        next_sentence="15:15 the closing auction begins",
        sessions=(
            SessionStatus("…k3y1", SessionState.VALID, at(8, 52), "Ticks came with it", "AR1234"),
        ),
        connections=(
            ConnectionStatus(
                0, "…k3y1", "flowing", 221, at(8, 55, 3), NOW - SECOND_NS // 5, 45_120, 0
            ),
            ConnectionStatus(
                1, "…k3y1", "flowing", 221, at(11, 9, 12), NOW - SECOND_NS // 2, 41_007, 0
            ),
        ),
        stages=(
            Stage("Scheduler", FLOWING, "Looks once a second", 0.4),
            Stage("Kite", FLOWING, "…k3y1: Ticks came with it"),
            Stage("Socket", FLOWING, "442 instruments on 2", 0.5, 5.2),
            Stage("Quotes", FLOWING, "14 liquid instruments tick", 1.2),
            Stage("Feed", FLOWING, "Last message 0s ago", 0.2, 5.2),
            Stage("Decode", FLOWING, "No frame was refused", 0.2, 1_204.0),
            Stage("Bars", FLOWING, "13:41 is closed", 18.0),
            Stage("Chain", FLOWING, "442 quotes", 0.5),
            Stage("Signals", FLOWING, "288 readings", 18.0),
            Stage("Tape", FLOWING, "Written 0s ago", 0.3),
            Stage("Database", FLOWING, "Written 1s ago", 0.8),
        ),
        subscribed={"NIFTY": 149, "BANKNIFTY": 147, "SENSEX": 145, "INDIAVIX": 1},
        transitions=(
            Transition(at(8, 50), "Kite …k3y1 required: Kite wants a sign-in each day"),
            Transition(at(8, 52), "Kite …k3y1 valid: signed in by AR1234"),
            Transition(at(8, 55), "Recording begins: 442 instruments"),
            Transition(at(11, 6, 2), "Connection 1 waiting: the network was unreachable"),
            Transition(at(11, 9, 12), "Connection 1 flowing"),
        ),
        reports=(make_report(),),
    )


def make_report() -> DayReport:
    """Return the report of the day before."""
    return DayReport(
        "2026-08-17",
        at(15, 52, day=17),
        {
            "Instruments": 442,
            "Messages": 45_120,
            "Ticks": 12_012_345,
            "1m bars": 165_750,
            "Equal to the exchange": 165_688,
            "Different": 12,
            "Largest price difference (INR)": 0.05,
            "Not at the exchange": None,
            "Filled in the day": 50,
            "Filled after the day": 0,
            "Gaps": 1,
            "Gap minutes": 3.2,
            "Bytes on tape": 310_000_000,
            "First frame": "08:55:01 IST",
            "Last frame": "15:44:59 IST",
        },
        ("NIFTY26AUG24300CE 11:06: close 0.05 from the exchange’s.",),
    )


def make_broken() -> OperationsStatus:
    """Return a morning on which a person is needed."""
    good = make_good()
    broken = {
        "Kite": Stage("Kite", DOWN, "…k3y1 required: Kite refused the token", todo=SIGN_IN),
        "Socket": Stage(
            "Socket",
            DOWN,
            "1 of 2 connections are down. Kite refused the token",
            42.0,
            0.0,
            SIGN_IN,
        ),
        "Quotes": Stage(
            "Quotes",
            LATE,
            "5 of 14 are stale: NIFTY26AUGFUT has not ticked for 44s",
            44.0,
            todo=WAIT,
        ),
        "Tape": Stage(
            "Tape",
            DOWN,
            "The database is read-only: /srv/tezi/tezi.db",
            31.0,
            todo="Make the database writable: what was received waits in memory until then.",
        ),
        "Decode": Stage("Decode", FLOWING, "No frame was refused", 42.0),
    }
    return replace(
        good,
        sessions=(
            SessionStatus(
                "…k3y1",
                SessionState.REQUIRED,
                at(13, 41, 36),
                "Kite refused the token: sign in again",
                "AR1234",
            ),
            SessionStatus("…k3y2", SessionState.EXPIRED, at(6, 0), "Older than 06:00 IST"),
            SessionStatus("…k3y3", SessionState.REFRESHING, at(13, 42), "The kept token is tried"),
        ),
        connections=(
            replace(
                good.connections[0],
                state="refused",
                last_ns=at(13, 41, 36),
                attempts=1,
                reason="Kite refused the token: sign in again",
            ),
            replace(
                good.connections[1],
                state="waiting",
                last_ns=None,
                messages=0,
                attempts=4,
                reason="The network is unreachable; tried again in 8s",
            ),
            ConnectionStatus(2, "…k3y3", "silent", 120, at(13, 42), NOW - SECOND_NS, 1, 1),
        ),
        stages=tuple(broken.get(stage.name, stage) for stage in good.stages),
        problems=(
            "Another process holds the connection to Kite. Stop the other one, "
            "or look at the day there.",
            "Missing bars could not be had, and are asked for again: Kite answered 503",
        ),
        transitions=(
            *good.transitions,
            Transition(at(13, 41, 36), "Kite …k3y1 required: Kite refused the token"),
        ),
    )


OPERATIONS = {"good": make_good, "broken": make_broken}
