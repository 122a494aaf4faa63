"""The three index cards."""

import math
from collections.abc import Callable

import numpy as np

from dashboard.core.clock import SECOND_NS
from dashboard.core.market import UNDERLYINGS, Floats, Segment
from dashboard.pipeline.hours import CONTINUOUS
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.snapshot import IndexQuote


def index_quotes(pipeline: Pipeline, now_ns: int, limit_s: float) -> dict[str, IndexQuote]:
    """Return the cards of all three indices; what is unknown is None.

    `limit_s` is the age above which a silent index is stale while it trades.
    """
    return {name: _quote(pipeline, name, now_ns, limit_s) for name in UNDERLYINGS}


def _quote(pipeline: Pipeline, name: str, now_ns: int, limit_s: float) -> IndexQuote:
    index = pipeline.universe.index(name)
    pcr, reason = _pcr(pipeline, name)
    if index is None:
        return IndexQuote(name, name, pcr=pcr, pcr_reason=reason)
    row = pipeline.state.rows[pipeline.universe.row(index)]
    price = known(row["last_price"])
    before = known(row["previous_close"]) or _last_close(pipeline, name)
    change = price - before if price is not None and before is not None else None
    today = pipeline.series.get(index.token, "1m").since(pipeline.hours.start)
    age_s = (now_ns - int(row["received_ns"])) / SECOND_NS if row["received_ns"] else None
    return IndexQuote(
        underlying=name,
        title=index.symbol,
        price=price,
        previous_close=before,
        change=change,
        change_percent=100 * change / before if change is not None and before else None,
        open=_first(known(row["day_open"]), today["open"][:1]),
        high=_extreme(max, known(row["day_high"]), price, today["high"]),
        low=_extreme(min, known(row["day_low"]), price, today["low"]),
        age_s=age_s,
        stale=_is_stale(pipeline, now_ns, age_s, limit_s),
        spark=tuple(today["close"].tolist()),
        pcr=pcr,
        pcr_reason=reason,
    )


def known(value: float) -> float | None:
    """Return a number, or None for NaN."""
    number = float(value)
    return number if math.isfinite(number) else None


def _last_close(pipeline: Pipeline, name: str) -> float | None:
    daily = pipeline.sections.source.daily.get(name)
    return None if daily is None or daily.empty else float(daily["close"].iloc[-1])


def _first(value: float | None, column: Floats) -> float | None:
    return value if value is not None or not len(column) else float(column[0])


def _extreme(
    pick: Callable[..., float], told: float | None, price: float | None, column: Floats
) -> float | None:
    """Return the day's extreme: what the exchange tells, else what was seen."""
    if told is not None:
        return told
    seen = [float(pick(column))] if len(column) else []
    return pick([*seen, price]) if price is not None else (seen[0] if seen else None)


def _is_stale(pipeline: Pipeline, now_ns: int, age_s: float | None, limit_s: float) -> bool:
    second = np.array([now_ns // SECOND_NS])
    trading = int(pipeline.hours.segments[Segment.INDEX].state(second)[0]) == CONTINUOUS
    return trading and age_s is not None and age_s > limit_s


def _pcr(pipeline: Pipeline, name: str) -> tuple[float | None, str]:
    chain = pipeline.chains.chains.get(name)
    if chain is None or not chain.is_seen(pipeline.state):
        return None, pipeline.chains.missing(name)
    oi = pipeline.state.rows["oi"]
    calls = float(np.nansum(oi[chain.calls[chain.calls >= 0]]))
    puts = float(np.nansum(oi[chain.puts[chain.puts >= 0]]))
    return (puts / calls, "") if calls > 0 else (None, "No call has open interest")
