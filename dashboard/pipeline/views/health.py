"""How each step of the flow is: flowing, late or down, and why."""

from collections.abc import Mapping

from dashboard.core.clock import SECOND_NS
from dashboard.core.health import Stage
from dashboard.core.ports import DaySummary
from dashboard.core.wording import age
from dashboard.pipeline.pipeline import Pipeline

FULL_TICKS = "full ticks"
LIMIT_S = {FULL_TICKS: 5.0}  # between two messages of a whole market
BARS_LIMIT_S = 75.0  # a tape made of one-minute bars
CHAIN_LIMIT_S = 300.0  # OI is refreshed in batches of minutes


def silence_limit_s(summary: DaySummary) -> float:
    """Return how long a tape of this fidelity may be silent in trading hours, in seconds."""
    return min((LIMIT_S.get(word, BARS_LIMIT_S) for word in summary.fidelity), default=5.0)


def stages(
    pipeline: Pipeline, summary: DaySummary, now_ns: int, *, trading: bool
) -> tuple[Stage, ...]:
    """Return the health of every step."""
    return (
        _feed(pipeline, summary, now_ns, trading=trading),
        _decode(pipeline),
        _guarded(pipeline, "Bars", hygiene_words(pipeline.state.counters)),
        _chain(pipeline, now_ns),
        _signals(pipeline),
        _guarded(pipeline, "Store", f"{summary.messages:,} messages on tape"),
    )


def _feed(pipeline: Pipeline, summary: DaySummary, now_ns: int, *, trading: bool) -> Stage:
    last = pipeline.state.last_ns
    if not last:
        return Stage("Feed", "late" if trading else "off", "No message yet")
    silent_s = (now_ns - last) / SECOND_NS
    limit_s = silence_limit_s(summary)
    if trading and silent_s > limit_s:
        return Stage("Feed", "late", f"No message for {age(silent_s)}, limit {age(limit_s)}")
    return Stage("Feed", "flowing", f"Last message {age(max(silent_s, 0.0))} ago")


def _decode(pipeline: Pipeline) -> Stage:
    bad = pipeline.state.counters["bad_packet"]
    if bad:
        return Stage("Decode", "late", f"{bad:,} packets could not be read")
    return _guarded(pipeline, "Decode", f"{pipeline.ticks:,} ticks, every packet read")


def _guarded(pipeline: Pipeline, name: str, good: str) -> Stage:
    error = pipeline.graph.guard.errors.get(name)
    return Stage(name, "down", error) if error else Stage(name, "flowing", good)


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
    return Stage("Chain", "late" if oldest > CHAIN_LIMIT_S else "flowing", words)


def _signals(pipeline: Pipeline) -> Stage:
    failures = pipeline.sections.failures
    if failures:
        name, words = next(iter(failures.items()))
        return Stage("Signals", "down", f"{name}: {words}")
    return _guarded(pipeline, "Signals", f"{len(pipeline.sections.known)} readings")
