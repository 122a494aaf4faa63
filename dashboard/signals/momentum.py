"""Momentum: what RSI(14), MACD(12, 26, 9) and ROC(10) of the close say together.

    RSI    = 100 * G / (G + L)            [0..100], G and L the mean gain and loss
    MACD   = ema12 - ema26                [INR], signal = ema9 of it, hist = MACD - signal
    ROC    = 100 * (close_t / close_{t-10} - 1)                       [percent]

G and L are seeded with the simple mean of the first 14 changes, then A = (13 A + x) / 14.
Each EMA is seeded with the simple mean at its own first bar. All of it is continuous over
session boundaries: the night is one change. Each of the three votes +1, 0 or -1:

    RSI    above 60 up, below 40 down; a vote is kept until RSI is back by 2 points
    MACD   the sign of hist; 0 if |hist| < 0.02 ATR(14)
    ROC    its sign; 0 if |ROC| < 0.10 r, where r = 100 ATR(14) sqrt(10) / close is the
           change of ten independent bars of that range                   [percent]

    score  = 0.4 RSI + 0.4 MACD + 0.2 ROC of the votes; from 0.3 on there is a side

Conventions of ours: RSI of prices that do not move is 50 (TA-Lib says 0). The strength
weighs each vote with how far its own number is, min(100, x) of

    RSI    2.5 |RSI - 50|        MACD   100 |hist| / (0.25 ATR)        ROC   100 |ROC| / r

and is what is left on the side of the score: three votes that only just agree are weak.

Sources: J. Welles Wilder (1978) for RSI and ATR; Gerald Appel (1970s) for MACD; Thomas
Aspray (1986) for the histogram. TA-Lib's own MACD seeds ema12 late, at bar 26: up to a
point away at first, the same to 1e-8 from bar 150 on.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import talib

from dashboard.core.averages import ATR, EMA, RSI, atr, ema
from dashboard.core.bars import AnyBars, Bars, as_table, column, last_row, prices
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row
from dashboard.core.view import Curve, Number, Pane
from dashboard.core.wording import RANGE, number

RSI_PERIOD, FAST, SLOW, SMOOTH, ROC_PERIOD, ATR_PERIOD = 14, 12, 26, 9, 10, 14
UP, DOWN = 60.0, 40.0  # RSI that begins a vote
HYSTERESIS = 2.0  # points RSI goes back before the vote ends
OVERBOUGHT, OVERSOLD = 70.0, 30.0
HIST_MIN, HIST_FULL = 0.02, 0.25  # of ATR: no vote below, full strength from
ROC_MIN = 0.10  # of r: no vote below
WEIGHTS = {"rsi": 0.4, "macd": 0.4, "roc": 0.2}
SIDE = 0.3  # of the score
EQUAL = 1e-9  # of the close; less than this is no movement
Votes = TypeVar("Votes", float, Floats)
Flags = npt.NDArray[np.bool_]


def calculate(bars: Bars) -> Bars:
    """Return the three oscillators, their votes and the score.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One row per bar, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 11), same index
        ``rsi14`` in points, NaN before bar 15; ``macd`` from bar 26, ``macd_signal`` and
        ``macd_hist`` from bar 34, in INR; ``roc10`` in percent from bar 11; ``rsi_vote
        macd_vote roc_vote`` +1, 0 or -1, 0 while unknown; ``macd_cross`` +1 on the bar that
        closes with MACD newly above its signal, -1 newly below, else 0; ``momentum_score``
        -1..+1; ``atr14`` in INR.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    _, _, close = prices(bars, "high", "low", "close")
    rsi = _rsi(close)
    macd = ema(bars, FAST) - ema(bars, SLOW)
    signal = _smoothed(macd)
    hist = macd - signal
    roc = talib.ROC(close, ROC_PERIOD)
    span = atr(bars, ATR_PERIOD)
    still = EQUAL * close
    up = _latched(rsi > UP, rsi <= UP - HYSTERESIS)
    down = _latched(rsi < DOWN, rsi >= DOWN + HYSTERESIS)
    rsi_vote = up.astype(np.float64) - down
    macd_vote = _signs(hist, np.maximum(HIST_MIN * span, still))
    roc_vote = _signs(roc, ROC_MIN * _range_percent(span, close))
    return as_table(
        {
            "rsi14": rsi,
            "macd": macd,
            "macd_signal": signal,
            "macd_hist": hist,
            "roc10": roc,
            "rsi_vote": rsi_vote,
            "macd_vote": macd_vote,
            "roc_vote": roc_vote,
            "macd_cross": _crosses(_signs(hist, still)),
            "momentum_score": _score(rsi_vote, macd_vote, roc_vote),
            "atr14": span,
        },
        bars,
    )


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row, None where the bar before does not tell MACD's side."""
    if len(table) < SLOW + SMOOTH:
        return None
    (close,) = prices(bars, "close")
    before, now = table.last, float(close[-1])
    rsi = float(_rsi(close)[-1])
    macd = ema(bars, FAST) - ema(bars, SLOW)
    signal, line = float(_smoothed(macd)[-1]), float(macd[-1])
    hist, roc = line - signal, (now / float(close[-1 - ROC_PERIOD]) - 1) * 100
    span, still = float(atr(bars, ATR_PERIOD)[-1]), EQUAL * now
    side = _sign(before["macd_hist"], EQUAL * float(close[-2]))
    if not side:
        return None
    up = rsi > UP or (before["rsi_vote"] > 0 and rsi > UP - HYSTERESIS)
    down = rsi < DOWN or (before["rsi_vote"] < 0 and rsi < DOWN + HYSTERESIS)
    votes = {
        "rsi_vote": float(up) - float(down),
        "macd_vote": float(_sign(hist, max(HIST_MIN * span, still))),
        "roc_vote": float(_sign(roc, ROC_MIN * (100 * ROC_PERIOD**0.5 * span / now))),
    }
    crossed = _sign(hist, still)
    return Row(
        {
            "rsi14": rsi,
            "macd": line,
            "macd_signal": signal,
            "macd_hist": hist,
            "roc10": roc,
            **votes,
            "macd_cross": float(crossed) if crossed and crossed != side else 0.0,
            "momentum_score": _score(*votes.values()),
            "atr14": span,
        }
    )


def _sign(value: float, least: float) -> int:
    """Return what `_signs` says of one value."""
    return int(value > least) - int(value < -least)


def _rsi(close: Floats) -> Floats:
    """Return Wilder's RSI, 50 where neither gains nor losses are left."""
    rsi: Floats = RSI(close, RSI_PERIOD)
    moved = ATR(close, close, close, RSI_PERIOD)  # G + L: |change|, smoothed alike
    rsi[moved <= EQUAL * close] = 50.0
    return rsi


def _smoothed(macd: Floats) -> Floats:
    """Return the EMA of a line that begins at bar 26."""
    signal = np.full(len(macd), np.nan)
    if len(macd) >= SLOW:
        signal[SLOW - 1 :] = EMA(macd[SLOW - 1 :], SMOOTH)
    return signal


def _score(rsi: Votes, macd: Votes, roc: Votes) -> Votes:
    return WEIGHTS["rsi"] * rsi + WEIGHTS["macd"] * macd + WEIGHTS["roc"] * roc


def _latched(on: Flags, off: Flags) -> Flags:
    """Return where the last of the two to happen was `on`: bar t sees bars 1..t only."""
    decided = np.maximum.accumulate(np.arange(len(on)) * (on | off))
    held: Flags = on[decided]
    return held


def _signs(values: Floats, least: Floats) -> Floats:
    """Return +1 or -1 where a value is larger than `least` either way, 0 if not or unknown."""
    signs: Floats = (values > least).astype(np.float64) - (values < -least)
    return signs


def _crosses(sides: Floats) -> Floats:
    """Return +1/-1 where the side changes; a bar without a side keeps the one before."""
    decided = np.flatnonzero(sides)
    side = sides[decided]
    crosses = np.zeros(len(sides))
    crosses[decided[1:]] = np.where(side[1:] != side[:-1], side[1:], 0)
    return crosses


def _range_percent(atr: Floats, close: Floats) -> Floats:
    """Return ten independent bars' range as percent of the close."""
    percent: Floats = 100 * ROC_PERIOD**0.5 * atr / close
    return percent


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side of the score."""
    assert inputs.index is not None
    last, close = last_row(table), float(column(inputs.index, "close")[-1])
    score = last["momentum_score"]
    side = 0 if abs(score) < SIDE else 1 if score > 0 else -1
    rsi, hist, roc = last["rsi14"], last["macd_hist"], last["roc10"]
    return Verdict(
        stance=(Stance.BEARISH, Stance.NEUTRAL, Stance.BULLISH)[side + 1],
        strength=_strength(last, side, close),
        reason=f"{_rsi_fact(rsi, last['rsi_vote'])}; hist {_short(hist)}; ROC {_short(roc)}%",
        flags=_flags(last, close),
    )


def _strength(last: dict[str, float], side: int, close: float) -> float:
    """Return the votes weighed by their own strengths, as far as they go to `side`."""
    if not side:
        return 0.0
    span = last["atr14"]
    own = {
        "rsi": 2.5 * abs(last["rsi14"] - 50),
        "macd": _percent_of(last["macd_hist"], HIST_FULL * span),
        "roc": _percent_of(last["roc10"], 100 * ROC_PERIOD**0.5 * span / close),
    }
    votes = {name: weight * last[f"{name}_vote"] for name, weight in WEIGHTS.items()}
    return max(0.0, side * sum(votes[name] * min(100.0, own[name]) for name in WEIGHTS))


def _percent_of(value: float, whole: float) -> float:
    return 100 * abs(value) / whole if whole > 0 else 0.0


def _rsi_fact(rsi: float, vote: float) -> str:
    """Say on which side of the bound in force RSI is."""
    if vote > 0:
        return f"RSI {number(rsi, 1)} > {UP if rsi > UP else UP - HYSTERESIS:.0f}"
    if vote < 0:
        return f"RSI {number(rsi, 1)} < {DOWN if rsi < DOWN else DOWN + HYSTERESIS:.0f}"
    return f"RSI {number(rsi, 1)} in {DOWN:.0f}{RANGE}{UP:.0f}"


def _short(value: float) -> str:
    return number(value, 2 if abs(value) < 100 else 0)


def _flags(last: dict[str, float], close: float) -> tuple[str, ...]:
    tags = {
        "overbought": last["rsi14"] >= OVERBOUGHT,
        "oversold": last["rsi14"] <= OVERSOLD,
        "above_zero": last["macd"] > EQUAL * close,
        "below_zero": last["macd"] < -EQUAL * close,
        "fresh_cross_macd": last["macd_cross"] != 0,
    }
    return tuple(name for name, applies in tags.items() if applies)


SIGNAL = Signal(
    title="Momentum",
    order=10,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("rsi14", "RSI", digits=1),
        Number("macd_hist", "MACD hist", signed=True),
        Number("roc10", "ROC", "%", signed=True),
        Pane(
            "RSI",
            (Curve("rsi14", f"RSI {RSI_PERIOD}", colour="c3"),),
            guides=(OVERSOLD, DOWN, 50.0, UP, OVERBOUGHT),
            band=(DOWN, UP),
            bounds=(0.0, 100.0),
        ),
        Pane(
            "MACD",
            (
                Curve("macd_hist", "hist", bars=True, digits=2),
                Curve("macd", f"MACD {FAST}, {SLOW}, {SMOOTH}", colour="c2", digits=2),
                Curve("macd_signal", "signal", colour="c1", digits=2),
            ),
            guides=(0.0,),
        ),
    ),
    warmup=120,
    timeframes=("1m", "5m", "15m"),
)
