"""One expiry by strike, with volatilities and greeks."""

from typing import Any

from dashboard.api.envelope import envelope
from dashboard.pipeline.options_view import OptionSide, OptionsView
from dashboard.pipeline.snapshot import Snapshot

NUMBERS = ("oi", "oi_change", "volume", "ltp", "bid", "ask", "iv", "delta", "gamma", "theta")
WORDS = ("note", "why")
FIELDS = (*NUMBERS, "age_s", *WORDS)


def chain_document(desk_id: str, snapshot: Snapshot, view: OptionsView) -> dict[str, Any]:
    """Return the chain of one expiry; NaN and None are unknown."""
    rows = zip(view.strikes.tolist(), _side(view.call), _side(view.put), strict=True)
    return {
        "desk": envelope(desk_id, snapshot),
        "underlying": view.underlying,
        "expiry": view.expiry,
        "expiries": view.expiries,
        "days_to_expiry": view.days_to_expiry,
        "time_to_expiry_s": view.time_to_expiry_s,
        "spot": view.spot,
        "forward": view.forward,
        "forward_source": view.forward_source,
        "atm": view.atm,
        "atm_iv": view.atm_iv,
        "straddle": view.straddle,
        "pcr_oi": view.pcr_oi,
        "max_pain": view.max_pain,
        "expected_move": view.move_to_expiry,
        "gex": view.exposure,
        "rows": [{"strike": strike, "call": call, "put": put} for strike, call, put in rows],
    }


def _side(side: OptionSide) -> list[dict[str, Any]]:
    numbers = [getattr(side, name).tolist() for name in (*NUMBERS, "age_s")]
    words = [list(getattr(side, name)) for name in WORDS]
    return [dict(zip(FIELDS, row, strict=True)) for row in zip(*numbers, *words, strict=True)]
