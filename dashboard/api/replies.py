"""Answers as bytes: JSON that says null for unknown, and entity tags."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

JSON = "application/json"
OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
NO_STORE = {"Cache-Control": "no-store"}


def dumps(document: Any) -> bytes:
    """Return JSON; NaN and infinity become null, times keep their zone."""
    return orjson.dumps(document, option=OPTIONS)


def answer(
    request: Request,
    document: Any,
    *,
    etag: str | None = None,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return `document` (bytes are sent as they are), or 304 where it is known already.

    Without `etag` the tag is the digest of the body.
    """
    body = document if isinstance(document, bytes) else dumps(document)
    tag = f'"{etag or hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    told = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    told |= headers or {}
    if is_known(request, tag):
        return Response(status_code=304, headers=told)
    return Response(body, media_type=media_type, headers=told)


def is_known(request: Request, tag: str) -> bool:
    """Say whether the caller has what `tag` (with its quotes) names."""
    given = request.headers.get("if-none-match", "")
    return tag in {each.strip().removeprefix("W/") for each in given.split(",")}
