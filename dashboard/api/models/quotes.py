"""Quotes: what was last told of an instrument."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

QUOTE: dict[str, Any] = {
    "symbol": "NIFTY26DECFUT",
    "token": 11536642,
    "ltp": 24612.4,
    "bid": 24612.0,
    "ask": 24613.1,
    "volume": 1843270.0,
    "oi": 10432500.0,
    "average_price": 24588.71,
    "open": 24560.0,
    "high": 24640.0,
    "low": 24541.2,
    "previous_close": 24530.05,
    "change": 82.35,
    "change_percent": 0.3357,
    "time": "2026-12-01T13:42:10+05:30",
    "age_s": 0.25,
    "flag": "good",
}
OPTION = QUOTE | {
    "symbol": "NIFTY26D0824600CE",
    "token": 12178178,
    "expiry": "2026-12-08",
    "strike": 24600.0,
    "kind": "CE",
}
INDEX = QUOTE | {
    "symbol": "NIFTY 50",
    "token": 256265,
    "bid": None,
    "ask": None,
    "volume": None,
    "oi": None,
    "average_price": None,
    "flag": None,
    "title": "NIFTY 50",
    "source": "tick",
}


class Quote(BaseModel):
    """One instrument. Prices in INR, volume and OI in units; null is unknown."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUOTE]})

    symbol: str
    token: int
    ltp: float | None
    bid: float | None
    ask: float | None
    volume: float | None = Field(description="units since the session began")
    oi: float | None
    average_price: float | None = Field(description="the exchange's VWAP of the session")
    open: float | None
    high: float | None
    low: float | None
    previous_close: float | None
    change: float | None = Field(description="since the previous close, INR")
    change_percent: float | None
    time: datetime | None = Field(description="exchange time of the last tick")
    age_s: float | None = Field(description="seconds since it came, by the desk's clock")
    flag: Literal["good", "crossed", "wide"] | None = Field(
        description="what hygiene says of bid and ask; null where there are not both"
    )


class Quotes(BaseModel):
    """Quotes of several instruments."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"desk": DESK, "quotes": [QUOTE]}]})

    desk: DeskEnvelope
    quotes: list[Quote]


class IndexQuote(Quote):
    """The index, from its last tick or, before it has ticked, from its last stored bar."""

    model_config = ConfigDict(json_schema_extra={"examples": [INDEX]})

    title: str
    source: Literal["tick", "bar"] | None = Field(
        description="where `ltp` is from; null only where nothing was ever known"
    )


class OptionQuote(Quote):
    """One option."""

    model_config = ConfigDict(json_schema_extra={"examples": [OPTION]})

    expiry: date | None
    strike: float | None = Field(description="INR")
    kind: Literal["CE", "PE"]


class MarketPhase(BaseModel):
    """Where the market is in its day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "CONTINUOUS",
                    "detail": "Index to 15:15 · F&O to 15:40",
                    "expiries": ["NIFTY"],
                }
            ]
        }
    )

    name: str
    detail: str
    expiries: list[str] = Field(description="underlyings that expire on this day")


class Monitor(BaseModel):
    """An underlying, its front future and all its options at one moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk": DESK,
                    "underlying": INDEX,
                    "future": QUOTE,
                    "options": [OPTION],
                    "phase": {"name": "CONTINUOUS", "detail": "", "expiries": []},
                }
            ]
        }
    )

    desk: DeskEnvelope
    underlying: IndexQuote
    future: Quote | None
    options: list[OptionQuote]
    phase: MarketPhase
