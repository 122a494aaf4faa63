"""What the option desk shows of one expiry: its quotes now, and its day minute by minute.

Arrays go by strike, ascending, unless they say otherwise; NaN is unknown. Open interest and
volume are in units, prices in INR, volatilities in percent, greeks in the units of
`dashboard.options.greeks`, instants in seconds since the epoch.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Floats, Ints

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class OptionSide:
    """The calls or the puts of one expiry, k strikes."""

    oi: Floats
    oi_change: Floats  # since `OptionsView.base`
    volume: Floats
    ltp: Floats
    bid: Floats
    ask: Floats
    price: Floats  # what the volatility is taken from
    iv: Floats
    delta: Floats
    theta: Floats  # INR a calendar day
    gamma: Floats
    age_s: Floats  # of the last tick
    price_change: Floats  # percent, since `OptionsView.buildup_base`
    oi_percent: Floats  # percent, since then too
    buildup: Codes  # see `dashboard.pipeline.views.options_buildup`
    note: tuple[str, ...]  # what is odd about the quote: "crossed", "wide", ...
    why: tuple[str, ...]  # why there is no volatility


@dataclass(frozen=True, slots=True, eq=False)
class OptionsDay:
    """One expiry through the day, n closed minutes of derivatives; last prices, not quotes.

    `call_change` and `put_change` have shape (n, k): open interest less that of the base.
    `smile` holds the volatilities out of the money at the minute `smile_start`, an hour
    before the last one, None while the day is younger. `opens` and `closes` bound the axis.
    """

    starts: Ints
    strikes: Floats
    spot: Floats
    pcr_oi: Floats
    pcr_volume: Floats
    max_pain: Floats
    atm: Floats
    atm_iv: Floats
    straddle: Floats
    call_change: Floats
    put_change: Floats
    base: str
    opens: int
    closes: int
    smile_start: int | None = None
    smile: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class OptionsView:
    """One expiry of one underlying as it stands."""

    underlying: str
    expiry: date
    expiries: tuple[date, ...]  # all that the day holds, nearest first
    days_to_expiry: int
    time_to_expiry_s: float | None
    strikes: Floats
    call: OptionSide
    put: OptionSide
    spot: float | None
    spot_age_s: float | None
    forward: float | None
    forward_source: str  # "NIFTY26AUGFUT", "parity over 5 strikes", or why there is none
    atm: float | None
    atm_from: str  # "spot", or "forward" while the index stands still
    atm_iv: float | None
    straddle: float | None
    move_to_expiry: float | None  # INR, one standard deviation
    move_session: float | None
    pcr_oi: float | None
    pcr_volume: float | None
    pcr_near: float | None  # open interest of the strikes round the money
    near_missing: int
    max_pain: float | None
    exposure: float | None  # INR of delta a 1 % move, positions assumed
    exposure_by_strike: Floats
    exposure_skipped: int  # options without a volatility
    misfit: npt.NDArray[np.bool_]  # strikes whose prices are far from parity
    oi_age_s: float | None
    quote_age_s: float | None  # of the newest tick of the chain
    base: str  # since when changes of open interest count
    buildup_base: str  # and both changes of the build-up
    day: OptionsDay | None
    day_reason: str = ""  # why there is no day
