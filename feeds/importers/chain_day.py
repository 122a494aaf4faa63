"""One day of chain snapshots as ticks: every contract that a snapshot shows, at its time.

NSE's pages count open interest and volume in contracts (lots), Kite and the exchange's daily
files in units. Ticks carry units. Which of the two a file has is told by its numbers: if all
of them are multiples of their lot, they are units already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, from_seconds, to_ns
from dashboard.core.errors import CalendarError, ImportFileError, SymbolError
from dashboard.core.market import DEPTH_DTYPE, INDICES, Instrument, Ints, Segment
from feeds.importers.chain_rows import ABSENT, AMOUNTS, KINDS, PAISE
from feeds.importers.framing import FULL_PACKET, INDEX_PACKET, Ticks
from feeds.importers.gather import day_numbers, day_of
from feeds.importers.names import make_option, with_own_tokens
from feeds.importers.once import leave_out, once
from feeds.importers.reading import Rows
from feeds.importers.report import Tally

ENOUGH = 30  # numbers that all divide by their lot are no chance
HIGHEST = 2**32 - 1  # units that a packet can carry
WHOLE_UNITS = 1e-6  # further from a whole number of units is a fraction, no error of arithmetic
_SHORT_S = 45  # cadences below are told in seconds


@dataclass(frozen=True, slots=True)
class DayChain:
    """Snapshots of one day; `rows` by contract and time, amounts in units (ABSENT if none).

    `starts_late` says that the first snapshot came after the open: how much of its volume
    was traded before is then not known.
    """

    day: date
    rows: Rows
    instruments: list[Instrument]
    cadence: str
    first_s: int
    starts_late: bool


def clean_day(
    day: date,
    rows: Rows,
    underlyings: Sequence[str],
    lots: str | None,
    calendar: Calendar,
    tally: Tally,
) -> DayChain:
    """Return what of a day's rows is kept, and count what is not.

    Raises
    ------
    CalendarError
        If the calendar does not cover the day.
    ImportFileError
        If the market was closed, or no row of the day can be kept.
    """
    session = calendar.session(day, Segment.FNO)
    if not session.is_open:
        raise ImportFileError(_closed(day, rows, session.name or f"{day:%A}"))
    stale = day_numbers(rows["stamp"]) != day_numbers(rows["time"])
    leave_out(tally, "still showing another day", rows[stale])
    rows = rows[~stale]
    rows["time"] = rows["stamp"]
    opened, closed = (to_ns(at) // SECOND_NS for at in (session.open, session.close))
    inside = (rows["time"] >= opened) & (rows["time"] <= closed)  # what stood at the close counts
    leave_out(tally, "outside trading hours", rows[~inside])
    rows = rows[inside]
    untraded = rows["price"] == 0
    leave_out(tally, "no last price, as nothing has traded", rows[untraded])
    rows, instruments = _named(rows[~untraded], underlyings, tally)
    rows = once(rows[np.lexsort((rows["time"], rows["who"]))], (*PAISE, *AMOUNTS), tally)
    rows = _in_units(rows, instruments, lots, tally)
    if not len(rows):
        raise ImportFileError(f"{day} has no snapshot in trading hours that can be kept")
    rows, instruments = _present(rows, instruments)
    times = np.unique(rows["time"])
    first = int(times[0])
    starts = np.searchsorted(rows["who"].copy(), np.arange(len(instruments))).tolist()
    instruments = [
        replace(instrument, previous_oi=_previous_oi(rows[at]))
        for instrument, at in zip(instruments, starts, strict=True)
    ]
    return DayChain(day, rows, instruments, _cadence(times), first, first > opened)


def chain_ticks(chain: DayChain, spots: Sequence[Instrument] = ()) -> Ticks:
    """Return the ticks of a day's snapshots, ordered by time.

    The day's open, high and low and the average price are not in the file: their fields are
    0. The last trade is placed at the first snapshot that shows its volume, the earliest
    time at which it is known; a contract's first snapshot stands for itself.

    Parameters
    ----------
    spots : sequence of Instrument
        Indices whose ticks are made from the spot column.
    """
    rows = chain.rows
    token = np.array([i.token for i in chain.instruments], dtype=np.int64)[rows["who"]]
    zero = np.zeros(len(rows))
    ticks = Ticks(
        time=rows["time"],
        token=token,
        length=np.full(len(rows), FULL_PACKET, dtype=np.uint8),
        price=rows["price"] / 100,
        day_volume=np.maximum(rows["volume"], 0),
        oi=np.maximum(rows["oi"], 0),
        open=zero,
        high=zero,
        low=zero,
        last_trade_time=_traded(rows),
        depth=_depth(rows),
    )
    return by_time([ticks, *(_spot_ticks(chain, spot) for spot in spots)])


def spot_indices(chain: DayChain, underlyings: Sequence[str]) -> list[Instrument]:
    """Return the indices whose price the snapshots carry."""
    told = np.unique(chain.rows["underlying"][chain.rows["spot"] > 0]).tolist()
    return [INDICES[underlyings[at]] for at in told]


def by_time(parts: Sequence[Ticks]) -> Ticks:
    """Return several columns of ticks as one, ordered by time and token."""
    order = np.lexsort(
        (np.concatenate([p.token for p in parts]), np.concatenate([p.time for p in parts]))
    )
    joined = {}
    for name in Ticks.__slots__:
        columns = [getattr(part, name) for part in parts]
        joined[name] = np.concatenate(columns)[order]
    joined["depth"] = joined["depth"].astype(DEPTH_DTYPE)  # joining turned its bytes round
    return Ticks(**joined)


# -- rows ------------------------------------------------------------------------------------


def _closed(day: date, rows: Rows, why: str) -> str:
    polls = len(np.unique(rows["time"]))
    stamps = np.unique(rows["stamp"])
    said = f"{day} had no trading ({why})"
    if day_of(int(day_numbers(stamps)[-1])) == day:
        return f"{said}: its {polls} snapshots are left out"
    return f"{said}: its {polls} polls all show {from_seconds(int(stamps[-1])):%Y-%m-%d %H:%M:%S}"


def _named(rows: Rows, underlyings: Sequence[str], tally: Tally) -> tuple[Rows, list[Instrument]]:
    """Give contracts their numbers; leave out those that the calendar does not know."""
    _, first, codes = np.unique(_keys(rows), return_index=True, return_inverse=True)
    found = [_instrument(row, underlyings) for row in rows[first]]
    known = [at for at, instrument in enumerate(found) if instrument is not None]
    position = np.full(len(found), -1, dtype=np.int32)
    position[known] = np.arange(len(known), dtype=np.int32)
    rows["who"] = position[codes]
    lost = rows["who"] < 0
    leave_out(tally, "no such contract was listed", rows[lost])
    return rows[~lost], with_own_tokens([i for i in found if i is not None])


def _present(rows: Rows, instruments: Sequence[Instrument]) -> tuple[Rows, list[Instrument]]:
    """Return the rows with only the contracts that still have some."""
    left, rows["who"] = np.unique(rows["who"], return_inverse=True)
    return rows, [instruments[who] for who in left.tolist()]


def _keys(rows: Rows) -> Ints:
    """Return a number for each row's contract: side, expiry and strike side by side."""
    side = rows["underlying"].astype(np.int64) * len(KINDS) + rows["kind"]
    return np.asarray(side << 50 | rows["expiry"].astype(np.int64) << 32 | rows["strike"])


def _instrument(row: np.void, underlyings: Sequence[str]) -> Instrument | None:
    underlying = underlyings[int(row["underlying"])]
    expiry, kind = day_of(int(row["expiry"])), KINDS[int(row["kind"])]
    try:
        return make_option(underlying, expiry, int(row["strike"]) / 100, kind)
    except (SymbolError, CalendarError):
        return None


def _in_units(
    rows: Rows, instruments: Sequence[Instrument], lots: str | None, tally: Tally
) -> Rows:
    lot = np.array([i.lot for i in instruments], dtype=np.float64)[rows["who"]]
    if lots is None:
        lots = "units" if _are_units(rows, lot) else "contracts"
    if lots == "units":
        tally.note("Volume and open interest are in units")
    else:
        sizes = " and ".join(f"{size:.0f}" for size in np.unique(lot))
        tally.note(f"Volume and open interest are in contracts: multiplied by {sizes}")
        for name in ("volume", "oi", "oi_change"):
            told = rows[name] != ABSENT
            rows[name][told] *= lot[told]
    _whole_units(rows, tally)
    large = (rows["volume"] > HIGHEST) | (rows["oi"] > HIGHEST)
    leave_out(tally, "volume or open interest too large for a packet", rows[large])
    return np.asarray(rows[~large])


def _whole_units(rows: Rows, tally: Tally) -> None:
    """Round what is told to units, and count what had a fraction of one."""
    for name in ("volume", "oi", "oi_change"):
        whole = np.rint(rows[name])  # ABSENT stays as it is
        tally.broken += int((np.abs(rows[name] - whole) > WHOLE_UNITS).sum())
        rows[name] = whole


def _are_units(rows: Rows, lot: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    told = (rows["oi"] > 0) & (lot > 1)
    rest = rows["oi"][told] % lot[told]
    return len(rest) >= ENOUGH and not rest.any()


def _previous_oi(first: np.void) -> float | None:
    """Return yesterday's OI as a contract's first snapshot implies it."""
    oi, change = float(first["oi"]), float(first["oi_change"])
    if oi == ABSENT or change == ABSENT or oi < change:
        return None
    return oi - change


def _cadence(times: Ints) -> str:
    if len(times) == 1:
        return "chain once"
    step = float(np.median(np.diff(times)))
    return f"chain {step:.0f}s" if step < _SHORT_S else f"chain {round(step / MINUTE_S)}m"


# -- ticks -----------------------------------------------------------------------------------


def _traded(rows: Rows) -> Ints:
    first = np.diff(rows["who"], prepend=-1) != 0
    grew = first | (np.diff(rows["volume"], prepend=0) > 0)
    source = np.maximum.accumulate(np.where(grew, np.arange(len(rows)), 0))
    return np.asarray(rows["time"][source])


def _depth(rows: Rows) -> np.ndarray[tuple[int, int], np.dtype[np.void]]:
    depth = np.zeros((len(rows), 10), dtype=DEPTH_DTYPE)
    for place, side in ((0, "bid"), (5, "ask")):
        quantity = np.clip(rows[f"{side}_quantity"], 0, HIGHEST)
        quoted = rows[side] > 0
        depth["price"][:, place] = np.where(quoted, rows[side], 0)
        depth["quantity"][:, place] = np.where(quoted, quantity, 0)
    return depth


def _spot_ticks(chain: DayChain, index: Instrument) -> Ticks:
    """Return one tick of the index a snapshot, with the day's extremes so far."""
    own = [i.underlying == index.underlying for i in chain.instruments]
    rows = chain.rows[np.array(own)[chain.rows["who"]] & (chain.rows["spot"] > 0)]
    times, first = np.unique(rows["time"], return_index=True)
    price = rows["spot"][first] / 100
    zero = np.zeros(len(times))
    return Ticks(
        time=times,
        token=np.full(len(times), index.token, dtype=np.int64),
        length=np.full(len(times), INDEX_PACKET, dtype=np.uint8),
        price=price,
        day_volume=zero,
        oi=zero,
        open=np.full(len(times), price[0]),
        high=np.maximum.accumulate(price),
        low=np.minimum.accumulate(price),
        last_trade_time=zero.astype(np.int64),
        depth=np.zeros((len(times), 10), dtype=DEPTH_DTYPE),
    )
