"""Confluence: what the other sections say together, each counted once.

Every section that has a state votes s between -1 and +1 (its strength / 100, with its sign).
Sections that restate the same thing share one group, so that four readings of one trend
do not count four times:

    trend 30            ema .3, supertrend .25, structure .3, psar .15
    momentum 15         momentum
    location 20         vwap .4, orb .3, pivots .15, support_resistance .15
    participation 15    volume .4, volume_profile .3, candle .3
    derivatives 20      oi_buildup .5, pcr .35, max_pain .15

    g     = mean of the group's available votes, weighted by their shares
    g     = g * 0.6 for trend where ADX < 18, * 1.15 where ADX > 25, kept within -1 and +1
    total = 100 * sum(w g) / sum(w) * VIX factor     [-100 to +100]

over the groups of which at least half the shares voted. Coverage is the weight of all
available members over 100. A member's contribution is its part of the total; contributions
add to it. An unknown India VIX counts as 0.9, an unknown ADX changes nothing.

The state is entered at 25 to either side and left at 15, on closed bars of five minutes, and
begins anew with each session. Weights, thresholds and groups are our conventions. No
statistical edge is established for any of it.
"""

import math
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add

import numpy as np

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    days_of,
    goes_on,
    last_row,
    session_spans,
)
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import Columns, Row
from dashboard.core.view import Number
from dashboard.core.wording import number

GROUPS: dict[str, tuple[float, dict[str, float]]] = {
    "trend": (30, {"ema": 0.3, "supertrend": 0.25, "structure": 0.3, "psar": 0.15}),
    "momentum": (15, {"momentum": 1.0}),
    "location": (20, {"vwap": 0.4, "orb": 0.3, "pivots": 0.15, "support_resistance": 0.15}),
    "participation": (15, {"volume": 0.4, "volume_profile": 0.3, "candle": 0.3}),
    "derivatives": (20, {"oi_buildup": 0.5, "pcr": 0.35, "max_pain": 0.15}),
}
MEMBERS = tuple(member for _, shares in GROUPS.values() for member in shares)
ADX, VIX = "adx14", "vix_factor"  # the columns of `votes` that are no votes
COLUMNS = (
    *("total", "coverage", "stance", VIX),
    *MEMBERS,
    *(f"{group}_group" for group in GROUPS),
    *("trend_score", "derivatives_score"),
)
ENOUGH_OF_GROUP = 0.5  # of its shares
ENOUGH = 0.6  # coverage
ENTER, LEAVE = 25.0, 15.0
WEAK_ADX, STRONG_ADX = 18.0, 25.0
WEAK, STRONG = 0.6, 1.15
UNKNOWN_VIX = 0.9
CONFLICT = 0.4
EQUAL = 1e-9


def calculate(votes: Bars) -> Bars:
    """Return the total, its coverage, and what each section contributes.

    Parameters
    ----------
    votes : DataFrame, shape (n, m)
        One row per closed bar (index: its start, Asia/Kolkata, increasing), one column per
        section by its id: -1 to +1, NaN where it says nothing; columns may be absent.
        ``adx14`` and ``vix_factor`` where they are known.

    Returns
    -------
    DataFrame, shape (n, 27), same index
        ``total`` (-100 to +100, NaN without a group), ``coverage`` (0 to 1), ``stance`` (+1,
        0, -1; NaN below a coverage of 0.6), ``vix_factor``; each member's contribution
        under its id, NaN where it does not count; ``trend_group`` and so on, each group's
        contribution; ``trend_score`` and ``derivatives_score``, -1 to +1.
    """
    names = (*MEMBERS, ADX, VIX)
    said = [column(votes, n) if n in votes.columns else np.full(len(votes), np.nan) for n in names]
    weighed = [_weighed(dict(zip(names, row, strict=True))) for row in zip(*said, strict=True)]
    columns = {name: np.array([row[name] for row in weighed]) for name in COLUMNS}
    stances = _stances(votes, columns["total"], columns["coverage"])
    return as_table({**columns, "stance": stances}, votes)


def resume(table: Columns, votes: Columns) -> Row | None:
    """Return the last bar's row; the side that was entered is that of the bar before."""
    if not goes_on(table, votes):
        return None
    row = _weighed(votes.last)
    before = table.last["stance"]
    side = 0 if math.isnan(before) else int(before)
    row["stance"] = _stance(side, row["total"], row["coverage"])
    return Row(row)


def _weighed(said: Mapping[str, float]) -> dict[str, float]:
    """Return the columns of one bar, but for the stance.

    Plain floats added in one order: numpy adds a single row in another order than many, which
    would be a look ahead of the last bit.
    """
    scores: dict[str, float] = {}
    parts: dict[str, float] = {}
    coverage, weights = 0.0, 0.0
    for group, (weight, shares) in GROUPS.items():
        votes = {member: said.get(member, math.nan) for member in shares}
        voted = _added(s if math.isfinite(votes[m]) else 0.0 for m, s in shares.items())
        coverage += weight * voted / 100
        each = dict.fromkeys(shares, math.nan)
        scores[group] = math.nan
        if voted >= ENOUGH_OF_GROUP - EQUAL:
            weights += weight
            each = {m: share * votes[m] / voted for m, share in shares.items()}
            if group == "trend":
                trust = _trust(_added(each.values()), said.get(ADX, math.nan))
                each = {member: part * trust for member, part in each.items()}
            scores[group] = _added(each.values())
        parts |= {member: weight * part for member, part in each.items()}
    factor = said.get(VIX, math.nan)
    factor = factor if math.isfinite(factor) else UNKNOWN_VIX
    scale = 100 * factor / weights if weights > 0 else math.nan
    parts = {member: part * scale for member, part in parts.items()}
    return {
        "total": _added(parts.values()) + 0.0 if weights > 0 else math.nan,  # never -0.0
        "coverage": coverage,
        "stance": math.nan,
        VIX: factor,
        **parts,
        **{f"{g}_group": scores[g] * w * scale for g, (w, _) in GROUPS.items()},
        "trend_score": scores["trend"],
        "derivatives_score": scores["derivatives"],
    }


def _added(values: Iterable[float]) -> float:
    """Return the sum of values in their order, unknown ones as 0."""
    return reduce(add, [value if math.isfinite(value) else 0.0 for value in values])


def _trust(score: float, adx: float) -> float:
    """Return what the trend's votes are multiplied by, so that the group stays within 1."""
    trust = WEAK if adx < WEAK_ADX else STRONG if adx > STRONG_ADX else 1.0
    return min(trust, 1 / max(abs(score), EQUAL))


def _stances(votes: AnyBars, total: Floats, coverage: Floats) -> Floats:
    """Return the side that was entered and not left, NaN where too few sections voted."""
    stances = np.full(len(total), np.nan)
    for first, end in session_spans(days_of(votes)):
        side = 0
        rows = zip(total[first:end].tolist(), coverage[first:end].tolist(), strict=True)
        for at, (score, covered) in enumerate(rows, start=first):
            stances[at] = _stance(side, score, covered)
            side = 0 if math.isnan(stances[at]) else int(stances[at])
    return stances


def _stance(side: int, score: float, covered: float) -> float:
    """Return the side after a bar that came to it with `side`, NaN if too few voted."""
    if covered < ENOUGH - EQUAL or math.isnan(score):
        return math.nan
    if side * score < LEAVE:
        side = 0
    if side == 0 and abs(score) >= ENTER:
        side = 1 if score > 0 else -1
    return float(side)


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side that the sections together have entered."""
    last = last_row(table)
    total, covered = last["total"], 100 * last["coverage"]
    if not math.isfinite(last["stance"]):
        return insufficient(f"Coverage {number(covered, 1)}% < {number(100 * ENOUGH, 0)}%")
    side = int(last["stance"])
    bound, mark = (LEAVE, "beyond") if side else (ENTER, "within")
    reason = f"Total {number(total, 1, signed=True)} {mark} ±{bound:.0f}; {covered:.0f}% covered"
    stance = (Stance.BEARISH, Stance.NEUTRAL, Stance.BULLISH)[side + 1]
    return Verdict(stance, abs(total), reason, _flags(table, last))


def _flags(table: AnyBars, last: dict[str, float]) -> tuple[str, ...]:
    trend, derivatives = last["trend_score"], last["derivatives_score"]
    stances = column(table, "stance")
    turned = len(stances) > 1 and stances[-1] != stances[-2] and np.isfinite(stances[-2])
    tags = {
        "fresh_flip": bool(turned and last["stance"] != 0),
        "conflict": trend * derivatives < 0 and min(abs(trend), abs(derivatives)) > CONFLICT,
    }
    return tuple(name for name, applies in tags.items() if applies)


SIGNAL = Signal(
    title="Confluence",
    order=180,
    needs=("votes",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("total", "total", digits=1, signed=True),
        Number("coverage", "coverage", digits=2),
        Number("vix_factor", "VIX factor", digits=2),
    ),
    timeframes=("5m",),
)
