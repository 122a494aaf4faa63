"""The option desk for notebooks: its quotes at a moment, and an expiry through its day.

view = option_desk(moment, "NIFTY")     # what the page shows
quotes(view)                            # a row a strike
through_the_day(moment.chain("NIFTY", "5m"), expiry_instant("NIFTY", view.expiry))
"""

from dataclasses import fields
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import as_frame, infer_timeframe
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, to_ns
from dashboard.core.errors import InputError
from dashboard.core.market import TIMEFRAMES
from dashboard.options.black76 import RATE, years_to_expiry
from dashboard.options.chain import CHAIN_DTYPE, ChainHistory, chain_history
from dashboard.options.hours import reference_price
from dashboard.options.metrics import ChainMetrics, chain_metrics
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.options_view import OptionsView
from dashboard.pipeline.views.options import OptionRoom
from dashboard.research.client import Moment

SIDES = {"call": "CE", "put": "PE"}
FIGURES = (
    "pcr_oi",
    "max_pain",
    "forward",
    "atm",
    "atm_iv",
    "straddle",
    "move_straddle",
    "move_iv",
    "move_daily",
    "gex",
    "gex_skipped",
)


def expiry_instant(underlying: str, expiry: date) -> datetime:
    """Return when an expiry settles, in IST, as the calendar gives it."""
    return load_calendar().expiry_instant(underlying, expiry)


def option_desk(moment: Moment, underlying: str, expiry: date | None = None) -> OptionsView:
    """Return the page's option desk at a moment; without `expiry` the nearest one.

    Raises
    ------
    InputError
        If the underlying has no such expiry, or none of its options has ticked by then.
    """
    known = moment.pipeline.chains.expiries(underlying)
    if expiry is not None and known and expiry not in known:
        names = ", ".join(day.isoformat() for day in known)
        raise InputError(f"No {underlying} expiry on {expiry.isoformat()}; known are {names}")
    look = Interest(underlying, "1m", options=True, expiry=expiry)
    views = OptionRoom(load_calendar()).views(moment.pipeline, [look], to_ns(moment.instant))
    if not views:
        raise InputError(f"No option of {underlying} has ticked by {moment.instant:%H:%M}")
    return next(iter(views.values()))


def quotes(view: OptionsView) -> pd.DataFrame:
    """Return the desk's quotes: a row a strike [INR], columns (``CE`` or ``PE``, field).

    Fields and units are those of `dashboard.pipeline.options_view.OptionSide`; ``iv`` is in
    percent, NaN with a reason in ``why`` where a price has none.
    """
    sides = {"CE": view.call, "PE": view.put}
    columns = {
        (kind, field.name): getattr(side, field.name)
        for kind, side in sides.items()
        for field in fields(side)
    }
    return pd.DataFrame(columns, index=pd.Index(view.strikes, name="strike"))


def through_the_day(chain: pd.DataFrame, settles: datetime) -> pd.DataFrame:
    """Return what is said of a whole chain, for each of its bars.

    Parameters
    ----------
    chain : DataFrame, shape (n, m)
        The chain frame of one expiry (`dashboard.options.chain`), of last prices.
    settles : datetime
        The expiry instant.

    Returns
    -------
    DataFrame, shape (n, 11), same index
        `dashboard.options.metrics.ChainMetrics` at each bar's close: ``pcr_oi`` as a ratio;
        ``max_pain``, ``forward`` (from parity), ``atm``, ``straddle`` and the moves in INR;
        ``atm_iv`` as a share (0.13 = 13 %); ``gex`` in INR of delta per 1 % move, positions
        assumed, without ``gex_skipped`` options. NaN where unknown; once the index stands
        still, the money is where calls and puts agree.
    """
    history = chain_history(chain)
    length = TIMEFRAMES[infer_timeframe(chain)] * MINUTE_S
    settles_s = to_ns(settles) / SECOND_NS
    years = years_to_expiry(settles_s - history.starts - length)
    money = reference_price(history)
    found = [
        chain_metrics(chain_rows(history, at), float(money[at]), None, float(years[at]), RATE)
        for at in range(len(history))
    ]
    return as_frame({name: _column(found, name) for name in FIGURES}, chain.index)


def chain_rows(history: ChainHistory, at: int) -> npt.NDArray[np.void]:
    """Return one bar of a chain as `chain_metrics` takes it: CHAIN_DTYPE, a row a strike."""
    rows = np.empty(len(history.strikes), CHAIN_DTYPE)
    rows["strike"] = history.strikes
    for side, kind in SIDES.items():
        for field in ("oi", "volume", "ltp"):
            rows[f"{side}_{field}"] = history.side(field, kind)[at]
    return rows


def _column(found: list[ChainMetrics], name: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(metrics, name) for metrics in found], dtype=np.float64)
