"""``/metrics``: what Prometheus reads."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from dashboard.api.callers import Reader
from dashboard.api.problems import problems
from dashboard.api.replies import NO_STORE

router = APIRouter(tags=["health"])

EXAMPLE = "# HELP tezi_ticks_total Ticks of the shared desk's day\ntezi_ticks_total 81234.0\n"


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counters and ages, for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}},
        },
        **problems(401, 403, 429),
    },
)
def metrics(request: Request, _identity: Reader) -> Response:
    """Return ticks, messages, what hygiene caught, ages of every step, and requests."""
    text = generate_latest(request.app.state.metrics)
    return Response(text, headers={**NO_STORE, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
