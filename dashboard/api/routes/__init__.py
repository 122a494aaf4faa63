"""The routes of the API, a file a subject."""

from fastapi import APIRouter

from dashboard.api.routes import streams

ROUTERS: tuple[APIRouter, ...] = (streams.router,)
