"""The option desk: one expiry as it stands and through the day.

Only what somebody looks at is worked out: the quotes for every snapshot, the day once for
each closed minute.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import SECOND_NS, from_ns
from dashboard.core.market import Floats, Ints, Kind
from dashboard.options.black76 import RATE, years_to_expiry
from dashboard.options.chain import CHAIN_DTYPE
from dashboard.options.forward import MISFIT, parity_misfit
from dashboard.options.greeks import Greeks, greeks
from dashboard.options.metrics import ChainMetrics, chain_metrics
from dashboard.pipeline.chains import NO_ROW, Chain
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.options_view import OptionSide, OptionsView
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.state import CROSSED, GOOD, WIDE
from dashboard.pipeline.views.forward import forward_of, is_index_frozen
from dashboard.pipeline.views.freshness import ages_s, is_fresh, newest_age_s
from dashboard.pipeline.views.indices import known
from dashboard.pipeline.views.options_buildup import build_up
from dashboard.pipeline.views.options_day import Base, DayOfOptions, base_of, expiry_s

PERCENT = 0.01
Key = tuple[str, date | None]  # underlying, expiry; None is the nearest


class OptionRoom:
    """The option views of one desk, with the days it keeps between two snapshots."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._days: dict[tuple[str, date], DayOfOptions] = {}

    def views(
        self, pipeline: Pipeline, looked_at: Iterable[Interest], now_ns: int
    ) -> dict[Key, OptionsView]:
        """Return what is looked at in the option room, by underlying and chosen expiry.

        An expiry that the day does not hold leads to the nearest; `OptionsView.expiry` is the
        one that is shown.
        """
        asked = {(look.underlying, look.expiry) for look in looked_at if look.options}
        found = {}
        for underlying, expiry in asked:
            chain = pipeline.chains.chain(underlying, expiry) or pipeline.chains.chain(underlying)
            if chain is not None and chain.is_seen(pipeline.state):
                found[underlying, expiry] = self._view(pipeline, chain, now_ns)
        self._forget(pipeline, {(view.underlying, view.expiry) for view in found.values()})
        return found

    def _view(self, pipeline: Pipeline, chain: Chain, now_ns: int) -> OptionsView:
        key = (chain.underlying, chain.expiry)
        kept = self._days.get(key)
        if kept is None or kept.chain is not chain:
            kept = DayOfOptions(chain, pipeline.hours, expiry_s(self._calendar, chain))
            self._days[key] = kept
        return options_view(pipeline, kept, now_ns)

    def _forget(self, pipeline: Pipeline, shown: set[tuple[str, date]]) -> None:
        """Drop days that nobody looks at, those of an earlier pipeline with them."""
        self._days = {
            key: day
            for key, day in self._days.items()
            if key in shown and pipeline.chains.chain(*key) is day.chain
        }


def options_view(pipeline: Pipeline, kept: DayOfOptions, now_ns: int) -> OptionsView:
    """Return one expiry as it stands, with its day so far."""
    chain, rows = kept.chain, pipeline.state.rows
    day = kept.now()
    base = kept.base or base_of(chain, chain.stacked())
    left_s = kept.instant_s - now_ns / SECOND_NS
    years = float(years_to_expiry(left_s))
    sides = [_quotes(rows, chain, at, now_ns) for at in (chain.calls, chain.puts)]
    spot = chain.spot(pipeline.state)
    forward, source = forward_of(pipeline, chain, sides[0].price, sides[1].price, spot, years)
    frozen = math.isfinite(forward) and (
        not math.isfinite(spot) or is_index_frozen(pipeline, now_ns)
    )
    money = forward if frozen else spot
    metrics = chain_metrics(
        _rows(chain, sides),
        money,
        forward if math.isfinite(forward) else None,
        years,
        RATE,
        sides[0].price,
        sides[1].price,
    )
    moves = [
        greeks(kind, metrics.forward, chain.strikes, years, RATE, iv)
        for kind, iv in ((Kind.CALL, metrics.smile.call_iv), (Kind.PUT, metrics.smile.put_iv))
    ]
    yesterday = any(np.isfinite(side.before).any() for side in sides)
    bases = _bases(base, sides, yesterday=yesterday)
    call, put = (_side(*parts) for parts in zip(sides, moves, _smile(metrics), bases, strict=True))
    misfit = parity_misfit(
        chain.strikes, call.price, put.price, metrics.forward, math.exp(-RATE * years)
    )
    return OptionsView(
        underlying=chain.underlying,
        expiry=chain.expiry,
        expiries=pipeline.chains.expiries(chain.underlying),
        days_to_expiry=(chain.expiry - from_ns(now_ns).date()).days,
        time_to_expiry_s=left_s if left_s > 0 else None,
        strikes=chain.strikes,
        call=call,
        put=put,
        spot=known(spot),
        spot_age_s=newest_age_s(rows, np.array([chain.spot_row]), now_ns),
        forward=known(metrics.forward),
        forward_source=source,
        atm=known(metrics.atm),
        atm_from="forward" if frozen else "spot",
        atm_iv=known(100 * metrics.atm_iv),
        straddle=known(metrics.straddle),
        move_to_expiry=known(metrics.move_iv),
        move_session=known(metrics.move_daily),
        pcr_oi=known(metrics.pcr_oi),
        pcr_volume=known(metrics.pcr_volume),
        pcr_near=known(metrics.pcr_oi_atm5),
        near_missing=metrics.atm5_missing,
        max_pain=known(metrics.max_pain),
        exposure=known(metrics.gex),
        exposure_by_strike=_exposure(call, put, metrics.forward),
        exposure_skipped=metrics.gex_skipped,
        misfit=misfit > MISFIT,
        oi_age_s=known(chain.oi_age_s(pipeline.state, now_ns // SECOND_NS)),
        quote_age_s=newest_age_s(rows, chain.rows, now_ns),
        base=base.words,
        buildup_base=base.words if yesterday else base.first_words,
        day=day,
        day_reason="" if day else "No minute of this expiry has closed yet",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Quotes:
    """One side as the state has it, NaN where a strike has no contract or no tick."""

    oi: Floats
    volume: Floats
    ltp: Floats
    bid: Floats
    ask: Floats
    before: Floats  # previous close
    age_s: Floats
    price: Floats
    note: tuple[str, ...]


def _quotes(rows: npt.NDArray[np.void], chain: Chain, at: Ints, now_ns: int) -> _Quotes:
    there = at != NO_ROW
    of = rows[at[there]]

    def column(name: str) -> Floats:
        values = np.full(len(at), np.nan)
        values[there] = of[name]
        return values

    received = column("received_ns")
    bid, ask, ltp = (column(name) for name in ("bid", "ask", "last_price"))
    flag = np.nan_to_num(column("quote_flag"))
    price, note = _priced(bid, ask, ltp, flag, is_fresh(rows, chain, received, now_ns))
    return _Quotes(
        column("oi"),
        column("volume"),
        ltp,
        np.where(bid > 0, bid, np.nan),
        np.where(ask > 0, ask, np.nan),
        column("previous_close"),
        ages_s(received, now_ns),
        price,
        note,
    )


def _priced(
    bid: Floats, ask: Floats, ltp: Floats, flag: Floats, young: npt.NDArray[np.bool_]
) -> tuple[Floats, tuple[str, ...]]:
    """Return the price a volatility is taken from [INR], and what is odd about the quote.

    The middle if both sides are there and hygiene found nothing wrong with them, else the
    last price; neither once it is old.
    """
    both = (bid > 0) & (ask > 0)
    good = both & (flag == GOOD) & young
    fresh = (ltp > 0) & young
    price = np.where(good, (bid + ask) / 2, np.where(fresh, ltp, np.nan))
    odd = [~both, flag == CROSSED, flag == WIDE]
    note = np.select(odd, [np.array(word) for word in ("no quote", "crossed", "wide")], "")
    note = np.where(good | fresh | ~(ltp > 0), note, np.char.add(note, ", stale"))
    return price, tuple(note.tolist())


def _rows(chain: Chain, sides: list[_Quotes]) -> npt.NDArray[np.void]:
    rows = np.empty(len(chain.strikes), dtype=CHAIN_DTYPE)
    rows["strike"] = chain.strikes
    for name, side in zip(("call", "put"), sides, strict=True):
        rows[f"{name}_oi"], rows[f"{name}_volume"] = side.oi, side.volume
        rows[f"{name}_ltp"] = side.ltp
    return rows


_Volatility = tuple[Floats, tuple[str, ...]]


def _smile(metrics: ChainMetrics) -> tuple[_Volatility, _Volatility]:
    smile = metrics.smile
    return (
        (smile.call_iv, tuple(smile.call_note.tolist())),
        (smile.put_iv, tuple(smile.put_note.tolist())),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """What the changes of one side count from."""

    oi: Floats
    price: Floats  # of the build-up, and the open interest it goes with
    price_oi: Floats


def _bases(base: Base, sides: list[_Quotes], *, yesterday: bool) -> tuple[_Before, _Before]:
    """Return yesterday's figures; without its prices the build-up counts from the first minute."""
    call, put = (
        _Before(oi, side.before, oi) if yesterday else _Before(oi, ltp, first)
        for oi, side, (first, ltp) in zip((base.call, base.put), sides, base.first, strict=True)
    )
    return call, put


def _side(quotes: _Quotes, moves: Greeks, smile: _Volatility, before: _Before) -> OptionSide:
    sigma, why = smile
    price_percent = _percent(quotes.ltp, before.price)
    oi_percent = _percent(quotes.oi, before.price_oi)
    return OptionSide(
        oi=quotes.oi,
        oi_change=quotes.oi - before.oi,
        volume=quotes.volume,
        ltp=quotes.ltp,
        bid=quotes.bid,
        ask=quotes.ask,
        price=quotes.price,
        iv=100 * sigma,
        delta=moves.delta,
        theta=moves.theta,
        gamma=moves.gamma,
        age_s=quotes.age_s,
        price_change=price_percent,
        oi_percent=oi_percent,
        buildup=build_up(price_percent, oi_percent),
        note=quotes.note,
        why=why,
    )


def _percent(now: Floats, before: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, 100 * (now / before - 1), np.nan)


def _exposure(call: OptionSide, put: OptionSide, forward: float) -> Floats:
    """Return each strike's assumed exposure [INR], NaN where neither side has a gamma."""
    calls, puts = call.gamma * call.oi, -put.gamma * put.oi
    both = np.nan_to_num(calls) + np.nan_to_num(puts)
    net: Floats = np.where(np.isnan(calls) & np.isnan(puts), np.nan, both)
    return net * forward**2 * PERCENT
