"""Health."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DEPENDENCY: dict[str, Any] = {"status": "ok", "detail": "2026-12-01 is playing", "age_s": 0.2}


class Alive(BaseModel):
    """That Tezi answers, or whether it is ready to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok", "down"]


class Dependency(BaseModel):
    """One thing that answers depend on."""

    model_config = ConfigDict(json_schema_extra={"examples": [DEPENDENCY]})

    status: Literal["ok", "degraded", "down", "off"] = Field(
        description="off: there is nothing for it to do"
    )
    detail: str
    age_s: float | None = Field(description="seconds since it was last heard of")


class Health(BaseModel):
    """How everything is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "dependencies": {"desk": DEPENDENCY}}]}
    )

    status: Literal["ok", "degraded", "down"]
    dependencies: dict[str, Dependency]
