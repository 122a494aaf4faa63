"""``/v1/chain``: one expiry by strike, with volatilities and greeks."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dashboard.api.callers import Parts
from dashboard.api.documents.chain import chain_document
from dashboard.api.models.chain import Chain
from dashboard.api.on_desk import REFUSALS, UNCHANGED, TheDesk, latest
from dashboard.api.problems import Problem
from dashboard.api.replies import answer, dumps
from dashboard.api.underlyings import Underlying
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot

router = APIRouter(prefix="/v1", tags=["chain"])

TIMEFRAME = "5m"  # an interest has one; the option desk does not look at it


@router.get(
    "/chain",
    operation_id="chain",
    summary="The option chain of one expiry",
    responses={200: {"model": Chain}, **UNCHANGED, **REFUSALS},
)
async def chain(
    request: Request,
    parts: Parts,
    on: TheDesk,
    underlying: Annotated[Underlying, Query(description="Whose.", examples=["NIFTY"])],
    expiry: Annotated[
        date | None, Query(description="Absent: the nearest.", examples=["2026-12-08"])
    ] = None,
) -> Response:
    """Return one expiry as it stands: quotes, volatilities, greeks, and what sums them up."""
    chosen = _chosen(await latest(parts, on.desk), underlying, expiry)
    key = underlying, chosen
    interest = Interest(underlying, TIMEFRAME, options=True, expiry=chosen)
    snapshot = await parts.looking.see(on.desk, interest, lambda one: key in one.options)
    subject = f"chain:{underlying}:{chosen}"
    body = parts.prepared.find(on.desk.hub, subject, snapshot.seq)
    if body is None:
        raw = dumps(chain_document(on.id, snapshot, snapshot.options[key]))
        body = parts.prepared.keep(on.desk.hub, subject, snapshot.seq, raw)
    return answer(request, body.raw, etag=body.tag)


def _chosen(snapshot: Snapshot, underlying: str, expiry: date | None) -> date | None:
    """Return the expiry to look at, None for the nearest; refuse one that is not there."""
    if snapshot.quotes is None:
        raise Problem(503, f"The desk of {snapshot.day} failed: {snapshot.error}")
    expiries = snapshot.quotes.universe.expiries(underlying, snapshot.day)
    if not expiries:
        raise Problem(404, f"No {underlying} options on this desk", "underlying")
    if expiry is not None and expiry not in expiries:
        known = ", ".join(map(str, expiries))
        raise Problem(404, f"No options of that expiry on this desk; it has {known}", "expiry")
    return None if expiry == expiries[0] else expiry
