"""Everything said of one chain at one moment, from its rows to the expected move.

The expected move comes in three conventions, which are shown by name and never mixed:

    move_straddle = 0.85 * (ATM call + ATM put)          [INR, to expiry; a rule of thumb]
    move_iv       = F * atm_iv * sqrt(T)                 [INR, one sigma to expiry]
    move_daily    = S * atm_iv / sqrt(252)               [INR, one sigma, one session]

A chain is `thin` if fewer than 11 strikes round the money have both prices, none older than
a minute. A strike whose prices are farther from parity than 0.2 % of the forward is a
misfit. Of last trades, only pairs at most 15 seconds apart vote for the parity forward.

ATM is the strike nearest *spot* (the forward's ATM may be another); the ATM volatility
is the mean of the call's and the put's there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Floats
from dashboard.options.black76 import RATE
from dashboard.options.forward import MISFIT, parity_forward, parity_misfit
from dashboard.options.greeks import greeks
from dashboard.options.implied import Texts, implied_volatility
from dashboard.options.quotes import FRESH_S
from dashboard.options.ratios import gamma_exposure, max_pain, put_call_ratio
from dashboard.options.strikes import AROUND, around_the_money, atm_strike, strike_step

SESSIONS_A_YEAR = 252
STRADDLE_SHARE = 0.85
APART_S = 15.0  # seconds between two last trades that are compared
LEAST_FRESH = 2 * AROUND + 1  # strikes


@dataclass(frozen=True, slots=True, eq=False)
class Smile:
    """The volatilities of a chain, by strike (ascending); NaN with a note where there is none."""

    strikes: Floats
    call_iv: Floats
    put_iv: Floats
    call_note: Texts
    put_note: Texts

    def out_of_the_money(self, forward: float) -> Floats:
        """Return one volatility a strike: the put's below the forward, else the call's.

        An option out of the money has no intrinsic value to drown its volatility in.
        """
        return np.where(self.strikes < forward, self.put_iv, self.call_iv)


@dataclass(frozen=True, slots=True, eq=False)
class ChainMetrics:
    """One chain in numbers. Prices and moves in INR; NaN is unknown.

    `atm5_missing` counts the strikes that the 11 round the money lack. `forward_source`
    is "given", "parity" or "". `gex` assumes who holds what (`ratios.GEX_ASSUMPTION`) and
    leaves out `gex_skipped` options without a volatility. `fresh` counts the strikes round
    the money with two fresh prices, `misfits` are strikes far from parity [INR], and `flags`
    says what of this is out of order: strikes_missing, thin, parity_misfit.
    """

    atm: float
    step: float
    pcr_oi: float
    pcr_volume: float
    pcr_oi_atm5: float
    pcr_volume_atm5: float
    atm5_missing: int
    max_pain: float
    forward: float
    forward_source: str
    straddle: float
    move_straddle: float
    atm_iv: float
    move_iv: float
    move_daily: float
    gex: float
    gex_skipped: int
    fresh: int
    misfits: Floats
    flags: tuple[str, ...]
    smile: Smile


def chain_metrics(
    rows: npt.NDArray[np.void],
    spot: float,
    forward: float | None = None,
    time_years: float = np.nan,
    rate: float = RATE,
    call_price: Floats | None = None,
    put_price: Floats | None = None,
    call_age_s: Floats | None = None,
    put_age_s: Floats | None = None,
) -> ChainMetrics:
    """Return the metrics of one chain snapshot.

    Parameters
    ----------
    rows : ndarray of CHAIN_DTYPE, shape (n,)
        One row a strike.
    spot : float
        INR; NaN leaves out what is counted from the money.
    forward : float, optional
        INR, of a future of the same expiry; without it the parity forward is used.
    time_years : float
        From `years_to_expiry`; NaN (after expiry) leaves out volatilities and moves.
    rate : float
        Continuous, 0.065 = 6.5 %.
    call_price, put_price : ndarray, shape (n,), optional
        INR, from `option_price`; the last prices of `rows` if not given.
    call_age_s, put_age_s : ndarray, shape (n,), optional
        Seconds since each price was true: 0 of a middle, the trade's own age otherwise. All
        are taken as fresh if not given.
    """
    order = np.argsort(rows["strike"], kind="stable")
    calls = (rows["call_ltp"] if call_price is None else call_price)[order]
    puts = (rows["put_ltp"] if put_price is None else put_price)[order]
    rows = rows[order]
    strikes = rows["strike"].astype(np.float64)
    call_age, put_age = (
        np.zeros(len(rows)) if ages is None else ages[order] for ages in (call_age_s, put_age_s)
    )
    discount = float(np.exp(-rate * time_years))
    in_step = np.where(np.abs(call_age - put_age) <= APART_S, 0.0, np.nan)
    future, source = _forward(strikes, calls + in_step, puts, spot, forward, discount)
    smile = _smile(strikes, calls, puts, future, time_years, rate)
    exposure, skipped = _exposure(rows, smile, future, time_years, rate)
    near, missing = around_the_money(strikes, spot)
    inside = np.isin(strikes, near)
    inner = rows[inside]
    priced = np.isfinite(calls + puts) & (np.maximum(call_age, put_age) <= FRESH_S)
    fresh = int((inside & priced).sum())
    misfits = strikes[parity_misfit(strikes, calls, puts, future, discount) > MISFIT]
    atm = atm_strike(strikes, spot)
    straddle = _at(strikes, calls + puts, atm)
    iv = _at(strikes, (smile.call_iv + smile.put_iv) / 2, atm)
    return ChainMetrics(
        atm=atm,
        step=strike_step(strikes),
        pcr_oi=put_call_ratio(rows["call_oi"], rows["put_oi"]),
        pcr_volume=put_call_ratio(rows["call_volume"], rows["put_volume"]),
        pcr_oi_atm5=put_call_ratio(inner["call_oi"], inner["put_oi"]),
        pcr_volume_atm5=put_call_ratio(inner["call_volume"], inner["put_volume"]),
        atm5_missing=missing,
        max_pain=max_pain(strikes, rows["call_oi"], rows["put_oi"], spot),
        forward=future,
        forward_source=source,
        straddle=straddle,
        move_straddle=STRADDLE_SHARE * straddle,
        atm_iv=iv,
        move_iv=future * iv * np.sqrt(time_years),
        move_daily=spot * iv / np.sqrt(SESSIONS_A_YEAR),
        gex=exposure,
        gex_skipped=skipped,
        fresh=fresh,
        misfits=misfits,
        flags=_flags(missing, fresh, len(misfits)),
        smile=smile,
    )


def _flags(missing: int, fresh: int, misfits: int) -> tuple[str, ...]:
    """Return what of the chain's quality is out of order."""
    flags = {
        "strikes_missing": missing > 0,
        "thin": fresh < LEAST_FRESH,
        "parity_misfit": misfits > 0,
    }
    return tuple(name for name, applies in flags.items() if applies)


def _forward(
    strikes: Floats,
    calls: Floats,
    puts: Floats,
    spot: float,
    given: float | None,
    discount: float,
) -> tuple[float, str]:
    """Return the forward and where it is from: a future's price wins over parity."""
    if given is not None and given > 0:
        return given, "given"
    forward, count = parity_forward(strikes, calls, puts, spot, discount)
    return forward, "parity" if count and np.isfinite(forward) else ""


def _smile(
    strikes: Floats, calls: Floats, puts: Floats, forward: float, time_years: float, rate: float
) -> Smile:
    """Return both sides' volatilities."""
    prices, kinds = np.stack([calls, puts]), np.array([["CE"], ["PE"]])
    iv, note = implied_volatility(prices, forward, strikes, time_years, rate, kinds)
    return Smile(strikes, iv[0], iv[1], note[0], note[1])


def _exposure(
    rows: npt.NDArray[np.void], smile: Smile, forward: float, time_years: float, rate: float
) -> tuple[float, int]:
    """Return the assumed gamma exposure and how many options it had to leave out."""
    iv = np.stack([smile.call_iv, smile.put_iv])
    call, put = greeks("CE", forward, smile.strikes, time_years, rate, iv).gamma  # kind: no matter
    return gamma_exposure(call, rows["call_oi"], put, rows["put_oi"], forward)


def _at(strikes: Floats, values: Floats, strike: float) -> float:
    """Return the value at a strike, NaN where the strike is not listed."""
    found = np.flatnonzero(strikes == strike)
    return float(values[found[0]]) if len(found) else np.nan
