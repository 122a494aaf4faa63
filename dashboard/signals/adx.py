"""Trend strength: Wilder's ADX(14), with the side that has the larger directional index.

    +DM = high_t - high_{t-1} if that is larger than low_{t-1} - low_t and than 0, else 0
    -DM = the mirror of it                                                 [INR]
    TR  = max(high, close_{t-1}) - min(low, close_{t-1})                   [INR]
    DI  = 100 * S(DM) / S(TR);   DX = 100 * |+DI - -DI| / (+DI + -DI)      [0..100]
    S_t = S_{t-1} - S_{t-1} / 14 + x_t, begun with the sum of bars 1..13 (TA-Lib's way; the
          textbook sums 14 of them, the same to 3e-5 by bar 200)
    ADX = mean of the first 14 DX at bar 28, then (13 ADX + DX) / 14
    ATR = mean of the first 14 TR at bar 15, then (13 ATR + TR) / 14       [INR]

DI is 0 without any range, DX is 0 without any DI. All of it is continuous over session
boundaries: the night is one step. Below 18 there is no trend and no side; up to 25 one is
building, above it is there, and above 40 it is strong and may be spent. It rises if ADX is
above its value 5 bars ago. The strength is 4 (ADX - 15), within 0..100.

Source: J. Welles Wilder, New Concepts in Technical Trading Systems (1978). The bounds are
conventions; Wilder himself used 25 and 20.
"""

from dashboard.core.averages import MINUS_DI, PLUS_DI, adx, atr
from dashboard.core.bars import AnyBars, Bars, as_table, column, last_row, prices
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row
from dashboard.core.view import Curve, Number, Pane
from dashboard.core.wording import MINUS, number

PERIOD = 14
NO_TREND, TRENDING, STRONG = 18.0, 25.0, 40.0
RISING_BARS = 5
EQUAL = 1e-9  # points; closer than this neither side leads


def calculate(bars: Bars) -> Bars:
    """Return both directional indices, ADX and ATR.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One row per bar, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 4), same index
        ``plus_di14 minus_di14`` from bar 15 and ``adx14`` from bar 28, 0..100; ``atr14`` in
        INR from bar 15. NaN before.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    high, low, close = prices(bars, "high", "low", "close")
    return as_table(
        {
            "plus_di14": PLUS_DI(high, low, close, PERIOD),
            "minus_di14": MINUS_DI(high, low, close, PERIOD),
            "adx14": adx(bars, PERIOD),
            "atr14": atr(bars, PERIOD),
        },
        bars,
    )


def resume(table: Columns, bars: Columns) -> Row:
    """Return the last bar's row."""
    high, low, close = prices(bars, "high", "low", "close")
    return Row(
        {
            "plus_di14": float(PLUS_DI(high, low, close, PERIOD)[-1]),
            "minus_di14": float(MINUS_DI(high, low, close, PERIOD)[-1]),
            "adx14": float(adx(bars, PERIOD)[-1]),
            "atr14": float(atr(bars, PERIOD)[-1]),
        }
    )


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side with the larger index, unless there is no trend."""
    last = last_row(table)
    trend, lead = last["adx14"], last["plus_di14"] - last["minus_di14"]
    stance = Stance.BULLISH if lead > 0 else Stance.BEARISH
    if trend < NO_TREND or abs(lead) <= EQUAL:
        stance = Stance.NEUTRAL
    reason = f"ADX {number(trend, _digits(trend))} {_bound(trend)}; {_sides(last, lead)}"
    return Verdict(stance, 4 * (trend - 15), reason, _flags(table, trend))


def _digits(trend: float) -> int:
    """Return 1, or 2 where one decimal would print a bound that the value only comes near."""
    return 2 if trend != round(trend, 1) in (NO_TREND, TRENDING, STRONG) else 1


def _bound(trend: float) -> str:
    """Name the bound that decides the word for this trend."""
    if trend < NO_TREND:
        return f"< {NO_TREND:.0f}"
    reached = max((b for b in (NO_TREND, TRENDING, STRONG) if trend > b), default=NO_TREND)
    return f"> {reached:.0f}" if trend > reached else f"= {reached:.0f}"


def _sides(last: dict[str, float], lead: float) -> str:
    plus = f"+DI {number(last['plus_di14'], 1)}"
    minus = f"{MINUS}DI {number(last['minus_di14'], 1)}"
    if abs(lead) <= EQUAL:
        return f"{plus} = {minus}"
    return f"{plus} > {minus}" if lead > 0 else f"{minus} > {plus}"


def _flags(table: AnyBars, trend: float) -> tuple[str, ...]:
    tags = {
        "no_trend": trend < NO_TREND,
        "building": NO_TREND <= trend <= TRENDING,
        "trending": TRENDING < trend <= STRONG,
        "strong": trend > STRONG,
        "rising": trend > float(column(table, "adx14")[-1 - RISING_BARS]),
    }
    return tuple(name for name, applies in tags.items() if applies)


SIGNAL = Signal(
    title="Trend strength",
    order=30,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("plus_di14", "+DI", digits=1),
        Number("minus_di14", f"{MINUS}DI", digits=1),
        Number("adx14", "ADX", digits=1),
        Pane(
            "ADX",
            (
                Curve("adx14", "ADX 14", colour="tx2"),
                Curve("plus_di14", "+DI", colour="bull"),
                Curve("minus_di14", f"{MINUS}DI", colour="bear"),
            ),
            guides=(NO_TREND, TRENDING),
            bounds=(0.0, 100.0),
        ),
    ),
    warmup=150,
)
