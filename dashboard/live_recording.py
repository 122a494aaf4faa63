"""The live day: its tape and its desk, shared by everyone.

Frames come in by `take` from Kite's thread; all else is asked for by the scheduler.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import structlog

from dashboard.core.clock import MINUTE_S, SECOND_NS, Clock, from_ns
from dashboard.core.errors import StoreError, TapeError
from dashboard.core.health import DOWN, FLOWING, LATE, Stage
from dashboard.core.market import Frame, Instrument, Source
from dashboard.core.ports import Gap, TapeInfo, TapeWriter
from dashboard.core.wording import age
from dashboard.operations.parts import Spans
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.pipeline.hours import CONTINUOUS, trading_hours
from dashboard.pipeline.notes import backfill_note
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.prepare import prepare_day
from dashboard.pipeline.replaying import replay_day
from feeds.inbox import Inbox
from feeds.live_day import LiveDay
from feeds.tape_thread import TapeThread

log = structlog.get_logger(__name__)

LABEL = "Kite"
FIDELITY = "full ticks"
TAPE_LATE_S = 5.0  # frames that wait longer than this for the tape are told
PATIENCE_S = 60.0  # of the end of a day for its desk
CLOSING_S = 5.0  # ... and of the end of a process
LOOK_S = 0.05
UNMARKED_NS = 60 * SECOND_NS  # of silence at either end of a day; a shorter one is no loss
BEHIND_S = 10.0  # the desk behind the clock
NOT_RECORDING = "Tezi was not recording"
NOT_BACK = "No connection came back before the close"
DERIVED_BY_DESK = frozenset({"Feed", "Decode", "Bars", "Chain", "Signals", "Store"})


@dataclass
class _Open:
    """What there is while a day is recorded."""

    day: date
    writer: TapeWriter
    tape: TapeThread
    inbox: Inbox
    live: LiveDay
    desk: Desk
    context: ExitStack
    begun_ns: int
    is_over: bool = False  # nothing comes in any more


@dataclass
class LiveRecording:
    """Record one day at a time. Methods that block are for a worker's thread."""

    desks: Desks
    clock: Clock
    outer: Callable[[], tuple[Stage, ...]] = tuple  # the health of what stands before the desk
    _now: _Open | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def day(self) -> date | None:
        """Return the day that is being recorded, None while none is."""
        now = self._now
        return now.day if now else None

    @property
    def is_lost(self) -> bool:
        """Say whether another process writes the tape now: nothing that comes is kept here."""
        now = self._now
        return now is not None and now.tape.is_lost

    def begin(self, day: date, instruments: Sequence[Instrument]) -> None:
        """Open the day's tape, or go on with it, and start its desk.

        Raises
        ------
        StoreError
            If the tape cannot be opened; nothing runs then.
        """
        with self._lock:
            if self._now is not None:
                return
            tools = self.desks.tools
            outgrown = self._is_outgrown(day, instruments)
            begun_ns = self.clock.now_ns()
            with ExitStack() as context:
                info = TapeInfo(day, Source.LIVE, FIDELITY, LABEL)
                writer = context.enter_context(tools.store.begin_tape(info, instruments))
                tape = TapeThread(writer, self.clock)
                context.callback(tape.stop)
                inbox = Inbox(self.clock, tape.put, lambda: desk.rouse())
                live = LiveDay(tools, day, inbox, tape, outgrown=outgrown)
                desk = Desk(
                    live,
                    tools.calendar,
                    self.clock,
                    shared=True,
                    edge=inbox.now_ns,
                    outer=lambda: self.outer(),
                )
                self._now = _Open(day, writer, tape, inbox, live, desk, context.pop_all(), begun_ns)
        self.desks.share(desk)
        desk.start()
        log.info("recording", day=str(day), instruments=len(instruments))

    def _is_outgrown(self, day: date, instruments: Sequence[Instrument]) -> bool:
        """Say whether the day was begun with fewer instruments than it has now."""
        try:
            known = self.desks.tools.store.universe(day, Source.LIVE)
            begun = self.desks.tools.store.day(day, Source.LIVE).messages > 0
        except StoreError:
            return False  # nothing of it is stored
        return begun and bool({i.token for i in instruments} - set(known.tokens.tolist()))

    def take(self, frame: Frame) -> None:
        """Take in a frame, from any thread; outside a recording it is nobody's."""
        now = self._now
        if now is not None and not now.is_over:
            now.inbox.put(frame)

    def grow(self, instruments: Sequence[Instrument]) -> None:
        """Let the day know further instruments: the desk opens it anew, the tape goes on."""
        now = self._now
        if now is None:
            return
        known = set(self.desks.tools.store.universe(now.day, Source.LIVE).tokens.tolist())
        fresh = [one for one in instruments if one.token not in known]
        if fresh:
            now.writer.add_instruments(fresh)
            now.live.outgrown = True
            now.desk.reload()

    # -- what others ask ------------------------------------------------------------------

    def spots(self) -> Mapping[str, float]:
        """Return the last prices of the indices that have ticked, by underlying [INR]."""
        snapshot = self._now.desk.hub.latest if self._now else None
        quotes = snapshot.indices.values() if snapshot else ()
        return {one.underlying: one.price for one in quotes if one.price is not None}

    def shown(self) -> frozenset[int]:
        """Return the options that somebody looks at and that have ticked."""
        pipeline = self._pipeline()
        if pipeline is None or self._now is None:
            return frozenset()
        tokens: set[int] = set()
        for look in self._now.desk.hub.interests():
            chain = pipeline.chains.chain(look.underlying, look.expiry)
            if chain is not None:
                seen = chain.rows[pipeline.state.rows["received_ns"][chain.rows] > 0]
                tokens |= set(pipeline.universe.tokens[seen].tolist())
        return frozenset(tokens)

    def missing(self, now_s: int) -> Mapping[int, Spans]:
        """Return the closed minutes of continuous trading without a bar, by token."""
        pipeline = self._pipeline()
        if pipeline is None:
            return {}
        found = {}
        for token, segment in followed(pipeline.universe, pipeline.day).items():
            hours = pipeline.hours.segments[segment]
            until = min(now_s, pipeline.state.segments[segment].closed_until)
            minutes = [
                minute
                for start, end, state in hours.windows
                for minute in range(start, min(end, until) - MINUTE_S + 1, MINUTE_S)
                if state == CONTINUOUS
            ]
            expected = np.array(minutes, dtype=np.int64)
            known = pipeline.series.get(token, "1m").since(hours.start)["start"]
            spans = _spans(expected[~np.isin(expected, known)])
            if spans:
                found[token] = spans
        return found

    def _pipeline(self) -> Pipeline | None:
        return self._now.desk.pipeline if self._now else None

    def backfill(self, bars: npt.NDArray[np.void]) -> None:
        """Put historical candles (BAR_DTYPE) on the tape and into the day, marked as such."""
        now = self._now
        if now is not None and not now.is_over and len(bars):
            now.inbox.put(backfill_note(bars, self.clock.now_ns()))

    def stages(self) -> tuple[Stage, ...]:
        """Return the health of what follows the socket: decode to tape."""
        now = self._now
        if now is None:
            return ()
        snapshot = now.desk.hub.latest
        own = [s for s in snapshot.stages if s.name in DERIVED_BY_DESK] if snapshot else []
        return (*_desk_stages(now, own, self.clock), _tape_stage(now.tape, self.clock))

    # -- the end of the day ----------------------------------------------------------------

    def finish(self) -> None:
        """Write everything, call the tape complete and prepare the day.

        Raises
        ------
        StoreError
            If the tape cannot be written; it may be tried again. What is derived from a
            complete tape is no part of the recording any more: another day may begin, and
            `finish_left` makes up for it.
        """
        with self._lock:
            now = self._now
            if now is None:
                return
            now.is_over = True
            self._end_desk(now.desk)
            try:
                now.tape.stop()
                now.live.keep_readings()
                self._mark_missed(now.writer, now.day, now.tape.heard_ns, NOT_BACK)
                now.writer.finish()  # what raises here is tried again, and what was done is not
                now.context.close()
            except TapeError:
                self._now = None  # it is another's: there is nothing to try again
                raise
            self._now = None
            self._prepare(now.day)
        log.info("recorded", day=str(now.day))

    def refresh(self) -> None:
        """Look anew at what came before the day, as when earlier sessions were fetched."""
        now = self._now
        if now is not None:
            now.desk.reload()

    def instruments(self, day: date) -> Sequence[Instrument]:
        """Return what the stored tapes of `day` hold; nothing where there are none."""
        try:
            return self.desks.tools.store.universe(day, Source.LIVE).instruments
        except StoreError:
            return ()

    def has_left(self, day: date) -> bool:
        """Say whether a live tape of `day` is here: what an earlier process left, or finished."""
        try:
            return LABEL in self.desks.tools.store.day(day, Source.LIVE).labels
        except StoreError:
            return False

    def finish_left(self, day: date) -> None:
        """Finish the tape that an earlier process left, and prepare that day.

        Raises
        ------
        StoreError
            If it cannot be written; it may be tried again.
        """
        tools = self.desks.tools
        with tools.store.begin_tape(TapeInfo(day, Source.LIVE, FIDELITY, LABEL), ()) as writer:
            self._mark_missed(writer, day, None, NOT_RECORDING)
        self._prepare(day)

    def _mark_missed(self, writer: TapeWriter, day: date, heard_ns: int | None, why: str) -> None:
        """Mark what no frame shows: that nothing came before the first or after the last."""
        hours = trading_hours(self.desks.tools.calendar, day)
        stored = self.desks.tools.store.day(day, Source.LIVE)
        start_ns = hours.start * SECOND_NS
        until_ns = min(hours.end * SECOND_NS, self.clock.now_ns())
        known = stored.gaps  # it may be tried again
        first_ns, last_ns = stored.first_ns, heard_ns or stored.last_ns
        if first_ns is None or last_ns is None:
            return
        if all(gap.started_ns > start_ns for gap in known):
            _mark(writer, Gap(start_ns, min(first_ns, until_ns), NOT_RECORDING))
        if all(gap.ended_ns < until_ns for gap in known):
            _mark(writer, Gap(max(last_ns, start_ns), until_ns, why))

    def _prepare(self, day: date) -> None:
        """Derive a finished day, and complete its readings: while a desk opens, it says nothing."""
        tools = self.desks.tools
        if not tools.store.day(day, Source.LIVE).prepared:
            prepare_day(
                tools.store,
                day,
                Source.LIVE,
                tools.calendar,
                tools.decoder,
                decode_many=tools.decode_many,
            )
            replay_day(tools, day, Source.RECORDED)

    def _end_desk(self, desk: Desk, patience_s: float = PATIENCE_S) -> None:
        """Let a desk say that it is live no more: nobody may take it for one that is."""
        desk.end()
        ended = threading.Event()
        for _ in range(round(patience_s / LOOK_S)):
            if desk.status in ("ended", "failed"):
                return
            ended.wait(LOOK_S)

    def close(self) -> None:
        """Leave the day as it is, to be gone on with: everything received is on the tape."""
        with self._lock:
            now, self._now = self._now, None
        if now is not None:
            now.is_over = True
            self._end_desk(now.desk, CLOSING_S)
            now.desk.stop()
            now.tape.stop()  # the tape stays open: it is the same tape after a restart


def _mark(writer: TapeWriter, gap: Gap) -> None:
    if gap.ended_ns - gap.started_ns >= UNMARKED_NS:
        writer.mark_gap(gap)


def _desk_stages(now: _Open, own: list[Stage], clock: Clock) -> list[Stage]:
    """Return what the desk says of itself, and what it cannot say: how far it is behind."""
    if now.desk.status == "failed":
        told = now.desk.error or "No reason was given"
        todo = "It opens the day anew by itself; if it fails again, read the log. The tape goes on."
        return [Stage("Desk", DOWN, told, todo=todo)]
    at_ns = max(now.desk.pace.at_ns, now.begun_ns)
    behind_s = (clock.now_ns() - at_ns) / SECOND_NS
    if behind_s > BEHIND_S and not now.is_over:
        words = f"What it shows is of {from_ns(at_ns):%H:%M:%S}, {age(behind_s)} ago"
        todo = "It catches up by itself; if it does not, restart Tezi: the tape loses nothing."
        own = [Stage("Desk", LATE, words, behind_s, todo=todo), *own]
    if now.live.error:
        todo = "Seeking into these minutes waits until the day's end, which derives them anew."
        own = [s for s in own if s.name != "Store"]
        return [*own, Stage("Store", LATE, now.live.error, todo=todo)]
    return own


def _tape_stage(tape: TapeThread, clock: Clock) -> Stage:
    since_s = clock.monotonic() - tape.written_s
    if tape.error:
        todo = "Make the database writable: what was received waits in memory until then."
        return Stage("Tape", DOWN, tape.error, since_s, todo=todo)
    if tape.waiting and since_s > TAPE_LATE_S:
        words = f"{tape.waiting:,} messages wait for the tape since {age(since_s)}"
        return Stage("Tape", LATE, words, since_s, todo="Look at the disk: it writes too slowly.")
    return Stage("Tape", FLOWING, f"Written {age(max(0.0, since_s))} ago", since_s)


def _spans(minutes: npt.NDArray[np.int64]) -> Spans:
    """Return minutes as stretches of [start, end) seconds."""
    if not len(minutes):
        return ()
    breaks = np.flatnonzero(np.diff(minutes) != MINUTE_S) + 1
    parts = np.split(minutes, breaks)
    return tuple((int(part[0]), int(part[-1]) + MINUTE_S) for part in parts)
