"""The memory and the steps of one desk's day: frames in, readings out.

A `Pipeline` knows no thread, no feed and no store. Feed it frames in received order and
the time; the same frames give the same readings at any speed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS
from dashboard.core.market import (
    NOTES,
    TEXT,
    TIMEFRAMES,
    VIX,
    Frame,
    Ints,
    Segment,
    TickBatch,
    Universe,
)
from dashboard.core.signal import Reading, Signal
from dashboard.pipeline.arrivals import Arrival
from dashboard.pipeline.bars import Closed, advance, due_ns, gather
from dashboard.pipeline.calm import take_calm
from dashboard.pipeline.chains import ChainBook
from dashboard.pipeline.contracts import contracts_of, followed
from dashboard.pipeline.desk_inputs import DeskInputs
from dashboard.pipeline.graph import Graph, Steps, build_graph
from dashboard.pipeline.hours import Hours, trading_hours
from dashboard.pipeline.hygiene import Ticks, clean
from dashboard.pipeline.notes import read_backfill
from dashboard.pipeline.past import Past
from dashboard.pipeline.roster import Roster, make_roster
from dashboard.pipeline.sections import Sections
from dashboard.pipeline.series import SeriesBook
from dashboard.pipeline.settling import Settling, in_order
from dashboard.pipeline.state import State, empty_state

Decoder = Callable[[bytes], tuple[TickBatch | None, Sequence[str]]]
Filled = Mapping[str, npt.NDArray[np.void]]  # bars (BAR_DTYPE) by timeframe


@dataclass
class Pipeline:
    """One day in progress. Build it with `make_pipeline`."""

    day: date
    universe: Universe
    roster: Roster
    hours: Hours
    decoder: Decoder
    state: State
    series: SeriesBook
    chains: ChainBook
    settling: Settling
    sections: Sections
    on_closed: list[Callable[[Closed], None]] = field(default_factory=list)
    on_readings: list[Callable[[list[Reading]], None]] = field(default_factory=list)
    on_filled: list[Callable[[Filled], None]] = field(default_factory=list)
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        self.graph = build_graph(
            Steps(
                decode=self.decode,
                clean=self.clean,
                gather=self.gather,
                advance=self.advance,
                read=self.read,
                keep=[self.keep],
            )
        )

    @property
    def messages(self) -> int:
        """Return how many messages of the day came so far, those before a seek too."""
        return self.state.messages

    @property
    def ticks(self) -> int:
        """Return how many ticks they carried."""
        return self.state.ticks

    def process(self, frame: Frame, batch: TickBatch | None = None) -> None:
        """Take in one message. What its arrival closes by the clock is closed first.

        `batch` holds its ticks where they are known already.
        """
        self.pass_time(frame.received_ns)
        self.graph.frames.emit(Arrival(frame, batch))

    def process_group(self, group: Sequence[Arrival]) -> None:
        """Take in messages that are at hand together, ordinary ones in one go.

        The result is that of `process`, one by one.
        """
        if len(group) > 1 and take_calm(group, self.state, self.roster, self.hours):
            return
        for frame, batch in group:
            self.process(frame, batch)

    def pass_time(self, now_ns: int) -> None:
        """Let the clock pass; minutes that nothing more can reach become final."""
        if now_ns >= due_ns(self.state):
            self.graph.clock.emit(now_ns)

    def close(self) -> None:
        """Take the graph apart."""
        self.graph.destroy()

    def is_over(self, segment: Segment, timeframe: str, starts: Ints) -> npt.NDArray[np.bool_]:
        """Say which bars of a segment have ended in every minute of theirs."""
        hours = self.hours.segments[segment]
        until = self.state.segments[segment].closed_until
        minutes = TIMEFRAMES[timeframe]
        return np.array([hours.bucket(int(s), minutes)[1] <= until for s in starts], dtype=bool)

    # -- the steps ---------------------------------------------------------------------

    def decode(self, arrival: Arrival) -> tuple[Frame, TickBatch] | None:
        """Return the ticks of a message, or None for one that carries none."""
        state = self.state
        frame, batch = arrival
        if frame.connection == NOTES:
            self.fill(read_backfill(frame.payload))
            return None
        if not frame.payload:
            trading = frame.received_ns >= self.hours.start * SECOND_NS
            state.reopened(frame.connection, frame.received_ns, trading=trading)
            return None
        state.heard(frame.connection, frame.received_ns)
        state.messages += 1
        if frame.payload.startswith(TEXT):  # an order's postback, or a word of the exchange's
            return None
        if batch is None:
            batch, complaints = self.decoder(frame.payload)
            if complaints:
                state.counters["bad_packet"] += len(complaints)
        if batch is None or not len(batch):
            return None
        state.ticks += len(batch)
        return frame, batch

    def fill(self, bars: npt.NDArray[np.void]) -> None:
        """Put historical 1m bars (BAR_DTYPE) where closed minutes have none."""
        closed = {segment: part.closed_until for segment, part in self.state.segments.items()}
        changed = self.series.fill(bars, closed)
        if changed:
            self.sections.begin_again()
            for listener in self.on_filled:
                listener(changed)

    def clean(self, event: tuple[Frame, TickBatch]) -> tuple[Frame, list[Ticks]]:
        """Return the ticks that are believed."""
        frame, batch = event
        ticks = clean(
            batch, frame.received_ns, self.state, self.roster, self.hours, frame.connection
        )
        return frame, ticks

    def gather(self, event: tuple[Frame, list[Ticks]]) -> list[Closed]:
        """Put ticks into bars; return the minutes they close."""
        frame, rounds = event
        closed: list[Closed] = []
        for ticks in rounds:
            closed += gather(ticks, frame.received_ns, self.state, self.roster, self.hours)
        return closed

    def advance(self, now_ns: int) -> list[Closed]:
        """Return the minutes that the clock closes."""
        return advance(now_ns, self.state, self.roster, self.hours)

    def read(self, minutes: list[Closed]) -> list[Reading]:
        """Hand closed minutes to series, chain and sections; return the new readings."""
        readings: list[Reading] = []
        for closed in in_order(minutes):
            finished = self.series.add(closed)
            self.chains.add(closed)
            for listener in self.on_closed:
                listener(closed)
            ready = self.settling.add(closed, finished)
            for _, minute in groupby(ready, key=attrgetter("minute")):
                together = list(minute)
                for settled in together:
                    readings += self.sections.read_closed(settled.segment, settled.bars)
                for settled in together:
                    if settled.segment is Segment.INDEX:
                        readings += self.sections.read_votes(settled.bars)
        return readings

    def keep(self, readings: list[Reading]) -> None:
        """Give readings to whoever keeps them."""
        for listener in self.on_readings:
            self.graph.guard.wrap("Store", listener)(readings)


def make_pipeline(
    day: date,
    universe: Universe,
    calendar: Calendar,
    decoder: Decoder,
    signals: Mapping[str, Signal],
    past: Past | None = None,
    state: State | None = None,
) -> Pipeline:
    """Return the pipeline of `day` before its first message, or at a checkpoint's state.

    Raises
    ------
    CalendarError
        If the calendar does not cover the day.
    """
    past = past or Past()
    hours = trading_hours(calendar, day)
    roster = make_roster(universe)
    starts = {segment: part.start for segment, part in hours.segments.items()}
    if state is None:
        state = empty_state(len(universe), starts)
        _set_previous_close(state, universe)  # later the exchange's own figure stands there
    series = SeriesBook(followed(universe, day), hours, past.warmup)
    chains = ChainBook(universe, day, hours, state)
    settling = Settling(hours, {s: state.segments[s].closed_until for s in roster.segments})
    source = DeskInputs(
        universe=universe,
        state=state,
        series=series,
        chains=chains,
        settling=settling,
        contracts=contracts_of(universe, day, past.switched, past.rolled),
        vix=universe.index(VIX),
        past=past,
    )
    return Pipeline(
        day=day,
        universe=universe,
        roster=roster,
        hours=hours,
        decoder=decoder,
        state=state,
        series=series,
        chains=chains,
        settling=settling,
        sections=Sections(signals, source),
    )


def _set_previous_close(state: State, universe: Universe) -> None:
    for row, instrument in enumerate(universe.instruments):
        if instrument.previous_close is not None:
            state.rows["previous_close"][row] = instrument.previous_close
