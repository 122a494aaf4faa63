"""Put the API together: routes, errors, compression, documentation without foreign hosts."""

from collections.abc import Iterable
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware

from dashboard.api import callers, metrics, openapi, problems
from dashboard.api.bodies import SmallBodies
from dashboard.api.parts import ApiParts
from dashboard.api.routes import ROUTERS

TITLE = "Tezi"
SUMMARY = "Evidence of NIFTY, BANKNIFTY and SENSEX: bars, chains, eighteen signal sections."
SMALLEST = 700  # bytes that are worth compressing


def make_app(
    parts: ApiParts, *, routers: Iterable[APIRouter] = ROUTERS, origins: Iterable[str] = ()
) -> FastAPI:
    """Return the API of a process.

    `origins` are those of pages that may call it with their cookie.
    """
    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=version("tezi"),
        docs_url=None,  # their pages load from other hosts
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    allowed = frozenset(origins)
    callers.install(app, parts, allowed)
    problems.install(app)
    openapi.install(app)
    metrics.install(app, parts)
    for router in routers:
        app.include_router(router)
    app.add_middleware(CompressMiddleware, minimum_size=SMALLEST, brotli=False)
    app.add_middleware(SmallBodies)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=sorted(allowed),
        allow_credentials=True,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "X-API-Key", "Content-Type", "If-None-Match"],
        expose_headers=["ETag", "Retry-After", "Link"],
    )
    return app
