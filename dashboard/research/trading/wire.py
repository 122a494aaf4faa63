"""Requests and answers as values, and calls as generators of steps.

A call does nothing itself: it yields what has to be done (`Send`, `Pause`, `Renew`) and is
handed what came of it. One driver does these things while its thread waits, another awaits
them (`dashboard.research.trading.driving`), so that each call is written once.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson

from dashboard.research.trading.errors import ServerError

T = TypeVar("T")
Steps = Generator[Any, Any, T]
Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `body` may hold a password, so it is not shown.

    Where there is a `file`, a good answer is written there instead of being kept.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: Path | None = None

    @property
    def is_safe(self) -> bool:
        """Say whether it may be sent again whatever became of it."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def document(self, place: str) -> Any:
        """Return the JSON of an answer, None where it has no body. `place` is for the error.

        Raises
        ------
        ServerError
            If it is none.
        """
        if not self.content:
            return None
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise ServerError(f"The answer is not JSON ({place})") from None


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request with these headers besides its own, and return the `Answer`."""

    request: Request
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """Let some time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Have a newer token than `stale`, unless another call saw to it meanwhile."""

    stale: str = field(repr=False)


class Unreachable(Exception):  # noqa: N818 - drivers tell it to calls, nobody else sees it
    """Tell a call that no answer came; `sent` says whether the request may have arrived."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


def get(path: str, **query: Value) -> Request:
    """Return a request for a document; parameters that are None are left out.

    A trailing underscore, as of ``from_``, is not part of a name.
    """
    return Request("GET", path, words(query))


def post(path: str, body: Any = None) -> Request:
    """Return a request that does something."""
    return Request("POST", path, body=body)


def words(query: Mapping[str, Value]) -> dict[str, str]:
    """Return parameters as an address has them."""
    return {name.rstrip("_"): str(value) for name, value in query.items() if value is not None}
