"""The report of a finished day: its figures in the order to be shown, and remarks in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.core.clock import SECOND_NS, from_ns, from_seconds
from dashboard.core.health import DayReport
from dashboard.core.market import Universe
from dashboard.core.ports import BAR_DTYPE, DaySummary, Gap
from dashboard.operations.comparing import PRICES, Bars, Comparison, Difference, largest

MINUTE_NS = 60 * SECOND_NS
SHOWN = 3  # instruments or gaps that one remark names


@dataclass(frozen=True)
class Account:
    """Everything that a report is made of.

    `found` is None where nothing was compared. `bars` counts the minutes of all instruments.
    """

    summary: DaySummary
    universe: Universe
    bars: int
    found: tuple[Comparison, ...] | None
    filled_in_the_day: int
    filled_after: Bars
    remarks: tuple[str, ...] = ()


def day_report(account: Account, written_ns: int) -> DayReport:
    """Return the report."""
    return DayReport(
        day=account.summary.day.isoformat(),
        written_ns=written_ns,
        figures=_figures(account),
        remarks=tuple(_remarks(account)),
    )


def gap_minutes(gaps: Sequence[Gap]) -> float:
    """Return how long nothing was recorded, in minutes; what gaps share counts once."""
    total_ns = covered_ns = 0
    for gap in sorted(gaps, key=lambda gap: gap.started_ns):
        total_ns += max(0, gap.ended_ns - max(gap.started_ns, covered_ns))
        covered_ns = max(covered_ns, gap.ended_ns)
    return round(total_ns / MINUTE_NS, 1)


def symbol_of(universe: Universe, token: int) -> str:
    """Return what people call an instrument."""
    row = int(universe.rows(np.array([token], dtype=np.int64))[0])
    return universe.instruments[row].symbol if row >= 0 else str(token)


def _figures(account: Account) -> dict[str, int | float | str | None]:
    day, found = account.summary, account.found
    return {
        "Instruments": day.instruments,
        "Messages": day.messages,
        "Ticks": day.ticks,
        "1m bars": account.bars,
        "Equal to the exchange": None if found is None else sum(c.equal for c in found),
        "Different": None if found is None else sum(c.different for c in found),
        "Largest price difference (INR)": _largest_price(found),
        "Not at the exchange": None if found is None else sum(len(c.unknown_there) for c in found),
        "Filled in the day": account.filled_in_the_day,
        "Filled after the day": len(account.filled_after),
        "Gaps": len(day.gaps),
        "Gap minutes": gap_minutes(day.gaps),
        "Bytes on tape": day.stored_bytes,
        "First frame": _clock(day.first_ns),
        "Last frame": _clock(day.last_ns),
    }


def _largest_price(found: Sequence[Comparison] | None) -> float | None:
    """Return the largest difference of a price [INR]; None where no minute was compared."""
    if not found or not any(one.equal + one.different for one in found):
        return None
    gaps = [d.largest for one in found for d in one.differences if d.field in PRICES]
    return round(max(gaps, default=0.0), 2)


def _clock(ns: int | None) -> str | None:
    return None if ns is None else f"{from_ns(ns):%H:%M:%S}"


def _remarks(account: Account) -> Iterator[str]:
    yield from account.remarks
    if account.found is not None:
        yield from _compared(account.found, account.universe)
    if len(account.filled_after):
        yield (
            f"Filled after the day from the exchange's candles: "
            f"{_counted(account.filled_after, account.universe)}. Readings stay as they were"
        )
    yield from _gaps(account.summary.gaps)


def _compared(found: Sequence[Comparison], universe: Universe) -> Iterator[str]:
    minutes = sum(one.equal + one.different for one in found)
    different = sum(one.different for one in found)
    if not minutes:
        yield "No received minute could be compared with the exchange's candles"
    elif not different:
        yield f"All {minutes:,} minutes that were compared equal the exchange's candles"
    for one in largest([d for each in found for d in each.differences]).values():
        yield _told(one, universe)
    partial = sum(one.partial for one in found)
    if partial:
        yield f"Not seen from their start: {partial:,} of the {different:,} different minutes"
    alone = np.concatenate([np.empty(0, BAR_DTYPE), *(one.unknown_there for one in found)])
    if len(alone):
        yield f"The exchange has no candle of {_counted(alone, universe)}"


def _told(one: Difference, universe: Universe) -> str:
    unit = "INR" if one.field in PRICES else "units"
    size = f"{one.largest:,.2f}" if one.field in PRICES else f"{one.largest:,.0f}"
    name = one.field.upper() if one.field == "oi" else one.field.capitalize()
    where = f"{symbol_of(universe, one.token)} at {from_seconds(one.start):%H:%M}"
    return f"{name} differs in {_minutes(one.minutes)}, by {size} {unit} at most ({where})"


def _counted(bars: Bars, universe: Universe) -> str:
    """Return how many minutes, and of which instruments, most first."""
    counts = Counter(bars["token"].tolist()).most_common()
    named = ", ".join(f"{symbol_of(universe, token)} {n:,}" for token, n in counts[:SHOWN])
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    return f"{_minutes(len(bars))} ({named}{more})"


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    for gap in sorted(gaps, key=lambda gap: gap.started_ns)[:SHOWN]:
        span = f"{_clock(gap.started_ns)} to {_clock(gap.ended_ns)}"
        yield f"Nothing was recorded from {span}: {gap.reason}. Options of it stay missing"
    if len(gaps) > SHOWN:
        yield f"There were {len(gaps) - SHOWN} more gaps"


def _minutes(count: int) -> str:
    return f"{count:,} minute" if count == 1 else f"{count:,} minutes"
