"""What went wrong, as ``application/problem+json`` (RFC 9457).

``detail`` says what, where and what to do; ``where`` names the parameter or field. Nothing
that was sent is repeated in full, and nothing of a secret at all.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from dashboard.core.errors import (
    AuthError,
    CalendarError,
    InputError,
    StoreError,
    StoreLockedError,
    TeziError,
    TooManyTriesError,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_PROBLEMS = 20  # of one request
TITLES = {
    400: "The request cannot be used",
    401: "Sign in",
    403: "Not allowed",
    404: "Not found",
    405: "Not a method of this address",
    406: "Not to be had in this form",
    409: "Not possible now",
    413: "Too large",
    415: "Not a form that is read here",
    422: "The request cannot be used",
    429: "Too many requests",
    500: "Tezi could not answer",
    503: "Not ready",
}


class ProblemDocument(BaseModel):
    """What every refused request is answered with."""

    type: str = Field("about:blank", description="always about:blank: the status is the kind")
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["No instrument NIFTY26XYZFUT on 2026-11-30"])
    instance: str = Field(description="path of the request", examples=["/v1/bars"])
    where: str | None = Field(None, description="parameter or field", examples=["instrument"])


class Problem(Exception):  # noqa: N818 - the name that the RFC gives it
    """Refuse a request with a status and a sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        where: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.where = status, detail, where
        self.headers = dict(headers or {})


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route says in OpenAPI of its refusals."""
    return {
        status: {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }


def problem_of(error: Exception) -> Problem:
    """Return the refusal that one of our exceptions means."""
    text = str(error)
    if isinstance(error, Problem):
        return error
    if isinstance(error, TooManyTriesError):
        return Problem(429, text, headers={"Retry-After": str(error.wait_s)})
    if isinstance(error, AuthError):
        return Problem(401, text, headers={"WWW-Authenticate": "Bearer"})
    if isinstance(error, InputError):
        return Problem(422, text)
    if isinstance(error, CalendarError):
        return Problem(404, text)
    if isinstance(error, StoreLockedError):
        return Problem(503, text, headers={"Retry-After": "1"})
    if isinstance(error, StoreError):
        return Problem(404, text)
    return Problem(500, text if isinstance(error, TeziError) else "The log says why.")


def reply(request: Request, problem: Problem) -> JSONResponse:
    """Return the refusal as an answer."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Refused"),
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
    }
    if problem.where:
        document["where"] = problem.where
    return JSONResponse(document, problem.status, problem.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    async def of_ours(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status >= 500:
            log.error("request failed", path=request.url.path, exc_info=error)
        return reply(request, problem)

    async def of_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        status = 422 if error.status_code == 400 else error.status_code  # bytes that are no text
        detail = error.detail if isinstance(error.detail, str) else TITLES.get(status)
        return reply(request, Problem(status, detail or "Refused", headers=error.headers))

    async def of_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = error.errors()[:MOST_PROBLEMS]
        wheres = [".".join(str(part) for part in each["loc"][1:]) for each in found]
        sentences = [
            f"{where or 'body'}: {each['msg']}" for where, each in zip(wheres, found, strict=True)
        ]
        return reply(request, Problem(422, "; ".join(sentences), where=wheres[0] or None))

    for kind in (Problem, TeziError, Exception):
        app.add_exception_handler(kind, of_ours)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_validation)
