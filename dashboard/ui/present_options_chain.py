"""The chain of the option desk: greeks, quote flags, and what each number is made of."""

import math
from typing import Any

from dashboard.core.wording import DASH
from dashboard.pipeline.options_view import OptionSide, OptionsView
from dashboard.ui.phrases import known, lakhs, spaced_age
from dashboard.ui.present_chain import LAKH_WHOLE, heat

AROUND = 8  # strikes each side of the money
MARKS = ("crossed", "stale", "wide")  # the gravest first


def near_rows(view: OptionsView, each_side: int = AROUND) -> slice:
    """Return the strikes round the money, as many as fit into the chain."""
    count = len(view.strikes)
    money = next((m for m in (view.atm, view.forward, view.spot) if m is not None), None)
    centre = count // 2 if money is None else int(abs(view.strikes - money).argmin())
    first = max(0, min(centre - each_side, count - 2 * each_side - 1))
    return slice(first, min(count, first + 2 * each_side + 1))


def chain_part(view: OptionsView, *, all_strikes: bool, settled: str = "") -> dict[str, Any]:
    """Return the rows, the totals, and the inputs that the rows' explanations share.

    `settled` is why greeks say little, "" while they do.
    """
    rows = slice(0, len(view.strikes)) if all_strikes else near_rows(view)
    call, put = _cells(view.call, rows), _cells(view.put, rows)
    scale = {
        "oi": max((v for side in (call, put) for v in side["oi"] if v == v), default=0.0),
        "change": max((abs(v) for s in (call, put) for v in s["change"] if v == v), default=0.0),
    }
    strikes = view.strikes[rows].tolist()
    digits = 0 if all(k == int(k) for k in strikes) else 2
    money = view.forward if view.forward is not None else view.spot
    shown = [
        {
            "k": known(strike, digits),
            "atm": strike == view.atm,
            "itm": "" if money is None else ("c" if strike < money else "p"),
            "misfit": misfit,
            "c": _side(call, at, scale),
            "p": _side(put, at, scale),
        }
        for at, (strike, misfit) in enumerate(zip(strikes, view.misfit[rows].tolist(), strict=True))
    ]
    left = DASH if view.time_to_expiry_s is None else spaced_age(view.time_to_expiry_s)
    return {
        "note": f"{len(shown)} of {len(view.strikes)} strikes · OI and volume in lakh",
        "all": all_strikes,
        "count": len(view.strikes),
        "rows": shown,
        "total": {"c": _total(view.call), "p": _total(view.put)},
        "inputs": {
            "f": known(view.forward),
            "t": left,
            "base": view.base,
            "settled": settled,
            "oi": DASH if view.oi_age_s is None else spaced_age(view.oi_age_s),
        },
    }


_NAMES = ("oi", "volume", "ltp", "bid", "ask", "price", "iv", "delta", "theta", "age_s")


def _cells(side: OptionSide, rows: slice) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {name: getattr(side, name)[rows].tolist() for name in _NAMES}
    cells["change"] = side.oi_change[rows].tolist()
    cells["note"], cells["why"] = list(side.note[rows]), list(side.why[rows])
    return cells


def _side(cells: dict[str, list[Any]], at: int, scale: dict[str, float]) -> dict[str, Any]:
    oi, change, volume = (_or_none(cells[name][at]) for name in ("oi", "change", "volume"))
    note = cells["note"][at]
    side: dict[str, Any] = {
        "chg": lakhs(change, signed=True),
        "heat": heat(change, scale["change"]),
        "oi": lakhs(oi),
        "bar": None if oi is None or not scale["oi"] else round(100 * oi / scale["oi"]),
        "vol": lakhs(volume, 0 if volume is not None and volume >= LAKH_WHOLE else 1),
        "delta": _text(cells["delta"][at], 2),
        "theta": _text(cells["theta"][at], 1),
        "iv": _text(cells["iv"][at], 1),
        "ltp": _text(cells["ltp"][at], 2),
        "bid": _text(cells["bid"][at], 2),
        "ask": _text(cells["ask"][at], 2),
        "price": _text(cells["price"][at], 2),
        "age": _old(cells["age_s"][at]),
    }
    if note:
        side["note"] = note
        side["mark"] = next((mark for mark in MARKS if mark in note), "")
    if cells["why"][at]:
        side["why"] = cells["why"][at]
    return side


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _text(value: float, digits: int) -> str:
    return known(value, digits) if math.isfinite(value) else DASH


def _old(seconds: float) -> str:
    """Return an age in whole seconds: at quote rate tenths would change every row."""
    return DASH if not math.isfinite(seconds) else spaced_age(max(seconds, 0.0))


def _total(side: OptionSide) -> dict[str, str]:
    def summed(values: Any, *, signed: bool = False) -> str:
        there = values[~_unknown(values)]
        total = float(there.sum())
        digits = 0 if abs(total) >= LAKH_WHOLE else 1
        return lakhs(total, digits, signed=signed) if len(there) else DASH

    return {
        "chg": summed(side.oi_change, signed=True),
        "oi": summed(side.oi),
        "vol": summed(side.volume),
    }


def _unknown(values: Any) -> Any:
    return values != values
