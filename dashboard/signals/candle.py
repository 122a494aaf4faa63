"""Candle intent: what one closed bar of 5 minutes, and the future's volume in it, show.

With range R = high - low, all shares of it between 0 and 1:

    body  = |close - open| / R         lower = (min(open, close) - low) / R
    upper = (high - max(open, close)) / R         location = (close - low) / R
    rvol  = volume of the future's same bar / mean volume of its 20 bars before

R = 0 is a doji whose location is 0.5. The first of these that applies is the bar's class:
conviction (body >= 0.7), doji (body <= 0.1), rejection of the low (lower >= 2 body and upper
<= 0.3 body), rejection of the high (mirrored). Class and volume together are the intent:

    class       rvol >= 1.5              0.7 to 1.5         rvol < 0.7 or unknown
    conviction  initiative, its way      conviction, its way   unconfirmed, half strength
    rejection   absorption, off the wick rejection, neutral    rejection, neutral
    doji        churn if rvol > 2        doji, neutral         doji, neutral

A bar with R < 0.5 ATR(14) is narrow, and neutral unless it churns. Strength is
60 body + 25 min(1, rvol / 2) + 15 |2 location - 1|; an unknown rvol adds nothing.

Patterns are tags, never a state, and ours rather than any library's: they need a trend
before them (the close before on one side of EMA(20), which moves that way). A hammer is a
rejection of the low after a fall, a shooting star one of the high after a rise; an engulfing
body covers the one before it, which had the other colour, and is longer. Engulfing is not
looked for on a day's first bar, because the night lies between its two bodies.

Our conventions: the order of the classes, 2 for "very high" volume, conviction at ordinary
volume keeps its way, and a rejection without volume says nothing.

Source: Steve Nison, Japanese Candlestick Charting Techniques (1991), for the names.
"""

import math

import numpy as np
import numpy.typing as npt

from dashboard.core.averages import atr, ema
from dashboard.core.bars import AnyBars, Bars, as_table, column, days_of, last_row, prices, starts_s
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row, Values
from dashboard.core.view import Number
from dashboard.core.wording import number

CONVICTION, DOJI = 0.7, 0.1  # of the range
WICK, OTHER_WICK = 2.0, 0.3  # of the body: the long one at least, the other at most
SUPPORTS, WEAK, VERY_HIGH = 1.5, 0.7, 2.0  # rvol
PATTERN_BARS = 3  # that a pattern looks at
RVOL_BARS = 20  # earlier bars of the future
ATR_PERIOD, EMA_PERIOD = 14, 20
NARROW = 0.5  # of ATR
BODY, VOLUME, LOCATION = 60, 25, 15  # parts of the strength
EQUAL = 1e-9  # of the close; a range or body below this is none
INTENTS = (
    "",
    "initiative up",
    "initiative down",
    "conviction up",
    "conviction down",
    "unconfirmed up",
    "unconfirmed down",
    "absorption up",
    "absorption down",
    "rejection low",
    "rejection high",
    "churn",
    "doji",
    "narrow",
)
PATTERNS = ("", "engulfing up", "engulfing down", "hammer", "shooting star")
CODE = {name: code for code, name in enumerate(INTENTS)}
INTENT_TEXT, PATTERN_TEXT = np.array(INTENTS, dtype=object), np.array(PATTERNS, dtype=object)
WAYS = {"up": Stance.BULLISH, "down": Stance.BEARISH}
Mask = npt.NDArray[np.bool_]


def calculate(bars: Bars, future: AnyBars | None = None) -> Bars:
    """Return the shape of each bar, its volume and its intent.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        Bars of the index, indexed by start (Asia/Kolkata, increasing); ``open``, ``high``,
        ``low``, ``close`` in INR.
    future : DataFrame, optional
        Bars of its future of the same length; ``volume`` in units traded within the bar.

    Returns
    -------
    DataFrame, shape (n, 8), same index
        ``body_pct upper_wick_pct lower_wick_pct`` in percent of the range; ``close_loc`` 0
        (at the low) to 1 (at the high); ``intent``, text, empty for a bar that shows none;
        ``rvol``, NaN until the future has 21 bars, where one of them is not known, and where
        none of the 20 had volume; ``range_atr``, the range in ATR(14)s, NaN before 15 bars;
        ``pattern``, text, empty for none.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    return as_table(_columns(bars, future, 0), bars)


def resume(table: Columns, bars: Columns, future: Columns | None = None) -> Row | None:
    """Return the last bar's row: a pattern is of the last three bars."""
    first = max(0, len(bars) - PATTERN_BARS)
    return Row({name: values.item(-1) for name, values in _columns(bars, future, first).items()})


def _columns(bars: AnyBars, future: AnyBars | None, first: int) -> dict[str, Values]:
    """Return the columns from row `first` on."""
    opened, high, low, close = (v[first:] for v in prices(bars, "open", "high", "low", "close"))
    span = high - low
    flat = span <= EQUAL * close
    scale = 100 / np.where(flat, np.inf, span)  # a flat bar's shares are 0
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    body, upper, lower = (top - bottom) * scale, (high - top) * scale, (bottom - low) * scale
    location = np.where(flat, 0.5, (close - low) * scale / 100)
    rvol = _rvol(bars, future)[first:]
    usual = atr(bars, ATR_PERIOD)[first:]
    some = body > 100 * DOJI * (1 + EQUAL)
    low_end = some & (lower >= WICK * body) & (upper <= OTHER_WICK * body)
    high_end = some & (upper >= WICK * body) & (lower <= OTHER_WICK * body)
    intent = _intents(body, close > opened, low_end, high_end, rvol)
    narrow = (span < NARROW * usual) & (intent != CODE["churn"])
    intent[narrow] = CODE["narrow"]
    patterns = _patterns(bars, first, low_end, high_end)
    return {
        "body_pct": body,
        "upper_wick_pct": upper,
        "lower_wick_pct": lower,
        "close_loc": location,
        "intent": INTENT_TEXT[intent],
        "rvol": rvol,
        "range_atr": np.where(usual > EQUAL * close, span / np.maximum(usual, EQUAL), np.nan),
        "pattern": patterns,
    }


def _rvol(bars: AnyBars, future: AnyBars | None) -> Floats:
    """Return each bar's volume of the future over its mean of 20 bars before."""
    found = np.full(len(bars), np.nan)
    if future is None or len(future) <= RVOL_BARS:
        return found
    volume = column(future, "volume")
    unknown = np.isnan(volume)
    known = np.where(unknown, 0.0, volume).cumsum()  # whole units: sums are exact
    before = np.empty(len(volume) - RVOL_BARS)
    before[0] = known[RVOL_BARS - 1]
    before[1:] = known[RVOL_BARS:-1] - known[: -RVOL_BARS - 1]
    holes = unknown.cumsum()
    whole = holes[RVOL_BARS - 1 : -1] == np.append(0, holes[: -RVOL_BARS - 1])
    own = np.full(len(volume), np.nan)
    np.divide(
        volume[RVOL_BARS:] * RVOL_BARS, before, out=own[RVOL_BARS:], where=whole & (before > 0)
    )
    theirs, mine = starts_s(future), starts_s(bars)
    if np.array_equal(theirs, mine):
        return own
    at = np.minimum(theirs.searchsorted(mine), len(theirs) - 1)
    same = theirs[at] == mine
    found[same] = own[at[same]]
    return found


def _intents(
    body: Floats, rises: Mask, low_end: Mask, high_end: Mask, rvol: Floats
) -> npt.NDArray[np.int64]:
    """Return the code of each bar's intent, whatever its range."""
    high = rvol >= SUPPORTS * (1 - EQUAL)
    ordinary = rvol >= WEAK * (1 - EQUAL)  # or high; false for NaN, which confirms nothing
    way = np.where(rises, 0, 1)
    codes = np.zeros(len(body), dtype=np.int64)
    codes[low_end] = np.where(high, CODE["absorption up"], CODE["rejection low"])[low_end]
    codes[high_end] = np.where(high, CODE["absorption down"], CODE["rejection high"])[high_end]
    doji = body <= 100 * DOJI * (1 + EQUAL)
    codes[doji] = np.where(rvol > VERY_HIGH, CODE["churn"], CODE["doji"])[doji]
    conviction = body >= 100 * CONVICTION * (1 - EQUAL)
    named = np.where(ordinary, CODE["conviction up"], CODE["unconfirmed up"])
    named = np.where(high, CODE["initiative up"], named) + way
    codes[conviction] = named[conviction]
    return codes


def _patterns(bars: AnyBars, first: int, low_end: Mask, high_end: Mask) -> Values:
    """Return the pattern that each bar from row `first` on ends, as text."""
    opened, close = (values[first:] for values in prices(bars, "open", "close"))
    codes = np.zeros(len(close), dtype=np.int64)
    if len(bars) > EMA_PERIOD + 1:
        mean = ema(bars, EMA_PERIOD)[first:]
        fell = (close[1:-1] < mean[1:-1]) & (mean[1:-1] < mean[:-2])  # up to the bar before
        rose = (close[1:-1] > mean[1:-1]) & (mean[1:-1] > mean[:-2])
        body = close - opened
        before, now = body[1:-1], body[2:]
        days = days_of(bars)[first:]
        covers = (np.abs(now) > np.abs(before)) & (days[2:] == days[1:-1])
        rising = (opened[2:] <= close[1:-1]) & (close[2:] >= opened[1:-1])
        falling = (opened[2:] >= close[1:-1]) & (close[2:] <= opened[1:-1])
        later = codes[2:]
        later[fell & low_end[2:]] = PATTERNS.index("hammer")
        later[rose & high_end[2:]] = PATTERNS.index("shooting star")
        later[fell & covers & rising & (before < 0) & (now > 0)] = PATTERNS.index("engulfing up")
        later[rose & covers & falling & (before > 0) & (now < 0)] = PATTERNS.index("engulfing down")
    text: Values = PATTERN_TEXT[codes]
    return text


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the way of a bar that shows conviction, or of an absorbed wick."""
    assert inputs.index is not None
    last = last_row(table)
    flags = _flags(last, inputs.index)
    intent, rvol = str(last["intent"]), last["rvol"]
    volume = f"rvol {number(rvol)}" if np.isfinite(rvol) else "rvol unknown"
    stance = WAYS.get(intent.rpartition(" ")[2], Stance.NEUTRAL)
    if intent == "narrow":
        return Verdict(stance, 0.0, f"Range {number(last['range_atr'])} of ATR < {NARROW}", flags)
    return Verdict(stance, _strength(last, intent), f"{_shape(last, intent)}; {volume}", flags)


def _shape(last: dict[str, float], intent: str) -> str:
    """Say which share of the range makes the bar what it is."""
    body = f"{number(last['body_pct'], 0)}%"
    if intent in ("absorption up", "rejection low"):
        return f"Lower wick {number(last['lower_wick_pct'], 0)}%, body {body}"
    if intent in ("absorption down", "rejection high"):
        return f"Upper wick {number(last['upper_wick_pct'], 0)}%, body {body}"
    if intent in ("churn", "doji"):
        return f"Body {body} ≤ {100 * DOJI:.0f}%"
    if not intent:
        return f"Body {body} of the range"
    return f"{intent.split()[0].capitalize()}: body {body} ≥ {100 * CONVICTION:.0f}%"


def _strength(last: dict[str, float], intent: str) -> float:
    rvol = last["rvol"] if math.isfinite(last["rvol"]) else 0.0
    strength = BODY * last["body_pct"] / 100 + VOLUME * min(1.0, rvol / 2)
    strength += LOCATION * abs(2 * last["close_loc"] - 1)
    return strength / 2 if intent.startswith("unconfirmed") else strength


def _flags(last: dict[str, float], bars: AnyBars) -> tuple[str, ...]:
    days = days_of(bars)
    tags = {
        "volume_unknown": not math.isfinite(last["rvol"]),
        "churn": str(last["intent"]) == "churn",
        "first_bar": len(days) < 2 or days[-1] != days[-2],
    }
    pattern = str(last["pattern"]).replace(" ", "_")
    named = tuple(name for name, applies in tags.items() if applies)
    return (*named, f"fresh_{pattern}") if pattern else named


SIGNAL = Signal(
    title="Candle intent",
    order=130,
    needs=("index",),
    optional=("future",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("body_pct", "body", unit="%", digits=0),
        Number("close_loc", "loc"),
        Number("rvol", "rvol"),
    ),
    warmup=15,
    timeframes=("5m",),
    context=("daily",),
)
