"""Stored days."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

GAP: dict[str, Any] = {
    "start": "2026-11-30T11:02:00+05:30",
    "end": "2026-11-30T11:04:00+05:30",
    "reason": "Socket closed",
}
DAY: dict[str, Any] = {
    "day": "2026-11-30",
    "source": "RECORDED",
    "fidelity": ["full ticks"],
    "instruments": 442,
    "underlyings": ["NIFTY", "BANKNIFTY", "SENSEX"],
    "ticks": 8123456,
    "stored_bytes": 512000000,
    "first": "2026-11-30T09:00:01+05:30",
    "last": "2026-11-30T15:40:10+05:30",
    "gaps": [GAP],
    "notes": [],
}


class StoredGap(BaseModel):
    """A stretch in which nothing was recorded."""

    model_config = ConfigDict(json_schema_extra={"examples": [GAP]})

    start: datetime
    end: datetime
    reason: str


class StoredDay(BaseModel):
    """One stored day."""

    model_config = ConfigDict(json_schema_extra={"examples": [DAY]})

    day: date
    source: Literal["LIVE", "RECORDED", "MOCK"] = Field(description="MOCK is generated")
    fidelity: list[str]
    instruments: int
    underlyings: list[str]
    ticks: int
    stored_bytes: int
    first: datetime | None
    last: datetime | None
    gaps: list[StoredGap]
    notes: list[str]


class StoredDays(BaseModel):
    """A page of stored days, latest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [DAY], "next": None}]})

    items: list[StoredDay]
    next: str | None = Field(description="`cursor` of the next page")
