"""What the API says of itself: refusals, tags, and how to sign in."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dashboard.api.problems import ProblemDocument

DESCRIPTION = """\
Everything that the page knows, for programs.

Show who you are with `Authorization: Bearer TOKEN` of `/v1/auth/login`, or with
`X-API-Key: KEY` of your account. Every time carries +05:30, prices are in INR, volume and
open interest in units, volatilities in percent. Unknown is null, never 0. Answers with market
content say in `desk` which desk they are of, whether it is live, and its own time.
"""
TAGS = {
    "health": "Whether Tezi answers, and what it depends on.",
    "auth": "Signing in, tokens and API keys.",
    "market": "Calendar, instruments and quotes.",
    "monitor": "An underlying and its options together.",
    "bars": "Open, high, low, close, volume and open interest of intervals.",
    "chain": "One expiry by strike, with volatilities and greeks.",
    "days": "What is stored.",
    "export": "Stored days as CSV, Parquet or Arrow.",
    "signals": "What the sections say, and have said.",
    "indicators": "Indicators of any instrument's bars.",
    "replay": "Desks of your own on stored days.",
    "stream": "What is sent over sockets.",
}


def install(app: FastAPI) -> None:
    """Let `app` describe its refusals too, which no route returns as a model."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            used = {str(tag) for route in app.routes for tag in getattr(route, "tags", ())}
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=DESCRIPTION,
                routes=app.routes,
                tags=[{"name": n, "description": d} for n, d in TAGS.items() if n in used],
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way of doing it
