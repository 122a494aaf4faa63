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

from collections.abc import Iterable
from functools import reduce

import numpy as np

from dashboard.core.bars import AnyBars, Bars, as_table, column, days_of, last_row, session_spans
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
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
    size = len(votes)
    scores: dict[str, Floats] = {}
    parts: dict[str, Floats] = {}
    coverage, weights = np.zeros(size), np.zeros(size)
    for group, (weight, shares) in GROUPS.items():
        said = np.array([_votes(votes, member) for member in shares])
        share = np.array(list(shares.values()))[:, None] * np.isfinite(said)
        voted = _added(share)
        coverage += weight * voted / 100
        counts = voted >= ENOUGH_OF_GROUP - EQUAL
        weights += np.where(counts, weight, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            each = np.where(counts & np.isfinite(said), share * said / voted, np.nan)
        if group == "trend":
            each = each * _trust(_added(each), _votes(votes, "adx14"))
        scores[group] = np.where(counts, _added(each), np.nan)
        parts |= {member: weight * row for member, row in zip(shares, each, strict=True)}
    factor = _votes(votes, "vix_factor")
    factor = np.where(np.isfinite(factor), factor, UNKNOWN_VIX)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(weights > 0, 100 * factor / weights, np.nan)
    parts = {member: part * scale for member, part in parts.items()}
    groups = {f"{g}_group": scores[g] * w * scale for g, (w, _) in GROUPS.items()}
    total = _added(list(parts.values())) + np.where(weights > 0, 0.0, np.nan)
    columns = {
        "total": total,
        "coverage": coverage,
        "stance": _stances(votes, total, coverage),
        "vix_factor": factor,
        **parts,
        **groups,
        "trend_score": scores["trend"],
        "derivatives_score": scores["derivatives"],
    }
    return as_table(columns, votes)


def _added(rows: Iterable[Floats]) -> Floats:
    """Return the sum of rows, unknown ones as 0, in their order whatever their length.

    numpy adds a single column in another order than many, which would be a look ahead of
    the last bit.
    """
    total: Floats = reduce(np.add, [np.where(np.isfinite(row), row, 0.0) for row in rows])
    return total


def _votes(votes: AnyBars, name: str) -> Floats:
    return column(votes, name) if name in votes.columns else np.full(len(votes), np.nan)


def _trust(score: Floats, adx: Floats) -> Floats:
    """Return what the trend's votes are multiplied by, so that the group stays within 1."""
    trust = np.where(adx < WEAK_ADX, WEAK, np.where(adx > STRONG_ADX, STRONG, 1.0))
    return np.minimum(trust, 1 / np.maximum(np.abs(score), EQUAL))


def _stances(votes: AnyBars, total: Floats, coverage: Floats) -> Floats:
    """Return the side that was entered and not left, NaN where too few sections voted."""
    stances = np.full(len(total), np.nan)
    for first, end in session_spans(days_of(votes)):
        side = 0
        rows = zip(total[first:end].tolist(), coverage[first:end].tolist(), strict=True)
        for at, (score, covered) in enumerate(rows, start=first):
            if covered < ENOUGH - EQUAL or score != score:
                side = 0
                continue
            if side * score < LEAVE:
                side = 0
            if side == 0 and abs(score) >= ENTER:
                side = 1 if score > 0 else -1
            stances[at] = side
    return stances


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side that the sections together have entered."""
    last = last_row(table)
    total, covered = last["total"], 100 * last["coverage"]
    if not np.isfinite(last["stance"]):
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
    judge=judge,
    view=(
        Number("total", "total", digits=1, signed=True),
        Number("coverage", "coverage", digits=2),
        Number("vix_factor", "VIX factor", digits=2),
    ),
    timeframes=("5m",),
)
