"""The routes of the API, a file a subject."""

from fastapi import APIRouter

from dashboard.api.routes import (
    bars,
    chain,
    days,
    docs,
    export,
    health,
    market,
    metrics,
    monitor,
    quotes,
    streams,
)

ROUTERS: tuple[APIRouter, ...] = (
    monitor.router,  # first: it is asked most often
    quotes.router,
    bars.router,
    chain.router,
    market.router,
    days.router,
    export.router,
    health.router,
    metrics.router,
    docs.router,
    streams.router,
)
