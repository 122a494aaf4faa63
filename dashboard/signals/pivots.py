"""Pivot points of the prior session: classic, Fibonacci, Camarilla, Woodie and the CPR.

With high H, low L and official close C of the prior regular session, R = H - L and today's
open O, all in INR:

    classic     P = (H + L + C) / 3;  R1 = 2P - L;  S1 = 2P - H;  R2 = P + R;  S2 = P - R;
                R3 = H + 2 (P - L);  S3 = L - 2 (H - P)
    Fibonacci   P +- 0.382 R, 0.618 R, 1 R
    Camarilla   C +- 1.1 R / 12, 6, 4, 2;  R5 = C H / L;  S5 = 2 C - R5
    Woodie      P = (H + L + 2 O) / 4, then R1 to S2 as the classic ones (TradingView's form)
    CPR         BC = (H + L) / 2;  TC = 2P - BC;  width = 100 (TC - BC) / P   [percent]

TC and BC change places where TC is the lower one. If H = L every level is C. The levels of
a day are fixed at its open.

The prior session is the calendar's previous trading day: Muhurat trading and drills are
passed over (flag ``special_session_skipped``). It comes from `daily`, else from the bars
themselves, whose last close is not the official one (flag ``unofficial_close``). If neither
has it whole (at most five minutes may be missing at either end) there are no levels: an older
session, or a part of one, would be a different set of lines. Only where the calendar knows no
previous day is the latest earlier session taken (flag ``session_unverified``).

Sources: floor traders' classic; Nick Scott (1989) for Camarilla; Mark Fisher's pivot range
(2002) and Franklin Ochoa (2010) for the CPR; Ken Wood for Woodie.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    day_of_last,
    days_of,
    goes_on,
    last_row,
    prices,
    session_spans,
    starts_s,
)
from dashboard.core.daily import session_days
from dashboard.core.hours import date_of, is_whole, prior_day, skipped_session, windows
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import Inputs, PriceLevel, Signal, Stance, Verdict, insufficient
from dashboard.core.table import DAY_S, Columns, Row
from dashboard.core.view import Level, Number, Zone
from dashboard.core.wording import RANGE, number

NARROW, WIDE = 0.10, 0.35  # CPR width in percent of P
FIBONACCI = (0.382, 0.618, 1.0)
CAMARILLA = (12, 6, 4, 2)
EQUAL = 1e-9  # relative; closer than this is the same price
COLUMNS = (
    *(f"classic_{name}" for name in ("p", "r1", "r2", "r3", "s1", "s2", "s3")),
    *(f"fib_{name}" for name in ("p", "r1", "r2", "r3", "s1", "s2", "s3")),
    *(f"cam_r{k}" for k in range(1, 6)),
    *(f"cam_s{k}" for k in range(1, 6)),
    *(f"woodie_{name}" for name in ("p", "r1", "r2", "s1", "s2")),
    *("cpr_tc", "cpr_bc", "cpr_width_pct", "cpr_inverted", "prior_close_official"),
)
UNKNOWN = (math.nan,) * len(COLUMNS)
Prior = tuple[float, float, float, bool]  # high, low, close [INR]; is the close official


def calculate(bars: Bars, daily: AnyBars | None = None) -> Bars:
    """Return the levels in force at each bar.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        Bars of the index, indexed by start (Asia/Kolkata, increasing); ``open``, ``high``,
        ``low``, ``close`` in INR.
    daily : DataFrame, optional
        One row per past session (``high low close`` in INR; ``official``, whether the close
        is the exchange's, true if absent), indexed by its date. Rows of a bar's own date and
        later are not read.

    Returns
    -------
    DataFrame, shape (n, 34), same index
        ``classic_p classic_r1 ... classic_s3``, ``fib_*``, ``cam_r1 ... cam_s5``,
        ``woodie_*``, ``cpr_tc``, ``cpr_bc`` in INR; ``cpr_width_pct`` in percent;
        ``cpr_inverted`` and ``prior_close_official`` 1 or 0. NaN where the prior session is
        not known; Woodie also where the first bar of the day is not the opening one.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    starts = starts_s(bars)
    days = days_of(bars)
    opening, high, low, close = prices(bars, "open", "high", "low", "close")
    spans: dict[int, tuple[int, int]] = {
        int(days[first]): (first, end) for first, end in session_spans(days)
    }
    known = _aggregated(spans, starts, high, low, close) | _official(daily)
    sessions = [UNKNOWN]
    for day, (first, _) in spans.items():
        prior = _prior(day, known)
        today_open = _today_open(day, int(starts[first]), float(opening[first]))
        sessions.append(UNKNOWN if prior is None else _levels(prior, today_open))
    lengths = [0, *(end - first for first, end in spans.values())]
    levels = np.repeat(np.array(sessions).T, lengths, axis=1)
    return as_table(dict(zip(COLUMNS, levels, strict=True)), bars)


def resume(table: Columns, bars: Columns, daily: Columns | None = None) -> Row | None:
    """Return the last bar's row: within a day it is that of the bar before.

    None on a day's first bar if `daily` does not tell of the session before.
    """
    opening, *_ = prices(bars, "open", "high", "low", "close")
    if goes_on(table, bars):
        return Row(table.last)
    day = day_of_last(bars)
    prior = _official(daily).get(prior_day(day) or 0)
    if prior is None:
        return None
    levels = _levels(prior, _today_open(day, int(bars.starts[-1]), float(opening[-1])))
    return Row(dict(zip(COLUMNS, levels, strict=True)))


def _aggregated(
    spans: Mapping[int, tuple[int, int]], starts: Ints, high: Floats, low: Floats, close: Floats
) -> dict[int, Prior]:
    """Return the sessions that the bars hold from open to close, by day.

    A bar is taken to be as long as the closest two so far are apart.
    """
    found: dict[int, Prior] = {}
    length = DAY_S
    for day, (first, end) in spans.items():
        hours = windows(day, Segment.INDEX)
        if first == 0 and hours is not None and starts[0] > hours[0][0]:
            continue
        length = min(length, int(np.diff(starts[first:end]).min(initial=DAY_S)))
        if not is_whole(day, int(starts[first]), int(starts[end - 1]) + length, Segment.INDEX):
            continue
        top, bottom = float(high[first:end].max()), float(low[first:end].min())
        found[day] = (top, bottom, float(close[end - 1]), False)
    return found


def _official(daily: AnyBars | None) -> dict[int, Prior]:
    """Return the sessions of `daily`, by day; rows with an unknown price are passed over."""
    if daily is None or not len(daily):
        return {}
    if isinstance(daily, Columns) and "sessions" in daily.facts:
        known: dict[int, Prior] = daily.facts["sessions"]
        return known
    official = column(daily, "official").tolist() if "official" in daily else [True] * len(daily)
    columns = [column(daily, name).tolist() for name in ("high", "low", "close")]
    rows = zip(session_days(daily).tolist(), *columns, official, strict=True)
    found = {d: (h, lo, c, bool(o)) for d, h, lo, c, o in rows if math.isfinite(h + lo + c)}
    if isinstance(daily, Columns):
        daily.facts["sessions"] = found
    return found


def _prior(day: int, known: Mapping[int, Prior]) -> Prior | None:
    """Return the session before `day`, None if it is not known."""
    wanted = prior_day(day)
    if wanted is None:
        wanted = max((d for d in known if d < day), default=None)
    return None if wanted is None else known.get(wanted)


def _today_open(day: int, start: int, opening: float) -> float:
    """Return the session's open [INR], NaN if its opening bar is not here."""
    hours = windows(day, Segment.INDEX)
    return opening if hours is None or start == hours[0][0] else float("nan")


@lru_cache(maxsize=512)
def _levels(prior: Prior, opening: float) -> tuple[float, ...]:
    """Return one row of COLUMNS."""
    high, low, close, official = prior
    if high - low <= EQUAL * high:
        levels = 29 * [close]
        return (*levels, close, close, 0.0, 0.0, float(official))
    span, p = high - low, (high + low + close) / 3
    woodie = (high + low + 2 * opening) / 4
    middle = (high + low) / 2
    far = 2 * p - middle
    top, bottom = max(far, middle), min(far, middle)
    r5 = close * high / low
    return (
        *(p, 2 * p - low, p + span, high + 2 * (p - low)),
        *(2 * p - high, p - span, low - 2 * (high - p)),
        *(p, *(p + f * span for f in FIBONACCI), *(p - f * span for f in FIBONACCI)),
        *(*(close + 1.1 * span / k for k in CAMARILLA), r5),
        *(*(close - 1.1 * span / k for k in CAMARILLA), 2 * close - r5),
        *(woodie, 2 * woodie - low, woodie + span, 2 * woodie - high, woodie - span),
        *(top, bottom, 100 * (top - bottom) / p, float(far < middle), float(official)),
    )


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side of the central range (CPR) the close is on."""
    assert inputs.index is not None
    last = last_row(table)
    day = day_of_last(inputs.index)
    if not math.isfinite(last["classic_p"]):
        return insufficient(_missing(day))
    close = float(column(inputs.index, "close")[-1])
    top, bottom, p = last["cpr_tc"], last["cpr_bc"], last["classic_p"]
    flags, levels = _flags(last, day), _named(last)
    span = last["classic_r2"] - p
    if span <= 0:
        reason = f"Prior session had no range; all at {number(p)}"
        return Verdict(Stance.NEUTRAL, 0.0, reason, flags, levels)
    strength = 100 * abs(close - p) / span
    if close > top * (1 + EQUAL):
        reason = f"Close {number(close)} > TC {number(top)}"
        return Verdict(Stance.BULLISH, strength, reason, flags, levels)
    if close < bottom * (1 - EQUAL):
        reason = f"Close {number(close)} < BC {number(bottom)}"
        return Verdict(Stance.BEARISH, strength, reason, flags, levels)
    reason = f"Close {number(close)} in {number(bottom)}{RANGE}{number(top)}"
    return Verdict(Stance.NEUTRAL, 0.0, reason, flags, levels)


def _missing(day: int) -> str:
    prior = prior_day(day)
    if prior is None:
        return "No earlier session is known"
    return f"No whole session of {date_of(prior):%a %-d %b %Y}"


def _flags(last: dict[str, float], day: int) -> tuple[str, ...]:
    tags = {
        "narrow_cpr": last["cpr_width_pct"] < NARROW,
        "wide_cpr": last["cpr_width_pct"] > WIDE,
        "inverted_cpr": bool(last["cpr_inverted"]),
        "unofficial_close": not last["prior_close_official"],
        "special_session_skipped": skipped_session(day),
        "session_unverified": prior_day(day) is None,
    }
    return tuple(name for name, applies in tags.items() if applies)


def _named(last: dict[str, float]) -> tuple[PriceLevel, ...]:
    names = ("p", "r1", "r2", "r3", "s1", "s2", "s3")
    classic = [PriceLevel(name.upper(), last[f"classic_{name}"]) for name in names]
    return (*classic, PriceLevel("TC", last["cpr_tc"]), PriceLevel("BC", last["cpr_bc"]))


def _drawn(kind: str, letter: str, colour: str, group: str) -> list[Level]:
    """Return how one kind of pivots is drawn: its columns, the letter before their names."""
    names = (name.removeprefix(f"{kind}_") for name in COLUMNS if name.startswith(f"{kind}_"))
    return [Level(f"{kind}_{n}", f"{letter} {n.upper()}", colour, group) for n in names]


SIGNAL = Signal(
    title="Pivot points",
    order=90,
    needs=("index",),
    optional=("daily",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("classic_p", "P", digits=1),
        Number("classic_r1", "R1", digits=1),
        Number("cpr_width_pct", "CPR", unit="%"),
        Level("classic_p", "P"),
        *(Level(f"classic_r{k}", f"R{k}") for k in (1, 2, 3)),
        *(Level(f"classic_s{k}", f"S{k}") for k in (1, 2, 3)),
        Zone("cpr_bc", "cpr_tc", group="CPR"),
        Level("cpr_tc", "TC", group="CPR"),
        Level("cpr_bc", "BC", group="CPR"),
        *_drawn("fib", "F", "c3", "Fibonacci pivots"),
        *_drawn("cam", "C", "c4", "Camarilla pivots"),
        *_drawn("woodie", "W", "c1", "Woodie pivots"),
    ),
)
