"""The option desk's day: what changes once a closed minute, in seconds of the day.

Nothing here comes after the playhead: it is drawn from minutes that have closed.
"""

import math
from typing import Any

import numpy as np

from dashboard.core.clock import MINUTE_S, day_start_s
from dashboard.core.market import Floats
from dashboard.pipeline.options_view import OptionsDay, OptionsView
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import LAKH
from dashboard.ui.present_options import drawn
from dashboard.ui.selection import Selection

CELL_MINUTES = 5
AROUND = 6  # strikes each side of the money in the heat map
LAST_PRICES = "from last prices of closed minutes"


def options_day_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the lines and the heat map, or why there are none."""
    view = snapshot.options.get((selection.underlying, selection.expiry))
    if view is None:
        return {"reason": "", "t": []}
    if view.day is None:
        return {"reason": view.day_reason, "t": []}
    return _lines(view.day, day_start_s(snapshot.day)) | {
        "reason": "",
        "heat": _heat(view.day, day_start_s(snapshot.day)),
        "smile": _smile(view.day, day_start_s(snapshot.day)),
        "source": LAST_PRICES,
    }


def options_day_rests_on(snapshot: Snapshot, selection: Selection) -> tuple[object, ...]:
    """Return what the pane depends on: a day is made anew when a minute closes."""
    view: OptionsView | None = snapshot.options.get((selection.underlying, selection.expiry))
    return (None, "") if view is None else (view.day, view.day_reason)


def _lines(day: OptionsDay, midnight: int) -> dict[str, Any]:
    return {
        "opens": day.opens - midnight,
        "closes": day.closes - midnight,
        "t": (day.starts + MINUTE_S - midnight).tolist(),
        "spot": drawn(day.spot),
        "pcr": drawn(day.pcr_oi, digits=3),
        "pcrv": drawn(day.pcr_volume, digits=3),
        "pain": drawn(day.max_pain),
        "atm": drawn(day.atm),
        "iv": drawn(day.atm_iv),
        "straddle": drawn(day.straddle),
    }


def _heat(day: OptionsDay, midnight: int) -> dict[str, Any]:
    """Return the change in open interest at the end of each cell, call and put a strike."""
    bins = (day.starts - day.opens) // (CELL_MINUTES * MINUTE_S)
    last = np.flatnonzero(np.diff(bins, append=bins[-1] + 1))
    rows = _around(day.strikes, float(day.atm[-1]))
    calls, puts = (side[last][:, rows] for side in (day.call_change, day.put_change))
    known = np.abs(np.concatenate([calls, puts]))
    widest = float(np.nanmax(known)) if np.isfinite(known).any() else 0.0
    return {
        "from": (day.opens + bins[last] * CELL_MINUTES * MINUTE_S - midnight).tolist(),
        "to": (day.starts[last] + MINUTE_S - midnight).tolist(),
        "k": day.strikes[rows].tolist(),
        "c": [drawn(column, LAKH) for column in calls.T],
        "p": [drawn(column, LAKH) for column in puts.T],
        "widest": round(widest / LAKH, 1),
        "base": day.base,
    }


def _around(strikes: Floats, atm: float) -> slice:
    count = len(strikes)
    centre = int(np.searchsorted(strikes, atm)) if math.isfinite(atm) else count // 2
    first = max(0, min(centre - AROUND, count - 2 * AROUND - 1))
    return slice(first, min(count, first + 2 * AROUND + 1))


def _smile(day: OptionsDay, midnight: int) -> dict[str, Any] | None:
    if day.smile_start is None:
        return None
    return {
        "at": day.smile_start + MINUTE_S - midnight,
        "k": day.strikes.tolist(),
        "iv": drawn(day.smile),
    }
