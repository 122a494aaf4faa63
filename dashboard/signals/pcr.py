"""Put-call ratio: open interest and volume of the puts over those of the calls.

    pcr_oi     = sum of put OI / sum of call OI              [ratio]
    pcr_volume = sum of put day volume / sum of call day volume

over all strikes of one expiry, and over the 11 strikes round the money (ATM and five steps to
each side; the step is the most frequent distance of neighbours). A contract whose value is
unknown, or whose OI is negative, is left out; a missing strike is left out and counted. ATM is
the strike nearest spot, the lower one of two. After the index has closed its spot is frozen: ATM
is then the strike nearest the parity forward, the median of strike + call - put over the five
strikes nearest spot (discounting moves it by less than a rupee).

    pcr_oi_change_ratio = sum of (put OI - previous put OI) / the same of calls

is defined only while both sums are above zero: a ratio of a rise and a fall has a sign
that says nothing. A contract whose previous OI is unknown is left out of the change.

Kite tells when a tick came, not when the exchange last counted a contract's OI, and a
quiet strike's OI may stand still for an hour. So a snapshot has one age, that of its newest
change, and none is refused because its strikes' ages differ.

The reading takes the writers' side: many open puts are bullish. That is a convention, and
contested. Source: Martin Zweig (1970s), who read it the other way round.
"""

import math
from datetime import date

import numpy as np

from dashboard.core.bars import AnyBars, Bars, as_table, last_row, starts_s
from dashboard.core.clock import from_seconds
from dashboard.core.errors import InputError
from dashboard.core.market import Floats, Ints
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import Columns, Row
from dashboard.core.view import Number
from dashboard.core.wording import RANGE, age, number
from dashboard.options.chain import KINDS, ChainHistory, chain_history, widened
from dashboard.options.hours import STALE_OI_S, is_frozen_at, reference_price, time_flags
from dashboard.options.last_row import row_of_last
from dashboard.options.strikes import AROUND, nearest_strikes, positions_around
from dashboard.signals.max_pain import known_interest, seconds_left

HIGH, LOW = 1.2, 0.8  # inclusive
EXTREME_HIGH, EXTREME_LOW = 1.6, 0.5  # inclusive; beyond them the strength is capped
EXTREME_CAP = 50
EQUAL = 1e-9  # relative; closer than this is the same ratio
UNDEFINED = ("No OI in this snapshot", "Open interest of one side only", "Call OI is 0")


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
    DataFrame, shape (n, 12), one row per bar start
        ``pcr_oi pcr_volume pcr_oi_atm5 pcr_volume_atm5`` as ratios, NaN where a sum of calls
        is zero or nothing is known; ``pcr_call_oi pcr_put_oi pcr_oi_change_call
        pcr_oi_change_put`` in the chain's unit, the changes NaN where the chain lacks
        ``previous_oi``; ``pcr_oi_change_ratio``; ``pcr_atm`` in INR; ``pcr_atm_missing``, how
        many of the 11 strikes are not in the chain; ``oi_age_s`` in seconds.

    Raises
    ------
    InputError
        If the table is no chain, or says nothing of open interest.
    """
    chain = widened(chain)
    history = chain_history(chain)
    sides = [history.side(field, kind) for field in ("oi", "volume") for kind in KINDS]
    sides[:2] = map(known_interest, sides[:2])
    if len(history) and not {("oi", "CE"), ("oi", "PE")} & set(history.sides):
        raise InputError("The chain has no open interest: PCR needs the field 'oi'")
    atm = nearest_strikes(history.strikes, reference_price(history))
    near, missing = positions_around(history.strikes, atm)
    if len(history.strikes) == 1:  # it has no neighbour to tell a step
        missing = np.where(np.isfinite(atm), 2.0 * AROUND, np.nan)
    call_oi, put_oi, call_volume, put_volume = (_sums(values) for values in sides)
    around = _near(sides, near)
    columns = {
        "pcr_oi": _ratio(put_oi, call_oi),
        "pcr_volume": _ratio(put_volume, call_volume),
        "pcr_oi_atm5": _ratio(around[1], around[0]),
        "pcr_volume_atm5": _ratio(around[3], around[2]),
        "pcr_call_oi": call_oi,
        "pcr_put_oi": put_oi,
        **_changes(history),
        "pcr_atm": atm,
        "pcr_atm_missing": missing,
        "oi_age_s": history.header("oi_age_s"),
    }
    return as_table(columns, chain)


def resume(table: Columns, chain: ChainHistory) -> Row:
    """Return the last snapshot's row: each one is by itself."""
    return row_of_last(chain, "pcr", calculate)


def _sums(values: Floats, over: str = "ij->i") -> Floats:
    """Return sums of what is known, of each row or as einsum says; NaN where nothing is."""
    sums: Floats = np.einsum(over, values)  # half the time of sum(axis=1)
    if np.isnan(sums).any():
        known = ~np.isnan(values)
        sums = np.einsum(over, np.where(known, values, 0.0))
        if not sums.all():
            sums[~np.einsum(over, known)] = np.nan
    return sums


def _ratio(puts: Floats, calls: Floats) -> Floats:
    ratio: Floats = np.full(len(puts), np.nan)
    return np.divide(puts, calls, out=ratio, where=calls > 0)


def _near(sides: list[Floats], positions: Ints) -> Floats:
    """Return the sums of each side's values round the money, shape (sides, n)."""
    if not sides[0].size:
        return np.full((len(sides), len(positions)), np.nan)
    by_offset = np.ascontiguousarray(positions.T)
    at = by_offset + np.arange(len(positions)) * sides[0].shape[1]
    near = np.stack([values.take(at, mode="clip") for values in sides])
    if (by_offset < 0).any():
        near[:, by_offset < 0] = np.nan  # not listed
    return _sums(near, "smi->si")


def _changes(history: ChainHistory) -> dict[str, Floats]:
    """Return the change of OI since the previous close, and its ratio where there is one."""
    unknown = np.full(len(history), np.nan)
    call = put = ratio = unknown
    if ("previous_oi", "CE") in history.sides:
        call, put = (
            _sums(known_interest(history.side("oi", kind)) - history.side("previous_oi", kind))
            for kind in KINDS
        )
        ratio = np.where((call > 0) & (put > 0), _ratio(put, call), np.nan)
    return {
        "pcr_oi_change_call": call,
        "pcr_oi_change_put": put,
        "pcr_oi_change_ratio": ratio,
    }


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the writers' side of the ratio of open interest."""
    last = last_row(table)
    flags = _flags(last, int(starts_s(table)[-1]), inputs)
    ratio = last["pcr_oi"]
    if inputs.expiry is not None and _is_expired(int(starts_s(table)[-1]), inputs.expiry, inputs):
        return insufficient(f"Expired on {inputs.expiry.day} {inputs.expiry:%b}", *flags)
    if ratio == 0:
        return insufficient("Put OI is 0", *flags)
    if not math.isfinite(ratio):
        known = math.isfinite(last["pcr_call_oi"]) + math.isfinite(last["pcr_put_oi"])
        return insufficient(UNDEFINED[known], *flags)
    shown = _age(last["oi_age_s"])
    strength = 100 * abs(math.log(ratio)) / math.log(EXTREME_HIGH)
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


def _is_expired(start: int, expiry: date, inputs: Inputs) -> bool:
    """Say whether the chain has settled; by its date where the calendar knows no instant."""
    left = seconds_left(start, inputs)
    return left <= 0 if math.isfinite(left) else expiry < from_seconds(start).date()


def _age(seconds: float) -> str:
    return f"OI {age(seconds)} old" if math.isfinite(seconds) else "OI age unknown"


def _flags(last: dict[str, float], at: int, inputs: Inputs) -> tuple[str, ...]:
    changes = (last["pcr_oi_change_call"], last["pcr_oi_change_put"])
    tags = {
        "strikes_missing": last["pcr_atm_missing"] > 0,
        "atm_from_parity": is_frozen_at(at),
        "stale_oi": last["oi_age_s"] > STALE_OI_S,
        "oi_change_undefined": all(map(math.isfinite, changes)) and not min(changes) > 0,
    }
    applying = (name for name, applies in tags.items() if applies)
    return (*applying, *time_flags(at, inputs.expiry))


SIGNAL = Signal(
    title="Put-call ratio",
    order=140,
    needs=("chain",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("pcr_oi", "OI"),
        Number("pcr_volume", "vol"),
        Number("pcr_oi_atm5", "ATM±5"),
    ),
)
