"""How the sockets fare."""

from pydantic import BaseModel, ConfigDict, Field


class StreamStats(BaseModel):
    """Counts since the process started, and of now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "clients": 2,
                    "by_path": {"/ws/ticks": 1, "/ws/desk": 1},
                    "desks": 1,
                    "subscriptions": 1,
                    "opened": 5,
                    "refused": 1,
                    "frames": 4210,
                    "bytes": 1830442,
                    "frames_made": 2105,
                    "conflated_snapshots": 12,
                    "errors": 0,
                    "slow_closes": 0,
                    "waiting": 0,
                    "rounds": 1000,
                    "round_p50_ms": 0.4,
                    "round_p99_ms": 2.1,
                }
            ]
        }
    )

    clients: int = Field(description="open sockets that are signed in")
    by_path: dict[str, int]
    desks: int = Field(description="desks that somebody follows")
    subscriptions: int = Field(description="different sets of instruments")
    opened: int
    refused: int
    frames: int
    bytes: int
    frames_made: int = Field(description="of the frames, those that were not shared")
    conflated_snapshots: int = Field(
        description="snapshots that reached a client together with a later one"
    )
    errors: int = Field(description="error frames")
    slow_closes: int
    waiting: int = Field(description="sockets whose client is taking a frame just now")
    rounds: int = Field(description="rounds that the durations are of")
    round_p50_ms: float | None
    round_p99_ms: float | None
