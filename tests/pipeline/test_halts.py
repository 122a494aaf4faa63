"""A halt is suspected of an underlying that falls silent, from its bars alone."""

from dataclasses import replace
from datetime import timedelta

from dashboard.core.market import Instrument
from dashboard.signals import load_signals
from tests.pipeline.frames import FUTURE, NIFTY, Tick, instant, seconds


def minutes(played, first: str, count: int, *instruments: Instrument) -> None:
    """Let one tick a minute come, 30 s into it."""
    for number in range(count):
        at = f"{instant(first) + timedelta(minutes=number, seconds=30):%H:%M:%S}"
        played.send(*(Tick(i, 24_000.0 + number, at, volume=65.0 * number) for i in instruments))


def halts(played):
    return played.pipeline.sections.source.halts


def test_a_silence_of_index_and_future_is_a_halt_until_one_of_them_ticks(play):
    played = play(NIFTY, FUTURE).connect()
    minutes(played, "10:00:00", 3, NIFTY, FUTURE)
    played.until("10:08:04")
    assert not halts(played).is_halted("NIFTY")
    played.until("10:08:06")  # 10:07 is closed: five minutes
    assert halts(played).is_halted("NIFTY")
    assert halts(played).reopened("NIFTY") == ()
    minutes(played, "10:15:00", 2, FUTURE)
    played.until("10:17:06")
    assert not halts(played).is_halted("NIFTY")
    assert halts(played).reopened("NIFTY") == (seconds("10:15:00"),)


def test_what_was_said_before_a_halt_stands_and_says_so_while_it_lasts(play):
    played = play(NIFTY, FUTURE, signals={"ema": load_signals()["ema"]}).connect()
    key = ("NIFTY", "ema", "1m")

    def shown():
        return halts(played).flagged(played.pipeline.sections.known)[key]

    minutes(played, "10:00:00", 3, NIFTY, FUTURE)
    played.until("10:07:06")
    before = shown()
    assert "halt_suspected" not in before.flags
    played.until("10:09:06")
    assert shown() == replace(before, flags=(*before.flags, "halt_suspected"))
    assert shown().bar_ts == instant("10:02:00")
    minutes(played, "10:12:00", 2, NIFTY, FUTURE)
    played.until("10:14:06")
    assert shown().bar_ts == instant("10:13:00")
    assert "halt_suspected" not in shown().flags


def test_a_future_that_ticks_on_alone_is_no_halt(play):
    played = play(NIFTY, FUTURE).connect()
    minutes(played, "10:00:00", 3, NIFTY, FUTURE)
    minutes(played, "10:03:00", 10, FUTURE)
    minutes(played, "10:13:00", 2, NIFTY, FUTURE)
    played.until("10:15:06")
    assert halts(played).reopened("NIFTY") == ()


def test_a_hole_in_the_recording_is_no_halt(play):
    played = play(NIFTY, FUTURE).connect()
    minutes(played, "10:00:00", 3, NIFTY, FUTURE)
    played.reopen("10:12:00")
    minutes(played, "10:12:00", 2, NIFTY, FUTURE)
    played.until("10:14:06")
    assert halts(played).reopened("NIFTY") == ()


def test_after_the_index_has_closed_a_silent_future_is_no_halt(play):
    played = play(NIFTY, FUTURE).connect()
    minutes(played, "15:10:00", 7, NIFTY, FUTURE)
    minutes(played, "15:30:00", 2, FUTURE)
    played.until("15:32:06")
    assert halts(played).reopened("NIFTY") == ()


def test_the_first_bar_after_a_halt_says_so_and_tells_of_nothing_fresh(play):
    ema = load_signals()["ema"]

    def judge(table, inputs):
        return replace(ema.judge(table, inputs), flags=("fresh_news", "mixed"))

    signals = {"ema": replace(ema, judge=judge, warmup=1)}
    played = play(NIFTY, FUTURE, signals=signals).connect()
    minutes(played, "10:00:00", 3, NIFTY, FUTURE)
    minutes(played, "10:16:00", 2, NIFTY, FUTURE)
    played.until("10:30:06")
    flags = {(r.timeframe, f"{r.bar_ts:%H:%M}"): r.flags for r in played.readings if r.id == "ema"}
    assert "fresh_news" in flags["1m", "10:02"]
    assert "halt_suspected" not in flags["1m", "10:02"]
    for key in (("1m", "10:16"), ("5m", "10:15"), ("15m", "10:15")):
        assert "halt_suspected" in flags[key]
        assert "fresh_news" not in flags[key]
        assert "mixed" in flags[key]
    assert "halt_suspected" not in flags["1m", "10:17"]
