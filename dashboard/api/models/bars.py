"""Bars."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

BAR: dict[str, Any] = {
    "start": "2026-12-01T09:15:00+05:30",
    "open": 24560.0,
    "high": 24581.4,
    "low": 24552.1,
    "close": 24575.2,
    "volume": None,
    "oi": None,
    "flags": [],
}


class Bar(BaseModel):
    """One interval, labelled by its start. Prices in INR, volume within it, OI at its end."""

    model_config = ConfigDict(json_schema_extra={"examples": [BAR]})

    start: datetime
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    oi: float | None
    flags: list[Literal["partial", "auction", "reconnected", "backfilled"]]


class Bars(BaseModel):
    """A page of bars, oldest first; none of them ended after the desk's own time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk": DESK,
                    "instrument": "NIFTY 50",
                    "timeframe": "5m",
                    "items": [BAR],
                    "next": None,
                }
            ]
        }
    )

    desk: DeskEnvelope
    instrument: str
    timeframe: Literal["1m", "5m", "15m", "30m", "1d"]
    items: list[Bar]
    next: str | None = Field(description="`cursor` of the next page")
