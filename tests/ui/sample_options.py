"""An option desk without a pipeline: NIFTY's expiry of 18 August 2026 at 13:42, drawn.

Prices are Black-76 on a smile that is drawn, so that what is shown agrees with itself.
"""

from dataclasses import replace
from datetime import date

import numpy as np

from dashboard.core.clock import day_start_s
from dashboard.options.black76 import black76_price, years_to_expiry
from dashboard.options.greeks import greeks
from dashboard.pipeline.options_view import OptionsDay, OptionSide, OptionsView
from dashboard.pipeline.views.options_buildup import build_up

DAY = date(2026, 8, 18)
EXPIRIES = (DAY, date(2026, 8, 25), date(2026, 9, 1), date(2026, 9, 29))
STRIKES = np.arange(23_700.0, 24_950.0, 50.0)
FORWARD, SPOT, RATE = 24_305.55, 24_302.40, 0.065
LEFT_S = 7062.0
LAKH = 100_000.0
FIRST, LAST = 9 * 60 + 15, 13 * 60 + 42  # minutes of the day


def make_side(kind: str, left_s: float = LEFT_S) -> OptionSide:
    """Return calls or puts that crowd round the money."""
    years = float(years_to_expiry(left_s))
    away = (STRIKES - FORWARD) / 50
    iv = 12.9 - 0.08 * away + 0.05 * away**2 / 4
    exact = black76_price(kind, FORWARD, STRIKES, years, RATE, iv / 100)
    ltp = np.maximum(np.round(exact / 0.05) * 0.05, 0.05)
    floor = ltp <= 0.05
    moves = greeks(kind, FORWARD, STRIKES, years, RATE, np.where(floor, np.nan, iv / 100))
    side = 1.0 if kind == "CE" else -1.0
    oi = LAKH * (4 + 110 * np.exp(-((away - 2.4 * side) ** 2) / 9))
    change = oi * 0.3 * np.sin(away * 1.3 + side)
    price_change = -60.0 * np.exp(-(away**2) / 30) + 4 * side * away
    oi_percent = 100 * change / (oi - change)
    bid, ask = np.maximum(ltp - 0.05, 0.05), ltp + 0.05
    notes = tuple("wide" if f else "" for f in floor)
    return OptionSide(
        oi=oi,
        oi_change=change,
        volume=oi * 6,
        ltp=ltp,
        bid=bid,
        ask=ask,
        price=ltp,
        iv=np.where(floor, np.nan, iv),
        delta=moves.delta,
        theta=moves.theta,
        gamma=moves.gamma,
        age_s=np.full(len(STRIKES), 0.4),
        price_change=price_change,
        oi_percent=oi_percent,
        buildup=build_up(price_change, oi_percent),
        note=notes,
        why=tuple("At one tick, far from the money" if f else "" for f in floor),
    )


def make_options_day() -> OptionsDay:
    """Return the minutes from the open to 13:42."""
    starts = day_start_s(DAY) + 60 * np.arange(FIRST, LAST, dtype=np.int64)
    part = np.linspace(0, 1, len(starts))
    spot = 24_246 + 56.4 * part + 60 * np.sin(part * 5.5) - 60 * np.sin(5.5) * part
    away = (STRIKES - FORWARD) / 50
    shape = np.sin(away * 1.3)[None, :] * np.exp(-(away**2) / 18)[None, :]
    growth = (part + 0.08 * np.sin(part * 40))[:, None]
    return OptionsDay(
        starts=starts,
        strikes=STRIKES,
        spot=spot,
        pcr_oi=0.84 + 0.1 * np.sin(part * 6),
        pcr_volume=0.88 + 0.06 * np.sin(part * 9),
        max_pain=np.where(part < 0.4, 24_250.0, 24_300.0),
        atm=50 * np.round(spot / 50),
        atm_iv=13.6 - 0.8 * part + 0.1 * np.sin(part * 30),
        straddle=72 - 34.35 * part + np.sin(part * 40),
        call_change=40 * LAKH * growth * shape,
        put_change=-25 * LAKH * growth * shape,
        base="the previous close",
        opens=day_start_s(DAY) + FIRST * 60,
        closes=day_start_s(DAY) + (15 * 60 + 40) * 60,
        smile_start=int(starts[-61]),
        smile=13.5 - 0.08 * away + 0.05 * away**2 / 4,
    )


def make_options(**changes: object) -> OptionsView:
    """Return the drawn option desk, with `changes` to its fields."""
    call, put = make_side("CE"), make_side("PE")
    net = call.gamma * call.oi - put.gamma * put.oi
    view = OptionsView(
        underlying="NIFTY",
        expiry=EXPIRIES[0],
        expiries=EXPIRIES,
        days_to_expiry=0,
        time_to_expiry_s=LEFT_S,
        strikes=STRIKES,
        call=call,
        put=put,
        spot=SPOT,
        spot_age_s=0.4,
        forward=FORWARD,
        forward_source="parity over 5 strikes",
        atm=24_300.0,
        atm_from="spot",
        atm_iv=12.87,
        straddle=37.65,
        move_to_expiry=46.8,
        move_session=197.0,
        pcr_oi=0.84,
        pcr_volume=0.88,
        pcr_near=0.80,
        near_missing=0,
        max_pain=24_300.0,
        exposure=float(np.nansum(net)) * FORWARD**2 * 0.01,
        exposure_by_strike=net * FORWARD**2 * 0.01,
        exposure_skipped=int(np.isnan(call.gamma).sum() + np.isnan(put.gamma).sum()),
        misfit=np.zeros(len(STRIKES), dtype=bool),
        oi_age_s=110.0,
        quote_age_s=0.4,
        base="the previous close",
        buildup_base="the previous close",
        day=make_options_day(),
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def make_choices() -> dict[tuple[str, date | None], OptionsView]:
    """Return what each place of the picker shows; later expiries have no day yet."""
    choices: dict[tuple[str, date | None], OptionsView] = {("NIFTY", None): make_options()}
    choices["NIFTY", EXPIRIES[0]] = choices["NIFTY", None]
    for expiry in EXPIRIES[1:]:
        days = (expiry - DAY).days
        left_s = LEFT_S + days * 86_400
        choices["NIFTY", expiry] = make_options(
            expiry=expiry,
            days_to_expiry=days,
            time_to_expiry_s=left_s,
            call=make_side("CE", left_s),
            put=make_side("PE", left_s),
            straddle=312.40,
            day=None,
            day_reason="No minute of this expiry has closed yet",
        )
    return choices
