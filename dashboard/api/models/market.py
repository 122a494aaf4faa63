"""The market's days, and what is traded."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

STATUS: dict[str, Any] = {
    "desk": DESK,
    "now": "2026-12-01T13:42:10+05:30",
    "phase": "CONTINUOUS",
    "detail": "Index to 15:15 · F&O to 15:40",
    "is_open": True,
    "next_open": "2026-12-02T09:15:00+05:30",
    "expiries": {"NIFTY": "2026-12-01", "BANKNIFTY": "2026-12-29", "SENSEX": "2026-12-03"},
}
HOURS: dict[str, Any] = {"open": "2026-12-01T09:15:00+05:30", "close": "2026-12-01T15:40:00+05:30"}
DAY: dict[str, Any] = {
    "day": "2026-12-01",
    "open": True,
    "kind": "regular",
    "sessions": {"FNO": HOURS},
    "expiries": ["NIFTY"],
    "note": "",
}
INSTRUMENT: dict[str, Any] = {
    "symbol": "NIFTY26D0824600CE",
    "token": 12178178,
    "exchange": "NFO",
    "underlying": "NIFTY",
    "kind": "CE",
    "expiry": "2026-12-08",
    "strike": 24600.0,
    "lot": 65,
    "tick": 0.05,
}


class MarketStatus(BaseModel):
    """Where the market is in its day, at the desk's own time."""

    model_config = ConfigDict(json_schema_extra={"examples": [STATUS]})

    desk: DeskEnvelope
    now: datetime = Field(description="the desk's own time")
    phase: str = Field(description="of the cash index")
    detail: str
    is_open: bool = Field(description="whether anything trades continuously")
    next_open: datetime | None = Field(description="of derivatives; null past the calendar")
    expiries: dict[str, date | None] = Field(description="the next one of each underlying")


class SessionHours(BaseModel):
    """First instant of continuous trading, and the first one without it."""

    model_config = ConfigDict(json_schema_extra={"examples": [HOURS]})

    open: datetime
    close: datetime


class CalendarDay(BaseModel):
    """One date."""

    model_config = ConfigDict(json_schema_extra={"examples": [DAY]})

    day: date
    open: bool
    kind: str = Field(description="regular, weekend, holiday, muhurat, drill, full_weekend")
    sessions: dict[str, SessionHours] = Field(description="by segment: INDEX and FNO")
    expiries: list[str] = Field(description="underlyings whose options expire")
    note: str = Field(description="name of the holiday, or what is not known")


class CalendarDays(BaseModel):
    """Every date of a range."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [DAY]}]})

    items: list[CalendarDay]


class InstrumentItem(BaseModel):
    """One contract or index."""

    model_config = ConfigDict(json_schema_extra={"examples": [INSTRUMENT]})

    symbol: str
    token: int
    exchange: str
    underlying: str
    kind: Literal["INDEX", "EQ", "FUT", "CE", "PE"]
    expiry: date | None
    strike: float | None = Field(description="INR")
    lot: int = Field(description="units")
    tick: float = Field(description="INR")


class Instruments(BaseModel):
    """A page of a desk's instruments, by token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"desk": DESK, "items": [INSTRUMENT], "next": None}]}
    )

    desk: DeskEnvelope
    items: list[InstrumentItem]
    next: str | None = Field(description="`cursor` of the next page")
