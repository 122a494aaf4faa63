"""``/v1/market/quotes``: what was last told of instruments."""

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from dashboard.api.callers import Parts
from dashboard.api.documents.quotes import quotes_document
from dashboard.api.envelope import envelope
from dashboard.api.finding import unknown
from dashboard.api.models.quotes import Quotes
from dashboard.api.on_desk import REFUSALS, UNCHANGED, TheDesk, latest
from dashboard.api.problems import Problem
from dashboard.api.replies import answer
from dashboard.api.roll import Roll
from dashboard.core.clock import to_ns
from dashboard.core.market import Ints

router = APIRouter(prefix="/v1/market", tags=["market"])

MOST = 500
LONGEST = 40 * MOST  # characters of a list
KINDS = Literal["INDEX", "EQ", "FUT", "CE", "PE"]
ONE_WAY = "Say which instruments: symbols, tokens, or an underlying, and only one of them"

Names = Annotated[
    str | None,
    Query(
        max_length=LONGEST,
        description=f"Symbols, separated by commas; at most {MOST}.",
        examples=["NIFTY 50,NIFTY BANK"],
    ),
]
Tokens = Annotated[
    str | None,
    Query(
        max_length=LONGEST,
        pattern=r"^[0-9]{1,12}(,[0-9]{1,12})*$",
        description=f"Tokens, separated by commas; at most {MOST}.",
        examples=["256265,260105"],
    ),
]
OfUnderlying = Annotated[
    str | None,
    Query(max_length=40, description="Everything on an underlying.", examples=["NIFTY"]),
]
OfKind = Annotated[
    KINDS | None, Query(description="With `underlying`: of this kind only.", examples=["FUT"])
]


@router.get(
    "/quotes",
    operation_id="market_quotes",
    summary="Quotes of instruments",
    responses={200: {"model": Quotes}, **UNCHANGED, **REFUSALS},
)
async def quotes(
    request: Request,
    parts: Parts,
    on: TheDesk,
    symbols: Names = None,
    tokens: Tokens = None,
    underlying: OfUnderlying = None,
    kind: OfKind = None,
) -> Response:
    """Return the last quotes of up to 500 instruments, in the order asked for."""
    if [symbols, tokens, underlying].count(None) != 2:
        raise Problem(422, ONE_WAY, "symbols")
    snapshot = await latest(parts, on.desk)
    if snapshot.quotes is None:
        raise Problem(503, f"The desk of {snapshot.day} failed: {snapshot.error}")
    roll = parts.rolls.of(snapshot.quotes.universe)
    if underlying is not None:
        at = _of_underlying(roll, underlying, kind)
    elif kind is not None:
        raise Problem(422, "A kind goes with an underlying", "kind")
    elif tokens is not None:
        at = _named(roll, tokens.split(","), "tokens")
    else:
        at = _named(roll, (each.strip() for each in (symbols or "").split(",")), "symbols")
    found = quotes_document(snapshot.quotes, roll, at, to_ns(snapshot.at))
    return answer(request, {"desk": envelope(on.id, snapshot), "quotes": found})


def _named(roll: Roll, names: Iterable[str], where: str) -> Ints:
    wanted = list(dict.fromkeys(names))
    if len(wanted) > MOST:
        raise Problem(422, f"{len(wanted)} instruments at once: at most {MOST}", where)
    rows = [roll.row(name) for name in wanted]
    for name, row in zip(wanted, rows, strict=True):
        if row is None:
            raise unknown(name, roll.near(name), where)
    return np.array(rows, dtype=np.int64)


def _of_underlying(roll: Roll, underlying: str, kind: str | None) -> Ints:
    wanted = underlying.strip().upper()
    all_of_it = [
        (row, one)
        for row, one in enumerate(roll.universe.instruments)
        if one.underlying.upper() == wanted
    ]
    if not all_of_it:
        known = sorted({one.underlying for one in roll.universe.instruments})
        raise Problem(404, f"This desk has nothing on it; it has {', '.join(known)}", "underlying")
    found = [row for row, one in all_of_it if kind is None or one.kind == kind]
    if len(found) > MOST:
        raise Problem(422, f"{len(found)} instruments at once: at most {MOST}", "underlying")
    return np.array(found, dtype=np.int64)
