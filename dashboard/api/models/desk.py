"""What every answer with market content says of its desk."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DESK: dict[str, Any] = {
    "id": "shared",
    "source": "LIVE",
    "replay": False,
    "day": "2026-12-01",
    "at": "2026-12-01T13:42:10.250000+05:30",
    "status": "playing",
    "seq": 4211,
    "feed_age_s": 0.21,
}


class DeskEnvelope(BaseModel):
    """Which desk an answer is of, and at which moment of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [DESK]})

    id: str = Field(description="`shared`, or the id of a replay of yours")
    source: Literal["LIVE", "REPLAY", "MOCK", "RECORDED"]
    replay: bool
    day: date
    at: datetime = Field(description="the desk's own time, IST")
    status: Literal["loading", "playing", "paused", "ended", "failed"]
    seq: int = Field(description="number of the snapshot that the answer is made from")
    feed_age_s: float | None = Field(description="seconds since the last message")
