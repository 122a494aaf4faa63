"""The routes of the API, a file a subject."""

from fastapi import APIRouter

from dashboard.api.routes import (
    auth,
    bars,
    chain,
    days,
    docs,
    export,
    health,
    indicators,
    market,
    metrics,
    monitor,
    quotes,
    replay,
    signals,
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
    auth.router,
    signals.router,
    indicators.router,
    replay.router,
    docs.router,
    streams.router,
)
