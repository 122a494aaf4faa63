"""Hand closed bars to every section and collect its readings.

Sections are pure functions, so a reading depends on what was closed and on nothing else:
the live desk, a replay and a seek come through the same lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from dashboard.core.bars import AnyBars
from dashboard.core.market import TIMEFRAMES, Segment
from dashboard.core.signal import Inputs, Reading, Signal, insufficient
from dashboard.pipeline.desk_inputs import DeskInputs, as_of
from dashboard.pipeline.series import Finished

log = structlog.get_logger(__name__)

Key = tuple[str, str, str]  # underlying, section, timeframe


@dataclass
class Sections:
    """The sections of one desk, and what they last said."""

    signals: Mapping[str, Signal]
    source: DeskInputs
    final: dict[Key, Reading] = field(default_factory=dict)
    tables: dict[Key, AnyBars] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    waiting: bool = False  # while a seek catches up: everything is read once, at its end

    def read_closed(self, segment: Segment, finished: Iterable[Finished]) -> list[Reading]:
        """Return the readings of the bars of `segment` that became final."""
        if self.waiting:
            return []
        return [
            reading
            for bars in finished
            for underlying in self.source.touched(segment, bars)
            for reading in self._read(underlying, bars.timeframe, segment)
        ]

    def read_everything(self) -> None:
        """Read the last closed bars, as after a seek."""
        for underlying in self.source.underlyings:
            for timeframe in TIMEFRAMES:
                for segment in Segment:
                    self._read(underlying, timeframe, segment)

    def _read(self, underlying: str, timeframe: str, segment: Segment) -> list[Reading]:
        asked = {
            name: signal
            for name, signal in self.signals.items()
            if timeframe in signal.timeframes and signal.segment is segment
        }
        inputs = self.source.inputs(underlying, timeframe, wanted(asked.values()))
        readings = []
        for name, signal in asked.items():
            key = (underlying, name, timeframe)
            reading, table = self._evaluate(name, signal, inputs, final=True)
            if self._is_known(key, reading):
                continue
            self.final[key] = reading
            if table is not None:
                self.tables[key] = table
            if reading.bar_ts is not None:
                readings.append(reading)
        return readings

    def _is_known(self, key: Key, reading: Reading) -> bool:
        """Say that this bar was read before: its instrument had none in this minute."""
        before = self.final.get(key)
        return before is not None and reading.bar_ts is not None and before.bar_ts == reading.bar_ts

    def provisional(self, underlying: str, timeframe: str) -> dict[Key, Reading]:
        """Return readings that include the bar in progress; they leave no trace."""
        asked = {n: s for n, s in self.signals.items() if timeframe in s.timeframes}
        inputs = self.source.inputs(underlying, timeframe, wanted(asked.values()), forming=True)
        return {
            (underlying, name, timeframe): self._evaluate(name, signal, inputs, final=False)[0]
            for name, signal in asked.items()
        }

    def _evaluate(
        self, name: str, signal: Signal, inputs: Inputs, *, final: bool
    ) -> tuple[Reading, AnyBars | None]:
        """Return a section's reading; one that fails says so, and the others go on."""
        try:
            return signal.evaluate(as_of(inputs, signal.needs[0]), final=final)
        except Exception as error:
            if name not in self.failures:  # once: it fails every minute, and a trace is slow
                log.exception("section failed", section=name, underlying=inputs.underlying)
            self.failures[name] = f"{type(error).__name__}: {error}"
            verdict = insufficient(f"{type(error).__name__}: {error}", "failed")
            return signal.refused(inputs, verdict, final=final), None


def wanted(signals: Iterable[Signal]) -> frozenset[str]:
    """Return the names of the inputs that any of the sections looks at.

    Past sessions tell every section of bars whether the day opened with a gap.
    """
    names = (n for s in signals for n in (*s.needs, *s.optional, *s.context))
    return frozenset(("daily", *names))
