"""Items of answers as DataFrames whose types do not depend on what is in them.

Numbers are float64 with NaN for unknown, counts int64, words str, instants are in
Asia/Kolkata to the microsecond; an empty table has the same types as a full one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.clock import IST

Items = Sequence[Mapping[str, Any]]
PRICES = ("open", "high", "low", "close")
QUOTE_NUMBERS = (
    *("ltp", "bid", "ask", "volume", "oi", "average_price"),
    *("open", "high", "low", "previous_close", "change", "change_percent", "age_s"),
)
SIDES = {"CE": "call", "PE": "put"}
SIDE_NUMBERS = (
    *("oi", "oi_change", "volume", "ltp", "bid", "ask"),
    *("iv", "delta", "gamma", "theta", "age_s"),
)
SIDE_WORDS = ("note", "why")


# -- columns ---------------------------------------------------------------------------------
def numbers(values: Iterable[Any]) -> npt.NDArray[np.float64]:
    """Return numbers; None is NaN."""
    return np.array(list(values), dtype=np.float64)


def counts(values: Iterable[Any]) -> npt.NDArray[np.int64]:
    """Return whole numbers, all of which are known."""
    return np.array(list(values), dtype=np.int64)


def texts(values: Iterable[Any]) -> pd.Index:
    """Return words; None stays unknown, a list is told with commas between."""
    told = [", ".join(each) if isinstance(each, list) else each for each in values]
    return pd.Index(told, dtype="str")


def instants(values: Iterable[str | None], name: str | None = None) -> pd.DatetimeIndex:
    """Return instants in Asia/Kolkata; a date is its midnight there, None is NaT."""
    told = [each and (datetime.fromisoformat(each)) for each in values]
    aware = [each and (each if each.tzinfo else each.replace(tzinfo=IST)) for each in told]
    index = pd.DatetimeIndex(pd.to_datetime(pd.Series(aware, dtype="object"), utc=True), name=name)
    return index.as_unit("us").tz_convert(IST)


def _of(items: Items, name: str) -> list[Any]:
    return [each.get(name) for each in items]


def _table(
    items: Items,
    index: pd.Index,
    *,
    words: Sequence[str] = (),
    whole: Sequence[str] = (),
    real: Sequence[str] = (),
    times: Sequence[str] = (),
    order: Sequence[str],
) -> pd.DataFrame:
    columns: dict[str, Any] = {name: texts(_of(items, name)) for name in words}
    columns |= {name: counts(_of(items, name)) for name in whole}
    columns |= {name: numbers(_of(items, name)) for name in real}
    columns |= {name: instants(_of(items, name)) for name in times}
    return pd.DataFrame({name: columns[name] for name in order}, index=index)


# -- tables ----------------------------------------------------------------------------------
def bars_frame(items: Items) -> pd.DataFrame:
    """Return bars by their start: prices in INR, ``volume`` and ``oi`` in units, ``flags``."""
    order = (*PRICES, "volume", "oi", "flags")
    return _table(
        items,
        instants(_of(items, "start"), "start"),
        real=order[:-1],
        words=("flags",),
        order=order,
    )


def quotes_frame(items: Items) -> pd.DataFrame:
    """Return quotes by symbol: prices in INR, quantities in units, ``age_s`` in seconds."""
    return _table(
        items,
        pd.Index(texts(_of(items, "symbol")), name="symbol"),
        whole=("token",),
        real=QUOTE_NUMBERS,
        times=("time",),
        words=("flag",),
        order=("token", *QUOTE_NUMBERS, "time", "flag"),
    )


def instruments_frame(items: Items) -> pd.DataFrame:
    """Return instruments by symbol; ``strike`` and ``tick`` in INR, ``lot`` in units."""
    order = ("token", "exchange", "underlying", "kind", "expiry", "strike", "lot", "tick")
    return _table(
        items,
        pd.Index(texts(_of(items, "symbol")), name="symbol"),
        whole=("token", "lot"),
        words=("exchange", "underlying", "kind"),
        real=("strike", "tick"),
        times=("expiry",),
        order=order,
    )


def days_frame(items: Items) -> pd.DataFrame:
    """Return stored days by their midnight, latest first; ``gaps`` counts holes."""
    told = [{**each, "gaps": len(each["gaps"])} for each in items]
    order = (
        *("source", "fidelity", "underlyings", "instruments", "ticks", "stored_bytes"),
        *("first", "last", "gaps", "notes"),
    )
    return _table(
        told,
        instants(_of(items, "day"), "day"),
        words=("source", "fidelity", "underlyings", "notes"),
        whole=("instruments", "ticks", "stored_bytes", "gaps"),
        times=("first", "last"),
        order=order,
    )


def calendar_frame(items: Items) -> pd.DataFrame:
    """Return dates by their midnight, with the hours of index and derivatives."""
    told = [each | _hours(each["sessions"]) for each in map(dict, items)]
    times = ("index_open", "index_close", "fno_open", "fno_close")
    frame = _table(
        told,
        instants(_of(items, "day"), "day"),
        words=("kind", "expiries", "note"),
        times=times,
        order=("kind", *times, "expiries", "note"),
    )
    frame.insert(0, "open", np.array(_of(items, "open"), dtype=np.bool_))
    return frame


def _hours(sessions: Mapping[str, Mapping[str, str]]) -> dict[str, str | None]:
    return {
        f"{segment.lower()}_{name}": sessions.get(segment, {}).get(name)
        for segment in ("INDEX", "FNO")
        for name in ("open", "close")
    }


def signals_frame(items: Items) -> pd.DataFrame:
    """Return readings by section, in display order.

    ``bar`` is the start of the bar that was read, ``strength`` is 0 to 100, ``state`` one of
    bullish, neutral, bearish and insufficient_data.
    """
    told = [{**each, "bar": each["bar_ts"]} for each in items]
    return _table(
        told,
        pd.Index(texts(_of(items, "id")), name="section"),
        times=("bar",),
        words=("instrument", "state", "reason", "flags"),
        real=("strength",),
        order=("bar", "instrument", "state", "strength", "reason", "flags"),
    )


def history_frame(items: Items) -> pd.DataFrame:
    """Return a section's readings by bar: state, strength, reason, and its numbers.

    Columns of numbers are named ``values.<name>``; a word among them is left out.
    """
    frame = _table(
        items,
        instants(_of(items, "bar_ts"), "bar"),
        words=("state", "reason"),
        real=("strength",),
        order=("state", "strength", "reason"),
    )
    told = [each.get("values") or {} for each in items]
    names = dict.fromkeys(name for each in told for name in each)
    for name in names:
        found = [each.get(name) for each in told]
        if not any(isinstance(each, str) for each in found):
            frame[f"values.{name}"] = numbers(found)
    return frame


def sides_frame(rows: Items) -> pd.DataFrame:
    """Return a chain by strike [INR]; columns are (``CE`` or ``PE``, field).

    Fields and units are those of `dashboard.api.models.chain.ChainSide`.
    """
    columns = {
        (kind, name): (numbers if name in SIDE_NUMBERS else texts)(_of(_of(rows, side), name))
        for kind, side in SIDES.items()
        for name in (*SIDE_NUMBERS, *SIDE_WORDS)
    }
    return pd.DataFrame(columns, index=pd.Index(numbers(_of(rows, "strike")), name="strike"))


def values_frame(items: Items, outputs: Sequence[str]) -> pd.DataFrame:
    """Return an indicator's outputs by the start of the bar."""
    values = _of(items, "values")
    columns = {name: numbers(_of(values, name)) for name in outputs}
    return pd.DataFrame(columns, index=instants(_of(items, "bar_ts"), "start"))
