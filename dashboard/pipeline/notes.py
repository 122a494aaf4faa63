"""What Tezi itself puts on a tape: historical candles for minutes that were not received.

A note is a frame on the connection `NOTES`, in the order of arrival like every other. So a
replay learns of a filled hole when the live desk did, and not before.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from dashboard.core.errors import TapeError
from dashboard.core.market import NOTES, BarFlag, Frame
from dashboard.core.ports import BAR_DTYPE

BACKFILL = "backfill"
FIELDS = ("token", "start", "open", "high", "low", "close", "volume", "oi")


def backfill_note(bars: npt.NDArray[np.void], received_ns: int) -> Frame:
    """Return the note of historical candles.

    Parameters
    ----------
    bars : array of BAR_DTYPE
        One-minute bars; of their columns those of `FIELDS` are kept.
    """
    rows = [[_plain(row[name].item()) for name in FIELDS] for row in bars]
    payload = orjson.dumps({"tezi": BACKFILL, "fields": FIELDS, "bars": rows})
    return Frame(received_ns, NOTES, payload)


def read_backfill(payload: bytes) -> npt.NDArray[np.void]:
    """Return the candles of a note, flagged as backfilled; no ticks are counted in them.

    Raises
    ------
    TapeError
        If it is no such note.
    """
    try:
        note = orjson.loads(payload)
        kind, fields, rows = note["tezi"], note["fields"], note["bars"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise TapeError(f"A note on the tape cannot be read: {error}") from error
    if kind != BACKFILL or tuple(fields) != FIELDS:
        raise TapeError(f"A note of kind {kind!r} is on the tape: a newer Tezi wrote it")
    bars = np.empty(len(rows), dtype=BAR_DTYPE)
    for place, name in enumerate(FIELDS):
        bars[name] = [np.nan if row[place] is None else row[place] for row in rows]
    bars["average_price"], bars["n"], bars["flags"] = np.nan, 0, BarFlag.BACKFILLED
    return bars


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
