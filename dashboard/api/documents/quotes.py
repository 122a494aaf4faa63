"""What was last told of instruments, as documents."""

from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.api.roll import Roll
from dashboard.core.clock import SECOND_NS, from_seconds
from dashboard.core.market import Floats, Ints
from dashboard.pipeline.quotes import Quotes
from dashboard.pipeline.state import CROSSED, GOOD, WIDE

FLAGS = {GOOD: "good", CROSSED: "crossed", WIDE: "wide"}
DIGITS = 4  # of a change: more of them are a float's noise
FIELDS = (
    "symbol",
    "token",
    "ltp",
    "bid",
    "ask",
    "volume",
    "oi",
    "average_price",
    "open",
    "high",
    "low",
    "previous_close",
    "change",
    "change_percent",
    "time",
    "age_s",
    "flag",
)


def quotes_document(quotes: Quotes, roll: Roll, at: Ints, now_ns: int) -> list[dict[str, Any]]:
    """Return the quotes of some rows, in their order; NaN and None are unknown.

    Parameters
    ----------
    quotes : Quotes
        Of one snapshot.
    roll : Roll
        Of the same universe.
    at : array of int, shape (n,)
        Rows of the universe.
    now_ns : int
        The desk's own time, from which ages count.
    """
    return [dict(zip(FIELDS, row, strict=True)) for row in quote_cells(quotes, roll, at, now_ns)]


def quote_cells(quotes: Quotes, roll: Roll, at: Ints, now_ns: int) -> list[tuple[Any, ...]]:
    """Return the same as plain tuples, in the order of `FIELDS`."""
    rows = quotes.rows[at]
    ltp = rows["last_price"]
    told = rows["previous_close"]
    before = np.where(np.isfinite(told), told, roll.previous_close[at])
    bid, ask = (np.where(rows[name] > 0, rows[name], np.nan) for name in ("bid", "ask"))
    change = ltp - before
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 * change / before
    places = at.tolist()
    columns = (
        [roll.symbols[row] for row in places],
        [roll.tokens[row] for row in places],
        ltp.tolist(),
        bid.tolist(),
        ask.tolist(),
        *(rows[name].tolist() for name in ("volume", "oi", "average_price")),
        *(rows[f"day_{name}"].tolist() for name in ("open", "high", "low")),
        before.tolist(),
        np.round(change, DIGITS).tolist(),
        np.round(percent, DIGITS).tolist(),
        _times(rows["newest"]),
        _ages_s(rows["received_ns"], now_ns).tolist(),
        _flags(rows["quote_flag"], np.isfinite(bid) & np.isfinite(ask)),
    )
    return list(zip(*columns, strict=True))


def _times(seconds: Ints) -> list[str | None]:
    """Return exchange times as ISO texts in IST, None where nothing came."""
    found, places = np.unique(seconds, return_inverse=True)
    words = [from_seconds(each).isoformat() if each > 0 else None for each in found.tolist()]
    return [words[place] for place in places.tolist()]


def _ages_s(received_ns: Ints, now_ns: int) -> Floats:
    ages = np.maximum(now_ns - received_ns, 0) / SECOND_NS
    found: Floats = np.where(received_ns > 0, np.round(ages, 3), np.nan)
    return found


def _flags(codes: Ints, quoted: npt.NDArray[np.bool_]) -> list[str | None]:
    """Return what hygiene found of each quote; None where there are not two sides."""
    pairs = zip(codes.tolist(), quoted.tolist(), strict=True)
    return [FLAGS.get(code) if both else None for code, both in pairs]
