"""The option chain as the page shows it: quotes, implied volatility, what stands above it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS, from_ns
from dashboard.core.market import Floats, Ints, Kind
from dashboard.options.black76 import RATE, years_to_expiry
from dashboard.options.implied import implied_volatility
from dashboard.pipeline.chains import NO_ROW, Chain
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.snapshot import ChainRow, ChainView
from dashboard.pipeline.state import CROSSED, GOOD, WIDE
from dashboard.pipeline.views.forward import NO_PAIR, forward_of, is_index_frozen
from dashboard.pipeline.views.freshness import is_fresh
from dashboard.pipeline.views.indices import known

FLAG_WORDS = {CROSSED: "crossed quote, mid not used", WIDE: "wide quote, mid not used"}
STALE = "stale: no option price fresh within 60 s"


@dataclass(frozen=True)
class _Side:
    """One side of the chain, NaN where a strike has no contract or no tick."""

    oi: Floats
    change: Floats
    volume: Floats
    ltp: Floats
    price: Floats  # what the volatility is taken from: the mid, else the last price, while fresh
    note: list[str]


def chain_view(
    pipeline: Pipeline, underlying: str, calendar: Calendar, now_ns: int
) -> ChainView | None:
    """Return the chain of the nearest expiry, None before an option has ticked."""
    chain = pipeline.chains.chains.get(underlying)
    if chain is None or not chain.is_seen(pipeline.state):
        return None
    rows = pipeline.state.rows
    call, put = (_side(rows, chain, at, now_ns) for at in (chain.calls, chain.puts))
    now = from_ns(now_ns)
    instant = calendar.expiry_instant(underlying, chain.expiry)
    left_s = (instant - now).total_seconds()
    years = float(years_to_expiry(left_s))
    spot = chain.spot(pipeline.state)
    forward, told = forward_of(pipeline, chain, call.price, put.price, spot, years)
    if told == NO_PAIR and any(STALE in note for side in (call, put) for note in side.note):
        told = STALE
    iv = [
        implied_volatility(side.price, forward, chain.strikes, years, RATE, kind)
        for side, kind in ((call, Kind.CALL), (put, Kind.PUT))
    ]
    price = forward if is_index_frozen(pipeline, now_ns) or not math.isfinite(spot) else spot
    at = _atm(chain.strikes, price if math.isfinite(price) else spot)
    return ChainView(
        underlying=underlying,
        expiry=chain.expiry,
        days_to_expiry=(chain.expiry - now.date()).days,
        rows=_rows(chain.strikes, call, put, *iv),
        atm=float(chain.strikes[at]) if at is not None else None,
        spot=known(spot),
        forward=known(forward),
        forward_source=told,
        time_to_expiry_s=left_s if left_s > 0 else None,
        atm_iv=_mean_percent(iv[0][0], iv[1][0], at),
        straddle=known(call.price[at] + put.price[at]) if at is not None else None,
        call_oi=float(np.nansum(call.oi)),
        put_oi=float(np.nansum(put.oi)),
        call_volume=float(np.nansum(call.volume)),
        put_volume=float(np.nansum(put.volume)),
        oi_age_s=known(chain.oi_age_s(pipeline.state, now_ns // SECOND_NS)),
    )


def _side(rows: npt.NDArray[np.void], chain: Chain, at: Ints, now_ns: int) -> _Side:
    there = at != NO_ROW
    size = len(at)

    def column(name: str) -> Floats:
        values = np.full(size, np.nan)
        values[there] = rows[name][at[there]]
        return values

    before = np.array([chain.previous_oi.get(int(row), np.nan) for row in at])
    oi, ltp, bid, ask = (column(name) for name in ("oi", "last_price", "bid", "ask"))
    flag = np.zeros(size, dtype=np.uint8)
    flag[there] = rows["quote_flag"][at[there]]
    quoted = (bid > 0) & (ask > 0) & (flag == GOOD)
    fresh = is_fresh(rows, chain, column("received_ns"), now_ns)
    price = np.where(fresh, np.where(quoted, (bid + ask) / 2, ltp), np.nan)
    stale = np.isfinite(ltp) & ~fresh
    notes = [
        "; ".join(filter(None, (FLAG_WORDS.get(int(f), ""), STALE if old else "")))
        for f, old in zip(flag, stale, strict=True)
    ]
    return _Side(oi, oi - before, column("volume"), ltp, price, notes)


def _atm(strikes: Floats, price: float) -> int | None:
    """Return the strike nearest `price`; of two, the lower."""
    if not math.isfinite(price) or not len(strikes):
        return None
    return int(np.argmin(np.abs(strikes - price)))


def _mean_percent(call: Floats, put: Floats, at: int | None) -> float | None:
    """Return the mean of both sides, None where one is missing: one alone is another number."""
    return None if at is None else known(50 * float(call[at] + put[at]))


def _rows(
    strikes: Floats,
    call: _Side,
    put: _Side,
    call_iv: tuple[Floats, npt.NDArray[np.str_]],
    put_iv: tuple[Floats, npt.NDArray[np.str_]],
) -> tuple[ChainRow, ...]:
    columns = zip(strikes.tolist(), *_cells(call, call_iv), *_cells(put, put_iv), strict=True)
    return tuple(
        ChainRow(
            strike=k,
            call_oi=c_oi,
            call_oi_change=c_change,
            call_volume=c_volume,
            call_ltp=c_ltp,
            call_iv=c_iv,
            put_oi=p_oi,
            put_oi_change=p_change,
            put_volume=p_volume,
            put_ltp=p_ltp,
            put_iv=p_iv,
            call_note=c_note,
            put_note=p_note,
        )
        for (
            k,
            c_oi,
            c_change,
            c_volume,
            c_ltp,
            c_iv,
            c_note,
            p_oi,
            p_change,
            p_volume,
            p_ltp,
            p_iv,
            p_note,
        ) in columns
    )


def _cells(side: _Side, iv: tuple[Floats, npt.NDArray[np.str_]]) -> tuple[Iterable[Any], ...]:
    sigma, why = iv
    notes = [note or str(reason) for note, reason in zip(side.note, why.tolist(), strict=True)]
    return (
        _listed(side.oi),
        _listed(side.change),
        _listed(side.volume),
        _listed(side.ltp),
        _listed(100 * sigma),
        notes,
    )


def _listed(values: Floats) -> list[float | None]:
    return [v if v == v else None for v in values.tolist()]
