"""What sections say."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

SECTION: dict[str, Any] = {
    "id": "vwap",
    "title": "VWAP",
    "order": 6,
    "timeframes": ["1m", "5m", "15m", "30m"],
    "warmup": 1,
    "needs": ["future"],
    "segment": "FNO",
}
READING: dict[str, Any] = {
    "id": "vwap",
    "underlying": "NIFTY",
    "instrument": "NIFTY26DECFUT",
    "timeframe": "5m",
    "bar_ts": "2026-12-01T13:35:00+05:30",
    "asof": "2026-12-01T13:40:00+05:30",
    "final": True,
    "state": "bullish",
    "strength": 61.0,
    "values": {"vwap": 24601.2, "distance": 0.42},
    "levels": [{"label": "VWAP", "price": 24601.2}],
    "reason": "Close 24,611.30 > 24,601.20",
    "flags": [],
    "warmup": {"have": 1, "need": 1},
}
State = Literal["bullish", "bearish", "neutral", "insufficient_data"]


class Section(BaseModel):
    """One section of the catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [SECTION]})

    id: str
    title: str
    order: int
    timeframes: list[str]
    warmup: int = Field(description="bars before a state is given")
    needs: list[str]
    segment: Literal["INDEX", "FNO"]


class Sections(BaseModel):
    """The catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [SECTION]}]})

    items: list[Section]


class Level(BaseModel):
    """A named price."""

    model_config = ConfigDict(json_schema_extra={"examples": READING["levels"]})

    label: str
    price: float = Field(description="INR")


class Warmup(BaseModel):
    """How many bars there are, and how many a state needs."""

    model_config = ConfigDict(json_schema_extra={"examples": [READING["warmup"]]})

    have: int
    need: int


class Reading(BaseModel):
    """What a section says of one bar. It states evidence; it does not advise."""

    model_config = ConfigDict(json_schema_extra={"examples": [READING]})

    id: str
    underlying: str
    instrument: str
    timeframe: str
    bar_ts: datetime | None = Field(description="start of the bar")
    asof: datetime | None = Field(description="its end")
    final: bool = Field(description="false while the bar forms")
    state: State
    strength: float = Field(ge=0, le=100)
    values: dict[str, float | str | None]
    levels: list[Level]
    reason: str
    flags: list[str]
    warmup: Warmup


class CurrentReading(BaseModel):
    """A section's reading of the last closed bar, and of the forming one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"desk": DESK, "reading": READING, "provisional": None}]}
    )

    desk: DeskEnvelope
    reading: Reading | None = Field(description="null before the day's first one")
    provisional: Reading | None


class CurrentReadings(BaseModel):
    """What every section says, in the order of the catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk": DESK,
                    "underlying": "NIFTY",
                    "timeframe": "5m",
                    "readings": [READING],
                    "provisional": [],
                }
            ]
        }
    )

    desk: DeskEnvelope
    underlying: str
    timeframe: str
    readings: list[Reading]
    provisional: list[Reading]


class Readings(BaseModel):
    """A page of one day's readings, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"desk": DESK, "items": [READING], "next": None}]}
    )

    desk: DeskEnvelope
    items: list[Reading]
    next: str | None = Field(description="`cursor` of the next page")
