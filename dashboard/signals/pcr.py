"""Put-call ratio: open interest and volume of the puts over those of the calls.

    pcr_oi     = sum of put OI / sum of call OI              [ratio]
    pcr_volume = sum of put day volume / sum of call day volume

over all strikes of one expiry, and over the 11 strikes round the money (ATM and five steps
to each side; the step is the most frequent distance of neighbours). A contract whose value
is unknown is left out; a missing strike is left out and counted. ATM is the strike nearest
spot, the lower one of two. After the index has closed its spot is frozen: ATM is then the
strike nearest the parity forward, the median of strike + call - put over the five strikes
nearest spot (discounting moves it by less than a rupee).

The reading takes the writers' side: many open puts are bullish. That is a convention, and
contested. Source: Martin Zweig (1970s), who read it the other way round.
"""

import math

import numpy as np
import numpy.typing as npt

from dashboard.core.bars import AnyBars, Bars, as_table, day_numbers, last_row, starts_s
from dashboard.core.clock import from_seconds
from dashboard.core.errors import InputError
from dashboard.core.hours import windows
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.view import Number
from dashboard.core.wording import RANGE, age, number
from dashboard.options.chain import ChainHistory, chain_history, widened

HIGH, LOW = 1.2, 0.8  # inclusive
EXTREME_HIGH, EXTREME_LOW = 1.6, 0.5  # inclusive; beyond them the strength is capped
EXTREME_CAP = 50
STEPS = 5  # to each side of ATM
PARITY_STRIKES = 5
SETTLEMENT_HOUR = 15  # of expiry day, from when on option readings are flagged
EQUAL = 1e-9  # relative; closer than this is the same ratio


def calculate(chain: Bars) -> Bars:
    """Return the ratios of each snapshot.

    Parameters
    ----------
    chain : DataFrame, shape (n, m)
        The chain frame of one expiry (`dashboard.options.chain`), or a plain table with one
        row per bar, strike and kind that `from_long` reads. Indexed by bar start
        (Asia/Kolkata). OI and volume in any unit that is the same for all contracts.

    Returns
    -------
    DataFrame, shape (n, 9), one row per bar start
        ``pcr_oi pcr_volume pcr_oi_atm5 pcr_volume_atm5`` as ratios, NaN where a sum of calls
        is zero or nothing is known; ``pcr_call_oi`` and ``pcr_put_oi`` in the chain's unit;
        ``pcr_atm`` in INR; ``pcr_atm_missing``, how many of the 11 strikes are not in the
        chain; ``oi_age_s`` in seconds.

    Raises
    ------
    InputError
        If the table is no chain, or says nothing of open interest.
    """
    chain = widened(chain)
    history = chain_history(chain)
    oi = (history.side("oi", "CE"), history.side("oi", "PE"))
    volume = (history.side("volume", "CE"), history.side("volume", "PE"))
    if len(history) and not {("oi", "CE"), ("oi", "PE")} & set(history.sides):
        raise InputError("The chain has no open interest: PCR needs the field 'oi'")
    strikes = history.strikes
    atm = _nearest(strikes, _reference(history))
    near, missing = _window(strikes, atm)
    call_oi, put_oi = (_sums(values) for values in oi)
    columns = {
        "pcr_oi": _ratio(put_oi, call_oi),
        "pcr_volume": _ratio(_sums(volume[1]), _sums(volume[0])),
        "pcr_oi_atm5": _near_ratio(oi, atm, near),
        "pcr_volume_atm5": _near_ratio(volume, atm, near),
        "pcr_call_oi": call_oi,
        "pcr_put_oi": put_oi,
        "pcr_atm": atm,
        "pcr_atm_missing": missing,
        "oi_age_s": history.header("oi_age_s"),
    }
    return as_table(columns, chain)


def _sums(values: Floats) -> Floats:
    """Return each row's sum of what is known, NaN where nothing is."""
    unknown = np.isnan(values)
    sums: Floats = np.where(unknown, 0.0, values).sum(axis=1)
    sums[unknown.all(axis=1)] = np.nan
    return sums


def _ratio(puts: Floats, calls: Floats) -> Floats:
    ratio: Floats = np.full(len(puts), np.nan)
    return np.divide(puts, calls, out=ratio, where=calls > 0)


def _near_ratio(sides: tuple[Floats, Floats], atm: Floats, near: dict[float, Ints]) -> Floats:
    """Return puts over calls of the strikes round the money."""
    sums = []
    for values in sides:
        own = np.full(len(atm), np.nan)
        for money, wanted in near.items():
            rows = np.flatnonzero(atm == money)
            own[rows] = _sums(values[np.ix_(rows, wanted)])
        sums.append(own)
    return _ratio(sums[1], sums[0])


def _window(strikes: Floats, atm: Floats) -> tuple[dict[float, Ints], Floats]:
    """Return where the strikes round each ATM are, and how many are missing in each row."""
    near: dict[float, Ints] = {}
    missing = np.full(len(atm), np.nan)
    if len(strikes) < 2:
        return near, missing
    steps, counts = np.unique(np.round(np.diff(strikes), 2), return_counts=True)
    step = float(steps[counts.argmax()])
    for money in np.unique(atm[np.isfinite(atm)]).tolist():
        offset = (strikes - money) / step
        on_grid = np.abs(offset - np.round(offset)) < EQUAL * 100
        near[money] = np.flatnonzero(on_grid & (np.abs(offset) < STEPS + 0.5))
        missing[atm == money] = 2 * STEPS + 1 - len(near[money])
    return near, missing


def _nearest(strikes: Floats, price: Floats) -> Floats:
    """Return the strike nearest each price, the lower one of two; NaN without a price."""
    if not len(strikes):
        return np.full(len(price), np.nan)
    above = np.clip(np.searchsorted(strikes, price), 1, max(1, len(strikes) - 1))
    low, high = strikes[above - 1], strikes[np.minimum(above, len(strikes) - 1)]
    nearest = np.where(price - low <= high - price, low, high)
    return np.where(np.isfinite(price), nearest, np.nan)


def _reference(history: ChainHistory) -> Floats:
    """Return the price that ATM is measured from: spot, or the parity forward after it froze."""
    price = history.header("spot").copy()
    frozen = np.flatnonzero(_is_frozen(history.days, history.starts))
    if not len(frozen):
        return price
    apart = history.side("ltp", "CE")[frozen] - history.side("ltp", "PE")[frozen]
    price[frozen] = _parity(history.strikes, apart, price[frozen])
    return price


def _parity(strikes: Floats, call_less_put: Floats, spot: Floats) -> Floats:
    """Return each row's median of strike + call - put, spot where no pair is known.

    Five strikes nearest spot vote, of those whose both prices are known.
    """
    forwards = strikes + call_less_put
    far = np.where(np.isfinite(forwards), np.abs(strikes - spot[:, None]), np.inf)
    nearest = np.argsort(far, axis=1, kind="stable")[:, :PARITY_STRIKES]
    votes = np.sort(np.take_along_axis(forwards, nearest, axis=1), axis=1)  # unknown ones last
    count = np.isfinite(votes).sum(axis=1)
    row = np.arange(len(votes))
    lower, upper = np.maximum(count - 1, 0) // 2, count // 2
    median = (votes[row, lower] + votes[row, upper]) / 2
    return np.where((count > 0) & np.isfinite(spot), median, spot)


def _is_frozen(days: Ints, starts: Ints) -> npt.NDArray[np.bool_]:
    """Say which bars begin after the index's continuous trading has ended."""
    frozen = np.zeros(len(starts), dtype=bool)
    for day in np.unique(days).tolist():
        hours = windows(day, Segment.INDEX)
        if hours is not None:
            frozen |= (days == day) & (starts >= hours[-1][1])
    return frozen


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the writers' side of the ratio of open interest."""
    last = last_row(table)
    flags = _flags(last, int(starts_s(table)[-1]), inputs)
    ratio = last["pcr_oi"]
    if not math.isfinite(ratio):
        calls_known = math.isfinite(last["pcr_call_oi"]) and math.isfinite(last["pcr_put_oi"])
        return insufficient("Call OI is 0" if calls_known else "No OI in this snapshot", *flags)
    shown = _age(last["oi_age_s"])
    strength = 100.0 if ratio <= 0 else 100 * abs(math.log(ratio)) / math.log(EXTREME_HIGH)
    if ratio >= EXTREME_HIGH * (1 - EQUAL) or ratio <= EXTREME_LOW * (1 + EQUAL):
        strength, flags = min(strength, EXTREME_CAP), (*flags, "extreme")
    if ratio >= HIGH * (1 - EQUAL):
        reason = f"{number(ratio)} ≥ {number(HIGH)}; {shown}"
        return Verdict(Stance.BULLISH, strength, reason, flags)
    if ratio <= LOW * (1 + EQUAL):
        reason = f"{number(ratio)} ≤ {number(LOW)}; {shown}"
        return Verdict(Stance.BEARISH, strength, reason, flags)
    between = f"{number(ratio)} in {number(LOW)}{RANGE}{number(HIGH)}"
    return Verdict(Stance.NEUTRAL, 0.0, f"{between}; {shown}", flags)


def _age(seconds: float) -> str:
    return f"OI {age(seconds)} old" if math.isfinite(seconds) else "OI age unknown"


def _flags(last: dict[str, float], at: int, inputs: Inputs) -> tuple[str, ...]:
    local = from_seconds(at)
    start = np.array([at], dtype=np.int64)
    tags = {
        "strikes_missing": last["pcr_atm_missing"] > 0,
        "atm_from_parity": bool(_is_frozen(day_numbers(start), start)[0]),
        "settlement_window": inputs.expiry == local.date() and local.hour >= SETTLEMENT_HOUR,
    }
    return tuple(name for name, applies in tags.items() if applies)


SIGNAL = Signal(
    title="Put-call ratio",
    order=140,
    needs=("chain",),
    calculate=calculate,
    judge=judge,
    view=(
        Number("pcr_oi", "OI"),
        Number("pcr_volume", "vol"),
        Number("pcr_oi_atm5", "ATM±5"),
    ),
)
