"""Desks of one's own."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.days import StoredGap
from dashboard.api.models.desk import DESK, DeskEnvelope

REPLAY: dict[str, Any] = {
    "desk": {**DESK, "id": "nJ8tQ0yWc1mK", "source": "REPLAY", "replay": True},
    "speed": 1.0,
    "progress": None,
    "error": None,
    "start": "2026-11-30T09:15:00+05:30",
    "end": "2026-11-30T15:40:00+05:30",
    "gaps": [],
}


class WantedReplay(BaseModel):
    """Which day to open, and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"day": "2026-11-30", "at": "13:42"}]},
    )

    day: date
    source: Literal["LIVE", "RECORDED", "MOCK"] | None = Field(
        None, description="MOCK for a generated day; absent: a recorded one before it"
    )
    at: str | None = Field(
        None,
        max_length=40,
        description="HH:MM[:SS] of that day in IST, or a time with its zone; absent: its begin",
    )
    playing: bool = False
    speed: float | None = Field(None, description="1, 4, 16, 60, or 0: as fast as it goes")


class Control(BaseModel):
    """What a desk is to do."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "seek", "at": "13:42"},
                {"action": "step", "timeframe": "5m", "count": -1},
                {"action": "speed", "speed": 16},
            ]
        },
    )

    action: Literal["play", "pause", "seek", "step", "speed"]
    at: str | None = Field(None, max_length=40, description="of seek")
    timeframe: Literal["1m", "5m", "15m", "30m"] = Field("1m", description="of step")
    count: int = Field(1, ge=-500, le=500, description="of step: bars; -1 is back")
    speed: float | None = Field(None, description="of speed: 1, 4, 16, 60 or 0")


class Replay(BaseModel):
    """A desk of one's own as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [REPLAY]})

    desk: DeskEnvelope
    speed: float = Field(description="0 is as fast as it goes")
    progress: float | None = Field(description="of opening or a long seek, 0 to 1")
    error: str | None
    start: datetime
    end: datetime
    gaps: list[StoredGap]


class Replays(BaseModel):
    """The caller's desks, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [REPLAY]}]})

    items: list[Replay]
