"""One pass over a day's frames that makes every minute of it a query.

It keeps the closed bars, the chain at every minute and the pipeline's state at every
minute of arrival. Sections are not run: they are pure functions of what is kept here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import structlog
import zstandard

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, from_ns
from dashboard.core.market import TIMEFRAMES, Frame, Source
from dashboard.core.ports import BAR_DTYPE, Derived, Gap, Store
from dashboard.options.chain import ChainSnapshot
from dashboard.pipeline.arrivals import ManyDecoder, groups
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.pipeline import Decoder, Filled, Pipeline, make_pipeline

log = structlog.get_logger(__name__)

Progress = Callable[[float, str], None]
OnDamage = Callable[[Gap], None]
REPORT_EVERY = 32  # groups of messages
END_OF_TAPE_NS = 65 * SECOND_NS  # after the last frame: its minute is over and closed


@dataclass
class Deriver:
    """Write what a pipeline derives. Chains are compressed; they repeat themselves."""

    pipeline: Pipeline
    _bars: list[npt.NDArray[np.void]] = field(default_factory=list)
    _filled: list[tuple[str, npt.NDArray[np.void]]] = field(default_factory=list)
    _boundary: int = 0
    _kept: dict[tuple[int, str], int] = field(default_factory=dict)
    _snapshots: dict[tuple[str, date], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pipeline.on_closed.append(self._take)
        self.pipeline.on_filled.append(self._take_filled)

    def is_due(self, frame: Frame) -> bool:
        """Say whether `frame` is the first of a new minute of arrival."""
        return frame.received_ns // (MINUTE_S * SECOND_NS) * MINUTE_S > self._boundary

    def keep(self, frame: Frame, derived: Derived) -> None:
        """Write a checkpoint before `frame`, and what has closed since the last one."""
        started = self._boundary > 0
        self._boundary = frame.received_ns // (MINUTE_S * SECOND_NS) * MINUTE_S
        if started:
            derived.checkpoint(self._boundary, self.pipeline.state.to_bytes())
            self.flush(derived)

    def _take(self, closed: Closed) -> None:
        if len(closed.bars):
            self._bars.append(closed.bars)

    def _take_filled(self, filled: Filled) -> None:
        for name, bars in filled.items():
            self._filled.append((name, bars))

    def flush(self, derived: Derived) -> None:
        """Write everything that is closed and not yet written; what comes later gives way to it."""
        if self._bars:
            derived.bars("1m", np.concatenate(self._bars))
        self._bars = []
        self._write_longer(derived)
        for name, bars in self._filled:
            derived.bars(name, bars)
        self._filled = []
        self._write_chains(derived)

    def _write_longer(self, derived: Derived) -> None:
        series = self.pipeline.series
        for name in TIMEFRAMES:
            if name == "1m":
                continue
            fresh = [np.empty(0, dtype=BAR_DTYPE)]
            for token in series.tokens:
                bars = series.get(token, name).since(self.pipeline.hours.start)
                fresh.append(bars[self._kept.get((token, name), 0) :])
                self._kept[token, name] = len(bars)
            together = np.concatenate(fresh)
            if len(together):
                derived.bars(name, together)

    def _write_chains(self, derived: Derived) -> None:
        for underlying, expiry, snapshots in self.pipeline.chains.snapshots():
            for snapshot in snapshots[self._snapshots.get((underlying, expiry), 0) :]:
                derived.chain(underlying, expiry, snapshot.start, compress(snapshot))
            self._snapshots[underlying, expiry] = len(snapshots)


def compress(snapshot: ChainSnapshot) -> bytes:
    """Return a chain snapshot as the store keeps it."""
    return zstandard.ZstdCompressor(level=1).compress(snapshot.to_bytes())


def decompress(payload: bytes) -> ChainSnapshot:
    """Return the chain snapshot that `compress` made."""
    return ChainSnapshot.from_bytes(zstandard.ZstdDecompressor().decompress(payload))


def log_damage(gap: Gap) -> None:
    """Log a minute of a connection that cannot be read; the rest of the day is."""
    log.warning(
        "minute skipped",
        day=f"{from_ns(gap.started_ns):%Y-%m-%d}",
        reason=gap.reason,
        do="`tezi doctor --deep` names the file or seed that mends it",
    )


def prepare_day(
    store: Store,
    day: date,
    source: Source,
    calendar: Calendar,
    decoder: Decoder,
    progress: Progress | None = None,
    on_damage: OnDamage = log_damage,
    decode_many: ManyDecoder | None = None,
) -> None:
    """Derive bars, chain and checkpoints of a stored day anew.

    A minute that is damaged is told to `on_damage` and left out. With `decode_many` messages
    are read in groups, to the same result.

    Raises
    ------
    StoreError
        If the day cannot be read or the result cannot be kept; nothing changes then.
    CalendarError
        If the calendar does not cover the day.
    """
    universe = store.universe(day, source)
    summary = store.day(day, source)
    pipeline = make_pipeline(day, universe, calendar, decoder, signals={})
    pipeline.sections.waiting = True
    try:
        with store.prepare(day, source) as derived:
            deriver = Deriver(pipeline)
            frames = store.frames(day, source, on_damage=on_damage)
            for number, group in enumerate(groups(frames, decode_many)):
                first = group[0].frame  # a group ends where a minute does
                if deriver.is_due(first):
                    deriver.keep(first, derived)
                pipeline.process_group(group)
                if progress and number % REPORT_EVERY == 0:
                    done = share_done(first.received_ns, summary.first_ns, summary.last_ns)
                    progress(done, str(day))
            pipeline.pass_time(pipeline.state.last_ns + END_OF_TAPE_NS)
            deriver.flush(derived)
    finally:
        pipeline.close()


def share_done(now_ns: int, first_ns: int | None, last_ns: int | None) -> float:
    """Return how much of a tape lies before `now_ns`, 0 to 1."""
    if first_ns is None or last_ns is None or last_ns <= first_ns:
        return 1.0
    return min(1.0, (now_ns - first_ns) / (last_ns - first_ns))
