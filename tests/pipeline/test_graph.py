"""The graph goes on when a step raises, says which, and leaves nothing behind."""

import pytest
from streamz.sinks import _global_sinks

from dashboard.core.market import Frame
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.graph import Steps, build_graph
from tests.pipeline.frames import DAY, FUTURE, NIFTY, Tick, instant, message, nanoseconds
from tests.pipeline.stored import AFTERNOON, play_to


def plain(kept: list, **others) -> Steps:
    """Return steps that hand on what they are given."""
    steps = {
        "decode": lambda frame: (frame, "batch"),
        "clean": lambda event: (event[0], ["ticks"]),
        "gather": lambda event: [event[0].payload],
        "advance": lambda now: [now],
        "read": lambda closed: list(closed),
        "keep": [kept.extend],
    }
    return Steps(**{**steps, **others})


def frame(payload: bytes) -> Frame:
    return Frame(1, 1, payload)


def test_a_frame_goes_through_every_step():
    kept: list = []
    graph = build_graph(plain(kept))
    graph.frames.emit(frame(b"one"))
    graph.clock.emit(5)
    graph.destroy()
    assert kept == [b"one", 5]
    assert (graph.guard.count, graph.guard.errors) == (0, {})


@pytest.mark.parametrize(
    ("step", "name"),
    [("decode", "Decode"), ("clean", "Hygiene"), ("gather", "Bars"), ("read", "Signals")],
)
def test_a_step_that_raises_is_counted_and_named_and_later_events_go_on(step, name):
    kept: list = []
    good = getattr(plain([]), step)

    def fail_once(event):
        if not failures:
            failures.append(event)
            raise ValueError("no")
        return good(event)

    failures: list = []
    graph = build_graph(plain(kept, **{step: fail_once}))
    graph.frames.emit(frame(b"one"))
    graph.frames.emit(frame(b"two"))
    graph.destroy()
    assert kept == [b"two"]
    assert (graph.guard.count, graph.guard.errors) == (1, {name: "ValueError: no"})


def test_a_clock_that_raises_does_not_stop_the_frames():
    kept: list = []

    def fail(_now):
        raise ValueError("no")

    graph = build_graph(plain(kept, advance=fail))
    graph.clock.emit(5)
    graph.frames.emit(frame(b"one"))
    graph.destroy()
    assert kept == [b"one"]
    assert graph.guard.errors == {"Bars": "ValueError: no"}


def test_a_keeper_that_raises_does_not_stop_the_others():
    kept: list = []

    def fail(_readings):
        raise OSError("disk full")

    graph = build_graph(plain(kept, keep=[fail, kept.extend]))
    graph.frames.emit(frame(b"one"))
    graph.destroy()
    assert kept == [b"one"]
    assert graph.guard.errors == {"Store": "OSError: disk full"}


def test_what_carries_nothing_goes_no_further():
    kept: list = []
    graph = build_graph(plain(kept, decode=lambda _frame: None, advance=lambda _now: []))
    graph.frames.emit(frame(b"one"))
    graph.clock.emit(5)
    graph.destroy()
    assert kept == []


def test_nothing_stays_behind():
    before = set(_global_sinks)
    graph = build_graph(plain([]))
    assert len(_global_sinks) == len(before) + 1
    graph.destroy()
    graph.destroy()
    assert set(_global_sinks) == before
    assert not list(graph.frames.downstreams)
    assert not list(graph.clock.downstreams)


def test_an_opening_that_fails_leaves_nothing_behind(tools, monkeypatch):
    day = StoredDay(tools, DAY, AFTERNOON)
    day.load(lambda _share, _text: None)
    before = set(_global_sinks)

    def fail(*_args):
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(tools.store), "frames", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        day.open(instant("15:12:00"))
    assert set(_global_sinks) == before


def test_a_message_that_breaks_a_step_costs_only_itself(play, monkeypatch):
    day = play(NIFTY, FUTURE).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:01"))
    decoder = day.pipeline.decoder

    def fail(_payload):
        raise MemoryError("too long")

    monkeypatch.setattr(day.pipeline, "decoder", fail)
    payload = message(Tick(NIFTY, 24_100.0, "09:15:02"))
    day.pipeline.process(Frame(nanoseconds("09:15:02"), 1, payload))
    monkeypatch.setattr(day.pipeline, "decoder", decoder)
    day.send(Tick(NIFTY, 24_002.0, "09:15:03"))
    day.until("09:16:05")
    assert day.pipeline.graph.guard.errors == {"Decode": "MemoryError: too long"}
    assert day.bars(NIFTY)["09:15"]["high"] == 24_002.0
    day.pipeline.graph.guard.errors.clear()


def test_a_listener_of_readings_that_raises_does_not_stop_the_next(tools):
    day = StoredDay(tools, DAY, AFTERNOON)
    day.load(lambda _share, _text: None)
    pipeline, frames = day.open(instant("15:12:00"))

    def fail(_readings):
        raise OSError("disk full")

    heard: list = []
    pipeline.on_readings += [fail, heard.extend]
    play_to(pipeline, frames, instant("15:14:00"))
    pipeline.close()
    assert heard
    assert pipeline.graph.guard.errors == {"Store": "OSError: disk full"}
