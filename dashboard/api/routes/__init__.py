"""The routes of the API, a file a subject."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
