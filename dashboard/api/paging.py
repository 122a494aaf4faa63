"""Long lists page by page: a cursor that only the next page's request is answered with.

A cursor names the last item that was told. It carries a digest of itself and of what was
asked, so that a changed one, or one of another list, is refused instead of misread.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, Query, Request

from dashboard.api.problems import Problem

LIMIT, MOST = 100, 1000
DIGEST_BYTES = 9
NOT_OF_QUESTION = ("cursor", "limit")
CHANGED = "This cursor is not of this list as it is asked now: begin again without one"

Place = TypeVar("Place", int, str)
Limit = Annotated[
    int, Query(ge=1, le=MOST, description="Items on a page at most.", examples=[LIMIT])
]
Cursor = Annotated[
    str | None,
    Query(
        max_length=300,
        description="`next` of the page before; empty or absent for the first page.",
        examples=[""],
    ),
]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for, and of what."""

    path: str
    question: tuple[tuple[str, str], ...]
    limit: int
    cursor: str | None

    def after(self, kind: type[Place]) -> Place | None:
        """Return the place after which the page begins, None for the first page.

        Raises
        ------
        Problem
            422 where the cursor was changed or is of something else.
        """
        if not self.cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.cursor.encode("ascii"))
            digest, payload = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
            place = orjson.loads(payload)
        except (ValueError, binascii.Error) as error:
            raise Problem(422, CHANGED, "cursor") from error
        if digest != self._digest(payload) or type(place) is not kind:
            raise Problem(422, CHANGED, "cursor")
        return place

    def document(
        self, items: Sequence[Any], last: int | str | None, **more: Any
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return a page and its headers. `last` is the place to go on after, None at the end."""
        if last is None:
            return {**more, "items": items, "next": None}, {}
        payload = orjson.dumps(last)
        cursor = base64.urlsafe_b64encode(self._digest(payload) + payload).decode("ascii")
        asked = [*self.question, ("limit", str(self.limit)), ("cursor", cursor)]
        link = f'<{quote(self.path)}?{urlencode(asked)}>; rel="next"'
        return {**more, "items": items, "next": cursor}, {"Link": link}

    def _digest(self, payload: bytes) -> bytes:
        asked = f"{self.path}?{urlencode(sorted(self.question))}".encode()
        return hashlib.blake2b(payload, digest_size=DIGEST_BYTES, key=_key(asked)).digest()


def paging(request: Request, limit: Limit = LIMIT, cursor: Cursor = None) -> Paging:
    """Return which page a request asks for."""
    items = request.query_params.multi_items()
    question = tuple(item for item in items if item[0] not in NOT_OF_QUESTION)
    return Paging(request.url.path, question, limit, cursor)


def _key(asked: bytes) -> bytes:
    return hashlib.blake2b(asked, digest_size=32).digest()


Page = Annotated[Paging, Depends(paging)]
