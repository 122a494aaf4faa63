"""The option chain of one expiry."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

SIDE: dict[str, Any] = {
    "oi": 1950000.0,
    "oi_change": 65000.0,
    "volume": 8775000.0,
    "ltp": 131.2,
    "bid": 131.0,
    "ask": 131.4,
    "iv": 11.82,
    "delta": 0.52,
    "gamma": 0.0011,
    "theta": -9.41,
    "age_s": 0.4,
    "note": "",
    "why": "",
}
CHAIN: dict[str, Any] = {
    "desk": DESK,
    "underlying": "NIFTY",
    "expiry": "2026-12-08",
    "expiries": ["2026-12-08", "2026-12-15"],
    "days_to_expiry": 7,
    "time_to_expiry_s": 612000.0,
    "spot": 24610.3,
    "forward": 24634.8,
    "forward_source": "parity over 5 strikes",
    "atm": 24600.0,
    "atm_iv": 11.9,
    "straddle": 262.4,
    "pcr_oi": 0.93,
    "max_pain": 24600.0,
    "expected_move": 331.0,
    "gex": 1.2e9,
    "rows": [{"strike": 24600.0, "call": SIDE, "put": SIDE}],
}


class ChainSide(BaseModel):
    """The call or the put of one strike."""

    model_config = ConfigDict(json_schema_extra={"examples": [SIDE]})

    oi: float | None = Field(description="units")
    oi_change: float | None = Field(description="units, since the previous close where known")
    volume: float | None = Field(description="units since the session began")
    ltp: float | None = Field(description="INR")
    bid: float | None
    ask: float | None
    iv: float | None = Field(description="percent")
    delta: float | None
    gamma: float | None
    theta: float | None = Field(description="INR a calendar day")
    age_s: float | None = Field(description="seconds since the last tick")
    note: str = Field(description="what is odd about the quote")
    why: str = Field(description="why there is no volatility")


class ChainRow(BaseModel):
    """One strike."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHAIN["rows"][0]]})

    strike: float
    call: ChainSide
    put: ChainSide


class Chain(BaseModel):
    """One expiry as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHAIN]})

    desk: DeskEnvelope
    underlying: str
    expiry: date
    expiries: list[date]
    days_to_expiry: int
    time_to_expiry_s: float | None
    spot: float | None
    forward: float | None
    forward_source: str = Field(description="a future, parity, or why there is none")
    atm: float | None
    atm_iv: float | None = Field(description="percent, mean of call and put")
    straddle: float | None
    pcr_oi: float | None
    max_pain: float | None
    expected_move: float | None = Field(description="INR to expiry, one standard deviation")
    gex: float | None = Field(description="INR of delta a 1 % move, positions assumed")
    rows: list[ChainRow]
