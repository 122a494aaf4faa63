"""The routes of the API, a file a subject."""

from fastapi import APIRouter

from dashboard.api.routes import monitor, quotes, streams

ROUTERS: tuple[APIRouter, ...] = (
    monitor.router,  # first: it is asked most often
    quotes.router,
    streams.router,
)
