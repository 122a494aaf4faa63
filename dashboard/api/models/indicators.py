"""Indicators, and subscriptions to them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.models.desk import DESK, DeskEnvelope

TimeframeName = Literal["1m", "5m", "15m", "30m"]
Values = dict[str, float | None]

KNOWN: dict[str, Any] = {
    "name": "RSI",
    "title": "Relative strength index",
    "example": "RSI_14",
    "parameters": [{"name": "period", "default": 14, "min": 2, "max": 400, "whole": True}],
    "outputs": ["value"],
    "unit": "0 to 100",
    "source": "Wilder (1978)",
    "needs_volume": False,
}
VALUES: dict[str, Any] = {"RSI_14": {"value": 57.2}, "EMA_20": {"value": 24601.2}}
AT: dict[str, Any] = {
    "desk": DESK,
    "instrument": "NIFTY 50",
    "timeframe": "5m",
    "offset": 0,
    "bar_ts": "2026-12-01T13:35:00+05:30",
    "values": VALUES,
}
REFUSED: dict[str, Any] = {
    "status": 422,
    "detail": "No indicator 'RSJ': did you mean RSI?",
    "where": "ids",
}
SUBSCRIPTION: dict[str, Any] = {
    "subscription": "x1Zr0a",
    "topic": "indicators:NIFTY 50:5m:RSI_14,EMA_20",
    "ids": ["RSI_14", "EMA_20"],
    "instrument": "NIFTY 50",
    "timeframe": "5m",
}


class ParameterModel(BaseModel):
    """A number that may be chosen."""

    model_config = ConfigDict(json_schema_extra={"examples": KNOWN["parameters"]})

    name: str
    default: float
    min: float
    max: float
    whole: bool


class IndicatorModel(BaseModel):
    """One indicator that is known."""

    model_config = ConfigDict(json_schema_extra={"examples": [KNOWN]})

    name: str
    title: str
    example: str
    parameters: list[ParameterModel]
    outputs: list[str]
    unit: str
    source: str
    needs_volume: bool


class Indicators(BaseModel):
    """All that are known."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [KNOWN]}]})

    items: list[IndicatorModel]


class IndicatorValues(BaseModel):
    """Values at one closed bar; null where there were too few bars for one."""

    model_config = ConfigDict(json_schema_extra={"examples": [AT]})

    desk: DeskEnvelope
    instrument: str
    timeframe: str
    offset: int = Field(description="bars before the last closed one")
    bar_ts: datetime = Field(description="start of the bar")
    values: dict[str, Values]


class HistoryItem(BaseModel):
    """One bar's values."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"bar_ts": AT["bar_ts"], "values": VALUES["RSI_14"]}]}
    )

    bar_ts: datetime
    values: Values


class IndicatorHistory(BaseModel):
    """A page of values, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk": DESK,
                    "instrument": "NIFTY 50",
                    "timeframe": "5m",
                    "id": "RSI_14",
                    "items": [{"bar_ts": AT["bar_ts"], "values": VALUES["RSI_14"]}],
                    "next": None,
                }
            ]
        }
    )

    desk: DeskEnvelope
    instrument: str
    timeframe: str
    id: str
    items: list[HistoryItem]
    next: str | None = Field(description="`cursor` of the next page")


class Wanted(BaseModel):
    """Indicators of one instrument."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"ids": ["RSI_14", "EMA_20"], "instrument": "NIFTY"}]},
    )

    ids: list[str] = Field(min_length=1, max_length=20)
    instrument: str = Field(min_length=1, max_length=40)
    timeframe: TimeframeName = "5m"


class WantedAt(Wanted):
    """The same, some bars back."""

    offset: int = Field(0, ge=0, le=1000)


class Batch(BaseModel):
    """Many at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"requests": [{"ids": ["RSI_14"], "instrument": "NIFTY", "timeframe": "5m"}]}
            ]
        },
    )

    requests: list[WantedAt] = Field(min_length=1, max_length=50)


class BatchProblem(BaseModel):
    """Why one of them was not answered."""

    model_config = ConfigDict(json_schema_extra={"examples": [REFUSED]})

    status: int
    detail: str
    where: str | None = None


class BatchItem(BaseModel):
    """The answer to one request of a batch: values, or a problem."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{k: v for k, v in AT.items() if k != "desk"}]}
    )

    instrument: str
    timeframe: str
    offset: int
    bar_ts: datetime | None = None
    values: dict[str, Values] | None = None
    problem: BatchProblem | None = None


class BatchAnswer(BaseModel):
    """Answers in the order of the requests."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"desk": DESK, "items": [{k: v for k, v in AT.items() if k != "desk"}]}]
        }
    )

    desk: DeskEnvelope
    items: list[BatchItem]


class SubscriptionModel(BaseModel):
    """What /ws/desk tells under `topic` at each closed bar."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUBSCRIPTION]})

    subscription: str
    topic: str
    ids: list[str]
    instrument: str
    timeframe: str


class Subscriptions(BaseModel):
    """The caller's subscriptions, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [SUBSCRIPTION]}]})

    items: list[SubscriptionModel]


class Unwanted(BaseModel):
    """Which subscription to end."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"subscription": "x1Zr0a"}]}
    )

    subscription: str = Field(min_length=1, max_length=40)
