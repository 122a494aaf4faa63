"""How each step of the flow is: flowing, late or down, how old its last event is, and why."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.core.clock import MINUTE_S, SECOND_NS, from_seconds, to_ns
from dashboard.core.health import Stage
from dashboard.core.ports import DaySummary
from dashboard.core.wording import age
from dashboard.pipeline.pipeline import Pipeline

FULL_TICKS = "full ticks"
LIMIT_S = {FULL_TICKS: 5.0}  # between two messages of a whole market
BARS_LIMIT_S = 75.0  # a tape made of one-minute bars
CHAIN_LIMIT_S = 300.0  # OI is refreshed in batches of minutes
CLOSING_S = 10.0  # past its end a minute is closed: five seconds of the clock's, and some more
RATE_S = 10.0  # over which events a second are counted
CHECK_FEED = "Look at Socket on the status page: what does not come in cannot be shown."
READ_LOG = "Read the log: the sentence there names the place. The tape is not touched by it."


@dataclass
class Rates:
    """Count a desk's messages and ticks a second, in its own time."""

    _seen: deque[tuple[int, int, int]] = field(default_factory=deque)

    def see(self, now_ns: int, messages: int, ticks: int) -> tuple[float | None, float | None]:
        """Return messages and ticks a second over the last ten; None before there are two."""
        seen = self._seen
        if seen and (now_ns < seen[-1][0] or messages < seen[-1][1]):
            seen.clear()  # the desk went back
        if not seen or now_ns > seen[-1][0]:
            seen.append((now_ns, messages, ticks))
        while len(seen) > 2 and now_ns - seen[1][0] >= RATE_S * SECOND_NS:
            seen.popleft()
        passed = (seen[-1][0] - seen[0][0]) / SECOND_NS
        if passed < 1.0:
            return None, None
        return (seen[-1][1] - seen[0][1]) / passed, (seen[-1][2] - seen[0][2]) / passed


def silence_limit_s(summary: DaySummary) -> float:
    """Return how long a tape of this fidelity may be silent in trading hours, in seconds."""
    return min((LIMIT_S.get(word, BARS_LIMIT_S) for word in summary.fidelity), default=5.0)


def stages(
    pipeline: Pipeline,
    summary: DaySummary,
    now_ns: int,
    *,
    trading: bool,
    rates: tuple[float | None, float | None] = (None, None),
) -> tuple[Stage, ...]:
    """Return the health of every step; `rates` are messages and ticks a second."""
    last = pipeline.state.last_ns
    silent_s = max(0.0, (now_ns - last) / SECOND_NS) if last else None
    return (
        _feed(summary, silent_s, rates[0], trading=trading),
        _decode(pipeline, silent_s, rates[1]),
        _bars(pipeline, now_ns, trading=trading),
        _chain(pipeline, now_ns),
        _signals(pipeline, now_ns, trading=trading),
        _guarded(pipeline, Stage("Store", "flowing", f"{summary.messages:,} messages on tape")),
    )


def _feed(
    summary: DaySummary, silent_s: float | None, rate: float | None, *, trading: bool
) -> Stage:
    if silent_s is None:
        todo = CHECK_FEED if trading else ""
        return Stage("Feed", "late" if trading else "off", "No message yet", todo=todo)
    limit_s = silence_limit_s(summary)
    if trading and silent_s > limit_s:
        words = f"No message for {age(silent_s)}, limit {age(limit_s)}"
        return Stage("Feed", "late", words, silent_s, rate, CHECK_FEED)
    return Stage("Feed", "flowing", f"Last message {age(silent_s)} ago", silent_s, rate)


def _decode(pipeline: Pipeline, age_s: float | None, rate: float | None) -> Stage:
    bad = pipeline.state.counters["bad_packet"]
    if bad:
        words = f"{bad:,} packets could not be read"
        todo = "They are left out, the rest is read. If it goes on, a newer Tezi may know them."
        return Stage("Decode", "late", words, age_s, rate, todo)
    words = f"{pipeline.ticks:,} ticks, every packet read"
    return _guarded(pipeline, Stage("Decode", "flowing", words, age_s, rate))


def _guarded(pipeline: Pipeline, good: Stage) -> Stage:
    error = pipeline.graph.guard.errors.get(good.name)
    return Stage(good.name, "down", error, good.age_s, good.rate, READ_LOG) if error else good


def _bars(pipeline: Pipeline, now_ns: int, *, trading: bool) -> Stage:
    """Say whether every minute that should be closed by now is."""
    words = hygiene_words(pipeline.state.counters)
    now = now_ns / SECOND_NS
    closed = min(
        (
            part.closed_until
            for name, part in pipeline.state.segments.items()
            if name in pipeline.roster.segments and now < pipeline.hours.segments[name].end
        ),
        default=0,
    )
    if not (trading and closed):
        return _guarded(pipeline, Stage("Bars", "flowing", words))
    behind = now - closed
    if behind > MINUTE_S + CLOSING_S:
        late = f"The minute {from_seconds(closed):%H:%M} is not closed. {words}"
        return _guarded(pipeline, Stage("Bars", "late", late, behind, todo=READ_LOG))
    return _guarded(pipeline, Stage("Bars", "flowing", words, max(0.0, behind)))


def hygiene_words(counters: Mapping[str, int]) -> str:
    """Return every rule that caught something, with how often; `hygiene` explains them."""
    caught = ", ".join(f"{name} {count:,}" for name, count in sorted(counters.items()) if count)
    return f"Hygiene: {caught}" if caught else "Hygiene: nothing caught"


def _chain(pipeline: Pipeline, now_ns: int) -> Stage:
    chains = [c for c in pipeline.chains.chains.values() if c.is_seen(pipeline.state)]
    if not chains:
        return Stage("Chain", "off", "No option has ticked in this recording")
    ages = {c.underlying: c.oi_age_s(pipeline.state, now_ns // SECOND_NS) for c in chains}
    name, oldest = max(ages.items(), key=lambda item: item[1])
    words = f"OI of {name} changed {age(oldest)} ago" if oldest == oldest else "No OI yet"
    known_s = oldest if oldest == oldest else None
    if oldest > CHAIN_LIMIT_S:
        todo = "The exchange refreshes OI in batches; PCR and max pain wait for the next one."
        return Stage("Chain", "late", words, known_s, todo=todo)
    return Stage("Chain", "flowing", words, known_s)


def _signals(pipeline: Pipeline, now_ns: int, *, trading: bool) -> Stage:
    """Say whether the sections answered; how old the newest answer is, in seconds."""
    known = pipeline.sections.known
    newest = max((r.asof for r in known.values() if r.asof is not None), default=None)
    age_s = max(0.0, (now_ns - to_ns(newest)) / SECOND_NS) if newest and trading else None
    failures = pipeline.sections.failures
    if failures:
        name, words = next(iter(failures.items()))
        return Stage("Signals", "down", f"{name}: {words}", age_s, todo=READ_LOG)
    return _guarded(pipeline, Stage("Signals", "flowing", f"{len(known)} readings", age_s))
