"""A desk: one timeline with its clock, its pipeline and its hub, run by one thread.

Commands come from any thread through a queue and are obeyed in order. The desk's clock
follows the host's at the chosen speed; frames are processed when the desk's clock reaches
their time of arrival, so the speed never changes a result.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, Clock, from_ns, to_ns
from dashboard.core.errors import TeziError
from dashboard.core.health import Stage
from dashboard.core.market import TIMEFRAMES, Frame
from dashboard.pipeline.bars import PATIENCE_S
from dashboard.pipeline.days import Day
from dashboard.pipeline.hub import Hub
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.prepare import END_OF_TAPE_NS
from dashboard.pipeline.snapshot import Snapshot
from dashboard.pipeline.views.snapshot import DeskState, SnapshotBuilder

log = structlog.get_logger(__name__)

PUBLISH_S = 0.25  # between two snapshots while only the clock moves
TICK_S = 0.03  # ... and when a message has come since: it should not wait for the clock
BUILD_SHARE = 5  # but a snapshot is made so seldom that it takes a fifth of the time at most
RETRY_S = 10.0  # until a live desk that failed is opened anew
SLICE_S = 0.05  # of host time spent on frames before commands are looked at again
IDLE_S = 0.02
SHORT_SEEK_NS = 120 * SECOND_NS  # forward: play it; anything else is a query
MAX_SPEED = 0.0
SPEEDS = (1.0, 4.0, 16.0, 60.0, MAX_SPEED)

Command = Callable[[], None]


class _StoppedError(Exception):
    """The desk is taken down while it loads."""


@dataclass
class Pace:
    """The desk's clock against the host's."""

    speed: float = 1.0
    at_ns: int = 0
    anchor_ns: int = 0
    anchor_s: float = 0.0

    def anchor(self, at_ns: int, now_s: float) -> None:
        """Say that the desk's time `at_ns` is the host's `now_s`."""
        self.at_ns = self.anchor_ns = at_ns
        self.anchor_s = now_s

    def target_ns(self, now_s: float) -> int:
        """Return the desk's time at the host's `now_s`."""
        return self.anchor_ns + round((now_s - self.anchor_s) * self.speed * SECOND_NS)


@dataclass
class Desk:
    """One timeline. `shared` desks obey nobody: they are the live edge of everyone."""

    day: Day
    calendar: Calendar
    clock: Clock
    shared: bool = False
    begin: datetime | None = None  # where to open
    on_frame: Callable[[Frame], None] | None = None  # sees each frame before the pipeline
    on_tick: Callable[[], None] | None = None  # called between slices
    outer: Callable[[], tuple[Stage, ...]] = tuple  # the health of what stands before the desk
    edge: Callable[[], int] | None = None  # of a live day: all that came before it is here [ns]
    hub: Hub = field(default_factory=Hub)
    status: str = "loading"
    error: str | None = None
    progress: float | None = None
    pipeline: Pipeline | None = None
    pace: Pace = field(default_factory=Pace)
    last_used_s: float = 0.0

    def __post_init__(self) -> None:
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._frames: Iterator[Frame | None] = iter(())
        self._next: Frame | None = None
        self._stopping = threading.Event()
        self._is_loaded = False
        self._is_broken = False  # the frames ended in an error: only opening anew helps
        self._dirty = True
        self._has_news = False
        self._published_s = self._build_s = self._failed_s = 0.0
        self._is_roused = False
        self._seq = 0
        self._builder = SnapshotBuilder(self.day, self.calendar, lambda: self.outer())
        self.last_used_s = self.clock.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"desk-{self.day.day}", daemon=True)

    # -- what others call ----------------------------------------------------------------

    def start(self, *, playing: bool = True) -> None:
        """Open the day in the desk's own thread."""
        self._commands.put(lambda: self._load(playing))
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread and take the pipeline apart."""
        self._stopping.set()
        self._commands.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def play(self) -> None:
        """Go on from where the desk stands; from the beginning after the end."""
        self._ask(self._play)

    def pause(self) -> None:
        """Stand still."""
        self._ask(self._pause)

    def seek(self, at: datetime) -> None:
        """Go to an instant of the day."""
        self._ask(lambda: self._seek(to_ns(at)))

    def step(self, timeframe: str, count: int) -> None:
        """Go to where the next (or, with -1, the previous) bar is closed, and stand still."""
        self._ask(lambda: self._step(TIMEFRAMES[timeframe], count))

    def set_speed(self, speed: float) -> None:
        """Change the pace; 0 is as fast as it goes."""
        self._ask(lambda: self._set_speed(speed))

    def rouse(self) -> None:
        """Look at once for what has come in; nobody used the desk by this."""
        if not self._is_roused:
            self._is_roused = True
            self._commands.put(self._roused)

    def reload(self) -> None:
        """Open the day anew, as when its instruments have grown."""
        self._ask(self._reload)

    def end(self) -> None:
        """Say that nothing more comes of a live day."""
        self._ask(self._end)

    def call(self, told: Callable[[], None]) -> None:
        """Call `told` in the desk's thread once all that was asked before is obeyed."""
        self._ask(told)

    def refresh(self) -> None:
        """Publish soon: somebody looks at something else."""
        self._ask(lambda: None)

    def _ask(self, command: Command) -> None:
        self.last_used_s = self.clock.monotonic()
        self._commands.put(command)

    # -- the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._obey()
            if self._stopping.is_set():
                break
            try:
                if self.status == "playing":
                    self._play_slice()
                elif self.status == "failed" and self.edge:
                    self._try_again()
                if self.on_tick:
                    self.on_tick()
                self._publish_if_due()
                if self.pipeline and self.pipeline.sections.read_more():
                    self._dirty = True  # after a seek: what nobody has looked at yet
            except Exception as error:
                self._fail(error)
        if self._dirty and self.status == "ended":
            self._publish()  # who looks must not take it for a desk that goes on
        if self.pipeline:
            self.pipeline.close()

    def _obey(self) -> None:
        """Carry out what was asked; wait a little when there is nothing else to do."""
        busy = self.status == "playing" and self.pace.speed == MAX_SPEED
        try:
            command = self._commands.get(timeout=0.001 if busy else IDLE_S)
            while command is not None:
                self._carry_out(command)
                command = self._commands.get_nowait()
        except queue.Empty:
            return

    def _carry_out(self, command: Command) -> None:
        try:
            command()
        except _StoppedError:
            return
        except Exception as error:
            self._fail(error)
        self._dirty = True

    def _roused(self) -> None:
        self._is_roused = False

    def _reload(self) -> None:
        self._is_loaded = False
        self.status = "loading"
        self._load(playing=True)

    def _end(self) -> None:
        """Process what is here, and finish."""
        if self.edge and self.pipeline and self.status == "playing":
            self._process_until(self.edge(), None)
            self.edge = None
            self._finish()

    def _try_again(self) -> None:
        if self.clock.monotonic() - self._failed_s >= RETRY_S:
            self._reload()

    def _fail(self, error: Exception) -> None:
        self._failed_s = self.clock.monotonic()
        self.status, self.progress, self._is_broken = "failed", None, True
        if self.pipeline:
            self.pace.at_ns = max(self.pace.at_ns, self.pipeline.state.last_ns)
        self.error = (
            str(error) if isinstance(error, TeziError) else f"{type(error).__name__}: {error}"
        )
        self._dirty = True
        told = isinstance(error, TeziError)  # its sentence says enough
        log.error("desk failed", day=str(self.day.day), error=self.error, exc_info=not told)

    def _load(self, playing: bool) -> None:
        self._publish()
        self._open(self.begin)
        self._set_status("playing" if playing else "paused")

    def _report(self, share: float, _text: str) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self.progress = share
        if self.clock.monotonic() - self._published_s >= PUBLISH_S:
            self._publish()

    def _open(self, at: datetime | None) -> None:
        if not self._is_loaded:
            self.day.load(self._report)
            self._is_loaded = True
        fresh, frames = self.day.open(at)
        if self.pipeline:
            self.pipeline.close()
        self.pipeline, self._frames, self.error = fresh, frames, None
        self._is_broken, self.progress = False, None
        self._next = None  # in case the first frame cannot be read
        self.pace.anchor(to_ns(at) if at else self._start_ns(), self.clock.monotonic())
        self._next = next(self._frames, None)
        if at is None and self._next is not None:
            self.pace.anchor(self._next.received_ns, self.clock.monotonic())

    def _start_ns(self) -> int:
        return self.edge() if self.edge else self.day.hours.start * SECOND_NS

    def _pause(self) -> None:
        if self.status == "playing":
            self._set_status("paused")

    def _set_status(self, status: str) -> None:
        self.pace.anchor(self.pace.at_ns, self.clock.monotonic())
        self.status = status

    def _play(self) -> None:
        if self.status == "ended":
            self._open(None)
        elif self._is_broken:
            self._open(from_ns(self.pace.at_ns) if self.pace.at_ns else self.begin)
        self._set_status("playing")

    def _set_speed(self, speed: float) -> None:
        self.pace.anchor(self.pace.at_ns, self.clock.monotonic())
        self.pace.speed = speed

    def _step(self, minutes: int, count: int) -> None:
        at_s = self.pace.at_ns // SECOND_NS - PATIENCE_S
        bar = minutes * MINUTE_S
        start = self.day.hours.start
        here = (at_s - start) // bar
        if count < 0 and (at_s - start) % bar:
            here += 1
        target = start + (here + count) * bar + PATIENCE_S
        self._pause()
        self._seek(max(target, start) * SECOND_NS)

    def _seek(self, at_ns: int) -> None:
        playing = self.status == "playing"
        at_ns = min(
            max(at_ns, self.day.hours.start * SECOND_NS - 15 * 60 * SECOND_NS), self._end_ns()
        )
        ahead = at_ns - self.pace.at_ns
        near = self.pipeline and not self._is_broken and self.status != "ended"
        if near and self.pipeline and 0 <= ahead <= SHORT_SEEK_NS:
            self._process_until(at_ns, None)
            self.pipeline.pass_time(at_ns)
            self.pace.anchor(at_ns, self.clock.monotonic())
        else:
            self._open(from_ns(at_ns))
        self._set_status("playing" if playing else "paused")

    def _end_ns(self) -> int:
        """Return the end of what is known: a minute after the last frame, when it is closed."""
        last = self.day.summary().last_ns
        return last + END_OF_TAPE_NS if last else self.day.hours.end * SECOND_NS

    def _play_slice(self) -> None:
        assert self.pipeline is not None
        now_s = self.clock.monotonic()
        target = self._target_ns(now_s)
        whole = self._process_until(target, now_s + SLICE_S)
        is_over = self._next is None and not self.edge
        if is_over and (target is None or target >= self.pipeline.state.last_ns):
            self._finish()
        elif target is None or not whole:
            self.pace.anchor(self.pipeline.state.last_ns or self.pace.at_ns, self.clock.monotonic())
        else:
            self.pipeline.pass_time(target)
            self.pace.at_ns = target
        self._dirty = True

    def _target_ns(self, now_s: float) -> int | None:
        """Return how far the desk's clock may go; None is as far as there is anything."""
        if self.edge:
            return self.edge()
        return None if self.pace.speed == MAX_SPEED else self.pace.target_ns(now_s)

    def _process_until(self, target_ns: int | None, deadline_s: float | None) -> bool:
        """Process frames received up to `target_ns`; say whether the deadline allowed all."""
        assert self.pipeline is not None
        if self._next is None:
            self._next = next(self._frames, None)  # of a live day: something may have come
        while self._next is not None and (target_ns is None or self._next.received_ns <= target_ns):
            if self.on_frame:
                self.on_frame(self._next)
            self.pipeline.process(self._next)
            self._has_news = True
            self._next = next(self._frames, None)
            if deadline_s is not None and self.clock.monotonic() >= deadline_s:
                return False
        return True

    def _finish(self) -> None:
        assert self.pipeline is not None
        end_ns = max(self.pace.at_ns, self.pipeline.state.last_ns + END_OF_TAPE_NS)
        self.pipeline.pass_time(end_ns)
        self.pace.anchor(end_ns, self.clock.monotonic())
        self.status = "ended"

    def _publish_if_due(self) -> None:
        now_s = self.clock.monotonic()
        patience_s = PUBLISH_S
        if self._has_news and self.pace.speed == 1.0:
            patience_s = min(PUBLISH_S, max(TICK_S, BUILD_SHARE * self._build_s))
        if self._dirty and now_s - self._published_s >= patience_s:
            self._publish()

    def _publish(self) -> None:
        self._dirty = self._has_news = False
        self._published_s = self.clock.monotonic()
        self._seq += 1
        try:
            snapshot = self.snapshot()
        except Exception as error:
            self._fail(error)
            self._dirty = False
            snapshot = self._builder.build(self._state(), None, ())
        self._build_s = self.clock.monotonic() - self._published_s
        self.hub.publish(snapshot)

    def snapshot(self) -> Snapshot:
        """Return the desk as it stands."""
        return self._builder.build(self._state(), self.pipeline, self.hub.interests())

    def _state(self) -> DeskState:
        return DeskState(
            self._seq,
            self.status,
            self.error,
            self.progress,
            self.pace.at_ns or self.day.hours.start * SECOND_NS,
            self.pace.speed,
            self.shared,
        )
