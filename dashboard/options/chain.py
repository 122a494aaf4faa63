"""The option chain of one underlying and expiry, minute by minute.

A `ChainSnapshot` is the chain as it stood when one bar closed. Sections read many of them
as one wide DataFrame, the *chain frame*:

- index: bar start, Asia/Kolkata, increasing;
- columns: a sorted MultiIndex ``(field, kind, strike)`` with kind CE or PE and strike in
  INR. Fields: ``oi`` [units], ``volume`` [units, the session's running total] and ``ltp``
  [INR]; ``previous_oi`` [units], at the previous session's close, only where it was given;
  then ``("spot", "", 0.0)`` [INR] and ``("oi_age_s", "", 0.0)`` [seconds since an OI of the
  chain last changed];
- every field has every strike on both sides; NaN says that it is not known.
"""

import struct
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import AnyBars, Bars, starts_s
from dashboard.core.clock import IST, bar_index
from dashboard.core.errors import InputError
from dashboard.core.market import Floats, Ints
from dashboard.core.table import Columns, Starts

FIELDS = ("ltp", "oi", "volume")
KINDS = ("CE", "PE")
GIVEN_FIELDS = ("previous_oi",)  # no part of a snapshot: the same all day
HEADER = ("oi_age_s", "spot")

CHAIN_DTYPE = np.dtype(
    [
        ("strike", "<f8"),  # INR
        ("call_oi", "<f8"),  # units; NaN in any field says unknown
        ("call_volume", "<f8"),  # units since the session began
        ("call_ltp", "<f8"),  # INR
        ("put_oi", "<f8"),
        ("put_volume", "<f8"),
        ("put_ltp", "<f8"),
    ]
)
_SIDES = [f"{side}_{field}" for field in FIELDS for side in ("call", "put")]

_MAGIC = b"TZC1"
_HEAD = struct.Struct("<4sqdd")  # magic, start, spot, OI age


@dataclass(frozen=True, slots=True, eq=False)
class ChainSnapshot:
    """The chain as it stood when the bar that began at `start` closed.

    `start` is in seconds since the epoch, `spot` in INR, `oi_age_s` in seconds; NaN is
    unknown. `rows` has CHAIN_DTYPE, one row a strike.
    """

    start: int
    spot: float
    oi_age_s: float
    rows: npt.NDArray[np.void]

    def to_bytes(self) -> bytes:
        """Return the snapshot as `from_bytes` reads it, the same bytes on every host."""
        head = _HEAD.pack(_MAGIC, self.start, self.spot, self.oi_age_s)
        return head + np.ascontiguousarray(self.rows, CHAIN_DTYPE).tobytes()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Return the snapshot that `to_bytes` wrote.

        Raises
        ------
        InputError
            If the bytes are not a snapshot, or not a whole one.
        """
        body = len(payload) - _HEAD.size
        if body < 0 or body % CHAIN_DTYPE.itemsize or payload[:4] != _MAGIC:
            raise InputError(f"{len(payload)} bytes are no whole chain snapshot: prepare the day")
        _, start, spot, age = _HEAD.unpack_from(payload)
        return cls(start, spot, age, np.frombuffer(payload, CHAIN_DTYPE, offset=_HEAD.size))


def chain_frame(snapshots: Sequence[ChainSnapshot]) -> pd.DataFrame:
    """Return the chain frame of snapshots that are in order of time.

    Strikes may differ from one to the next; the frame has all of them.
    """
    if not snapshots:
        return _frame(bar_index([]), np.empty(0), np.empty((0, len(_SIDES), 0)), np.empty((2, 0)))
    header = np.array([[s.oi_age_s for s in snapshots], [s.spot for s in snapshots]])
    index = bar_index([s.start for s in snapshots])
    strikes = snapshots[0].rows["strike"]
    if all(np.array_equal(s.rows["strike"], strikes) for s in snapshots[1:]):
        rows = np.stack([s.rows for s in snapshots])
        return _frame(index, strikes, np.stack([rows[name] for name in _SIDES], axis=1), header)
    rows = np.concatenate([s.rows for s in snapshots])
    bar = np.repeat(np.arange(len(snapshots)), [len(s.rows) for s in snapshots])
    strikes, at = np.unique(rows["strike"], return_inverse=True)
    cube = np.full((len(snapshots), len(_SIDES), len(strikes)), np.nan)
    for side, name in enumerate(_SIDES):
        cube[bar, side, at] = rows[name]
    return _frame(index, strikes, cube, header)


def from_long(long: pd.DataFrame) -> pd.DataFrame:
    """Return the chain frame of a plain table, as a notebook has it.

    Parameters
    ----------
    long : DataFrame
        One row per bar, strike and kind, indexed by bar start (any time zone, but one).
        Columns ``strike`` [INR], ``kind`` (CE or PE) and ``oi`` [units]; ``volume``
        [units, running total], ``ltp`` [INR], ``previous_oi`` [units], ``spot`` [INR] and
        ``oi_age_s`` if known.

    Raises
    ------
    InputError
        If a column or the time zone is missing, a kind is neither CE nor PE, a strike is
        not a number, or a bar has the same contract twice.
    """
    _check_long(long)
    starts = pd.DatetimeIndex(long.index).tz_convert(IST)
    index = starts.unique().sort_values().rename("start")
    bar = index.get_indexer(starts)
    strikes, at = np.unique(long["strike"].to_numpy(np.float64), return_inverse=True)
    put = (long["kind"] == "PE").to_numpy(np.int64)
    fields = (*FIELDS, *(name for name in GIVEN_FIELDS if name in long))
    cube = np.full((len(index), len(fields) * len(KINDS), len(strikes)), np.nan)
    for place, name in enumerate(fields):
        if name in long:
            cube[bar, place * 2 + put, at] = long[name].to_numpy(np.float64, na_value=np.nan)
    header = np.full((len(HEADER), len(index)), np.nan)
    for place, name in enumerate(HEADER):
        if name in long:
            header[place, bar] = long[name].to_numpy(np.float64, na_value=np.nan)
    return _frame(index, strikes, cube, header, fields)


class ChainHistory(Columns):
    """The chain frame as arrays: what a desk hands to sections.

    `strikes` [INR], shape (k,), ascending; `sides` maps (field, kind) to values of shape
    (n, k), NaN where unknown. Its columns are those of the whole chain: ``spot`` [INR] and
    ``oi_age_s`` [seconds].
    """

    def __init__(
        self,
        starts: Ints | Starts,
        strikes: Floats,
        sides: Mapping[tuple[str, str], Floats],
        header: Mapping[str, Floats],
    ) -> None:
        super().__init__(starts, header)
        self.strikes = strikes
        self.sides = dict(sides)
        self.found: dict[Hashable, Any] = {}  # what readers found out of the last row

    def side(self, field: str, kind: str) -> Floats:
        """Return a field of the calls or the puts, shape (n, k), NaN if it is not carried."""
        found = self.sides.get((field, kind))
        return np.full((len(self), len(self.strikes)), np.nan) if found is None else found

    def header(self, field: str) -> Floats:
        """Return a column of the whole chain, NaN if it is not carried."""
        found = self.values.get(field)
        return np.full(len(self), np.nan) if found is None else found

    def carrying(self, field: str, call: Floats, put: Floats) -> "ChainHistory":
        """Return the same with one more field, shape (n, k), or (k,) where all rows share it."""
        shape = len(self), len(self.strikes)
        added = {(field, "CE"): call, (field, "PE"): put}
        sides = self.sides | {
            name: values if values.shape == shape else np.broadcast_to(values, shape)
            for name, values in added.items()
        }
        return ChainHistory(self.times, self.strikes, sides, self.values)

    def rows(self, first: int, stop: int | None = None) -> "ChainHistory":
        """Return the rows from `first` up to `stop`, as views."""
        part = slice(first, stop)
        return ChainHistory(
            self.starts[part],
            self.strikes,
            {name: values[part] for name, values in self.sides.items()},
            {name: values[part] for name, values in self.values.items()},
        )

    @property
    def frame(self) -> pd.DataFrame:
        """Return the chain frame."""
        carried = {field for field, _ in self.sides}
        fields = (*FIELDS, *(name for name in GIVEN_FIELDS if name in carried))
        cube = np.stack([self.side(field, kind) for field in fields for kind in KINDS], axis=1)
        head = np.stack([self.header(name) for name in HEADER])
        return _frame(bar_index(self.starts), self.strikes, cube, head, fields)


def widened(chain: Bars) -> Bars:
    """Return a plain table of a chain as its chain frame; anything else as it is."""
    if isinstance(chain, pd.DataFrame) and chain.columns.nlevels != 3:
        return from_long(chain)
    return chain


def chain_history(chain: AnyBars) -> ChainHistory:
    """Return a chain, however it was given, as arrays.

    Raises
    ------
    InputError
        If it is no chain.
    """
    if isinstance(chain, ChainHistory):
        return chain
    if isinstance(chain, Columns):
        raise InputError("These are bars, not a chain")
    frame = widened(chain)
    columns = frame.columns
    assert isinstance(columns, pd.MultiIndex)
    fields, kinds, prices = (columns.get_level_values(level).to_numpy() for level in range(3))
    options = np.isin(kinds, KINDS)
    strikes = np.unique(prices[options].astype(np.float64))
    values = frame.to_numpy(np.float64)
    sides = {}
    for field, kind in sorted(set(zip(fields[options], kinds[options], strict=True))):
        at = np.flatnonzero((fields == field) & (kinds == kind))
        block = np.full((len(frame), len(strikes)), np.nan)
        block[:, strikes.searchsorted(prices[at].astype(np.float64))] = values[:, at]
        sides[str(field), str(kind)] = block
    header = {str(fields[at]): values[:, at] for at in np.flatnonzero(~options)}
    return ChainHistory(starts_s(frame), strikes, sides, header)


def side(chain: pd.DataFrame, field: str, kind: str) -> pd.DataFrame:
    """Return one field of the calls or the puts: a column per strike, ascending [INR]."""
    columns = chain.columns
    wanted = (columns.get_level_values(0) == field) & (columns.get_level_values(1) == kind)
    found = chain.loc[:, wanted]
    return found.set_axis(found.columns.get_level_values(2), axis="columns")


def header(chain: pd.DataFrame, field: str) -> pd.Series:
    """Return ``spot`` [INR] or ``oi_age_s`` [seconds] of each bar."""
    return chain[(field, "", 0.0)].rename(field)


def _check_long(long: pd.DataFrame) -> None:
    """Refuse a table that cannot be read in one way only."""
    absent = [name for name in ("strike", "kind", "oi") if name not in long]
    if absent:
        raise InputError(f"A chain needs the columns strike, kind and oi: {absent} is missing")
    if not isinstance(long.index, pd.DatetimeIndex) or long.index.tz is None:
        raise InputError("Index the chain by bar start with a time zone: Asia/Kolkata")
    odd = set(long["kind"]) - set(KINDS)
    if odd:
        raise InputError(f"An option's kind is CE or PE, not {sorted(map(str, odd))[0]}")
    if long["strike"].isna().any():
        raise InputError("A row of the chain has no strike")
    twice = pd.MultiIndex.from_arrays([long.index, long["strike"], long["kind"]]).duplicated()
    if twice.any():
        row = long[twice].iloc[0]
        raise InputError(f"{row['strike']} {row['kind']} is there twice at {long.index[twice][0]}")


def _frame(
    index: pd.DatetimeIndex,
    strikes: Floats,
    cube: Floats,
    head: Floats,
    fields: tuple[str, ...] = FIELDS,
) -> pd.DataFrame:
    """Return the frame of (bars, sides, strikes) values and (2, bars) header values."""
    bars, sides, count = cube.shape
    columns, order = _columns(tuple(strikes.tolist()), fields)
    values = np.concatenate([cube.reshape(bars, sides * count), head.T], axis=1)
    return pd.DataFrame(values[:, order], index=index, columns=columns)


@lru_cache(maxsize=32)
def _columns(
    strikes: tuple[float, ...], fields: tuple[str, ...]
) -> tuple[pd.MultiIndex, list[int]]:
    """Return the sorted columns, and which value goes to each; strikes rarely change."""
    names = [(field, kind, k) for field in fields for kind in KINDS for k in strikes]
    names += [(name, "", 0.0) for name in HEADER]
    order = sorted(range(len(names)), key=names.__getitem__)
    titles = ["field", "kind", "strike"]
    return pd.MultiIndex.from_tuples([names[i] for i in order], names=titles), order
