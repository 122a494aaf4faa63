"""The flow of one desk as a streamz graph.

frames are decoded, ticks are cleaned, gathered into bars; closed minutes go to the chain
and to the sections; readings go to their keepers. Time passing closes minutes too, so it
is a second source of the same stream. One event is one Kite message.

streamz hands an exception to whoever emitted and skips later siblings, so every node is
guarded: it counts, remembers the sentence and lets the rest go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from streamz import Stream

from dashboard.core.market import Frame, TickBatch
from dashboard.core.signal import Reading
from dashboard.pipeline.arrivals import Arrival
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.hygiene import Ticks

log = structlog.get_logger(__name__)


@dataclass
class Steps:
    """The named steps that `build_graph` joins; each is tested without streamz."""

    decode: Callable[[Arrival], tuple[Frame, TickBatch] | None]
    clean: Callable[[tuple[Frame, TickBatch]], tuple[Frame, list[Ticks]]]
    gather: Callable[[tuple[Frame, list[Ticks]]], list[Closed]]
    advance: Callable[[int], list[Closed]]
    read: Callable[[list[Closed]], list[Reading]]
    keep: list[Callable[[list[Reading]], None]]


class Guard:
    """Count what steps raise, and keep the last sentence of each."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self.count = 0

    def wrap(self, name: str, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return `step` that answers None instead of raising."""

        def guarded(event: Any) -> Any:
            if event is None:  # the step before failed, or had nothing to say
                return None
            try:
                return step(event)
            except Exception as error:
                self.count += 1
                if name not in self.errors:  # once: what fails may fail at every message
                    log.exception("step failed", step=name)
                self.errors[name] = f"{type(error).__name__}: {error}"
                return None

        return guarded


@dataclass
class Graph:
    """The two ends into which a desk pushes: frames, and the time."""

    frames: Stream
    clock: Stream
    guard: Guard

    def destroy(self) -> None:
        """Take the graph apart; streamz keeps sinks alive until told."""
        for source in (self.frames, self.clock):
            _destroy(source)


def build_graph(steps: Steps) -> Graph:
    """Return the graph of one desk."""
    guard = Guard()
    frames, clock = Stream(), Stream()
    ticks = frames.map(guard.wrap("Decode", steps.decode)).map(guard.wrap("Hygiene", steps.clean))
    closed_by_ticks = ticks.map(guard.wrap("Bars", steps.gather)).filter(bool)
    closed_by_time = clock.map(guard.wrap("Bars", steps.advance)).filter(bool)
    readings = (
        closed_by_ticks.union(closed_by_time).map(guard.wrap("Signals", steps.read)).filter(bool)
    )
    for keep in steps.keep:
        readings.sink(guard.wrap("Store", keep))
    return Graph(frames, clock, guard)


def _destroy(stream: Stream) -> None:
    for child in list(stream.downstreams):
        _destroy(child)
    stream.destroy()
