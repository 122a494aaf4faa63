"""Max pain: the strike at which the writers of options would pay least at settlement.

    pain(S) = sum(call OI * max(S - K, 0)) + sum(put OI * max(K - S, 0))     [INR]

over all strikes K of one expiry, S being each of them; max pain is the S of least pain, of
several the nearest to spot, then the lower one. Fewer than ten strikes with open interest
have none; a negative OI is unknown. `dashboard.options.ratios` finds it in one pass over
the strikes.

    distance = 100 * (spot / max pain - 1)                                   [percent]

In the last two days of an expiry (calendar time, to the instant it settles) a spot more
than 0.3 % below max pain is read as a mild pull up, and one above as a pull down; earlier
it says nothing. Our conventions: the strength is 40 * |distance| / 1 %, at most 40, since the
evidence is weak; after the index has closed its spot stands still, and the parity forward
takes its place.

Source: pinning, for single stocks, Ni, Pearson and Poteshman (2005), Journal of Financial
Economics 78(1), 49-87. That it pulls an index is a traders' belief.
"""

import math
from datetime import date
from functools import lru_cache

import numpy as np

from dashboard.core.bars import AnyBars, Bars, as_table, last_row, starts_s
from dashboard.core.calendar import load_calendar
from dashboard.core.errors import CalendarError, InputError
from dashboard.core.hours import bar_end
from dashboard.core.market import TIMEFRAMES, Floats, Segment
from dashboard.core.signal import Inputs, PriceLevel, Signal, Stance, Verdict, insufficient
from dashboard.core.table import Columns, Row
from dashboard.core.view import Level, Number
from dashboard.core.wording import age, number
from dashboard.options.chain import KINDS, ChainHistory, chain_history, widened
from dashboard.options.hours import STALE_OI_S, is_frozen_at, reference_price, time_flags
from dashboard.options.last_row import row_of_last
from dashboard.options.ratios import LEAST_STRIKES, max_pains

NEAR_PERCENT = 0.3  # exclusive; closer to max pain than this says nothing
FULL_PERCENT = 1.0  # as far as the strength grows
STRONGEST = 40.0
LAST_DAYS = 2  # before expiry, inclusive
DAY_S = 86_400
EQUAL = 1e-9  # percent


def calculate(chain: Bars) -> Bars:
    """Return max pain of each snapshot, and how far spot is from it.

    Parameters
    ----------
    chain : DataFrame, shape (n, m)
        The chain frame of one expiry (`dashboard.options.chain`), or a plain table with one
        row per bar, strike and kind that `from_long` reads. Indexed by bar start
        (Asia/Kolkata). OI in any unit that is the same for all contracts.

    Returns
    -------
    DataFrame, shape (n, 6), one row per bar start
        ``max_pain`` in INR, NaN with fewer than ten strikes of open interest;
        ``max_pain_spot``, the price it is held against, in INR; ``max_pain_distance`` in
        percent; ``max_pain_strikes``, how many have open interest; ``max_pain_sides``, on how
        many of calls and puts there is any; ``oi_age_s`` in seconds.

    Raises
    ------
    InputError
        If the table is no chain, or says nothing of open interest.
    """
    chain = widened(chain)
    history = chain_history(chain)
    if len(history) and not {("oi", "CE"), ("oi", "PE")} & set(history.sides):
        raise InputError("The chain has no open interest: max pain needs the field 'oi'")
    spot = reference_price(history)
    spot = np.where(spot > 0, spot, np.nan)
    calls, puts = (known_interest(history.side("oi", kind)) for kind in KINDS)
    strike, held = max_pains(history.strikes, calls, puts, spot)
    sides: Floats = np.stack([(calls > 0).any(axis=1), (puts > 0).any(axis=1)]).sum(axis=0) * 1.0
    columns = {
        "max_pain": strike,
        "max_pain_spot": spot,
        "max_pain_distance": 100 * (spot / strike - 1),
        "max_pain_strikes": held,
        "max_pain_sides": sides,
        "oi_age_s": history.header("oi_age_s"),
    }
    return as_table(columns, chain)


def resume(table: Columns, chain: ChainHistory) -> Row:
    """Return the last snapshot's row: each one is by itself."""
    return row_of_last(chain, "max_pain", calculate)


def known_interest(oi: Floats) -> Floats:
    """Return OI with what is below zero as unknown: it counts nothing."""
    negative = oi < 0
    return np.where(negative, np.nan, oi) if negative.any() else oi


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the pull towards max pain; neutral near it, and until the expiry is near."""
    last, start = last_row(table), int(starts_s(table)[-1])
    flags = _flags(last, start, inputs.expiry)
    strike, distance = last["max_pain"], last["max_pain_distance"]
    if not math.isfinite(strike):
        held = int(last["max_pain_strikes"])
        return insufficient(f"{held} strikes with OI, needs {LEAST_STRIKES}", *flags)
    if last["max_pain_sides"] < 2:
        return insufficient("Open interest of one side only", *flags)
    if not math.isfinite(distance):
        return insufficient("No index price to hold it against", *flags)
    left = seconds_left(start, inputs)
    if left <= 0 and inputs.expiry is not None:
        return insufficient(f"Expired on {inputs.expiry.day} {inputs.expiry:%b}", *flags)
    levels = (PriceLevel("Max pain", strike),)
    fact, from_it = f"Spot {number(distance, signed=True)} %", f"from {number(strike, 0)}"
    if abs(distance) <= NEAR_PERCENT + EQUAL:
        reason = f"{fact} {from_it}, within ±{number(NEAR_PERCENT)} %"
        return Verdict(Stance.NEUTRAL, 0.0, reason, flags, levels)
    if not left <= LAST_DAYS * DAY_S:
        when = f"{age(left)} > {LAST_DAYS}d" if math.isfinite(left) else "expiry unknown"
        return Verdict(Stance.NEUTRAL, 0.0, f"{fact} {from_it}; {when}", flags, levels)
    below = distance < 0
    limit = f"< {number(-NEAR_PERCENT)} %" if below else f"> {number(NEAR_PERCENT)} %"
    strength = min(STRONGEST, STRONGEST * abs(distance) / FULL_PERCENT)
    stance = Stance.BULLISH if below else Stance.BEARISH
    return Verdict(stance, strength, f"{fact} {limit} {from_it}; {age(left)}", flags, levels)


def seconds_left(start: int, inputs: Inputs) -> float:
    """Return the seconds from the bar's close to the settlement, NaN if that is unknown."""
    if inputs.expiry is None:
        return math.nan
    settled = _settles_at(inputs.underlying, inputs.expiry)
    return settled - bar_end(start, Segment.FNO, TIMEFRAMES[inputs.timeframe])


@lru_cache(maxsize=64)
def _settles_at(underlying: str, expiry: date) -> float:
    """Return the instant of a settlement [s], NaN where the calendar does not know it."""
    try:
        return load_calendar().expiry_instant(underlying, expiry).timestamp()
    except CalendarError:
        return math.nan


def _flags(last: dict[str, float], start: int, expiry: date | None) -> tuple[str, ...]:
    frozen = ("atm_from_parity",) if is_frozen_at(start) else ()
    stale = ("stale_oi",) if last["oi_age_s"] > STALE_OI_S else ()
    return (*frozen, *stale, *time_flags(start, expiry))


SIGNAL = Signal(
    title="Max pain",
    order=160,
    needs=("chain",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("max_pain", "strike", digits=0),
        Number("max_pain_distance", "spot from it", unit="%", signed=True),
        Number("max_pain_strikes", "strikes", digits=0),
        Level("max_pain", "Max pain"),
    ),
)
