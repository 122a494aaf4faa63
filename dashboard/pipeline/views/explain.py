"""One section in full, while somebody reads about it: what it was given, what it said before.

Worked out when the drawer opens and again when a bar has closed, never for every message:
a bar that has closed says the same for good, so only new ones are judged.
"""

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.core.bars import AnyBars, starts_s
from dashboard.core.clock import SECOND_NS, from_seconds, to_ns
from dashboard.core.signal import Inputs, Reading, Signal
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.sections import Key
from dashboard.pipeline.snapshot import Explained, InputView

TEXTS = ("underlying",)  # inputs that are no frame


@dataclass
class _Kept:
    """What was worked out, and the bar it holds for."""

    bar: datetime | None
    explained: Explained


class ExplainRoom:
    """The sections that are being read about, of one desk."""

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept] = {}
        self._of: weakref.ref[Pipeline] | None = None

    def views(self, pipeline: Pipeline, looked_at: Iterable[Interest]) -> dict[Key, Explained]:
        """Return what is looked at, by underlying, section and its own timeframe."""
        if self._of is None or self._of() is not pipeline:  # a seek: another past
            self._kept.clear()
            self._of = weakref.ref(pipeline)
        signals = pipeline.sections.signals
        asked = {
            (look.underlying, look.explain, signals[look.explain].nearest(look.timeframe))
            for look in looked_at
            if look.explain is not None and look.explain in signals
        }
        found = {key: self._view(pipeline, key) for key in asked if key in pipeline.sections.known}
        self._kept = {key: kept for key, kept in self._kept.items() if key in found}
        return found

    def _view(self, pipeline: Pipeline, key: Key) -> Explained:
        bar = pipeline.sections.known[key].bar_ts
        kept = self._kept.get(key)
        if kept is None or kept.bar != bar:
            before = kept.explained.history if kept else ()
            kept = self._kept[key] = _Kept(bar, _explained(pipeline, key, before))
        return kept.explained


def _explained(pipeline: Pipeline, key: Key, before: tuple[Reading, ...]) -> Explained:
    underlying, name, timeframe = key
    sections = pipeline.sections
    signal = sections.signals[name]
    last = before[-1].bar_ts if before else None
    since = to_ns(last) // SECOND_NS + 1 if last else pipeline.hours.start
    inputs = sections.given(underlying, name, timeframe)
    fresh = sections.history(underlying, name, timeframe, since)
    return Explained(_inputs(pipeline, signal, inputs), (*before, *fresh))


def _inputs(pipeline: Pipeline, signal: Signal, inputs: Inputs) -> tuple[InputView, ...]:
    names = (*signal.needs, *signal.optional, *signal.context)
    part = pipeline.sections.source.contracts[inputs.underlying]
    instruments = {
        "index": inputs.underlying,
        "index_15m": inputs.underlying,
        "future": inputs.contract or "",
        "past_volume": inputs.contract or "",
        "next_future": part.next_future.symbol if part.next_future else "",
        "vix": "India VIX",
        "vix_daily": "India VIX",
        "daily": inputs.underlying,
        "chain": inputs.underlying,
    }
    views = (
        _view(name, getattr(inputs, name), inputs)
        for name in dict.fromkeys(names)
        if name not in TEXTS
    )
    return tuple(replace(view, instrument=instruments.get(view.name, "")) for view in views)


def _view(name: str, frame: AnyBars | None, inputs: Inputs) -> InputView:
    if frame is None:
        return InputView(name, missing=inputs.missing.get(name, f"No {name} in this recording"))
    if not len(frame):
        return InputView(name, rows=0)
    return InputView(name, rows=len(frame), last=from_seconds(int(starts_s(frame)[-1])))
