"""Read a Kite instruments dump: the day's authority on tokens, expiries, strikes and lots.

Source: the CSV of Kite Connect's instruments endpoint, one row a contract. The token is
``exchange_token << 8 | segment``; last_price is empty of meaning there and is ignored.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.dump import EXCHANGES, Table, read_table
from dashboard.core.errors import InputError
from dashboard.core.market import INDICES, Floats, Instrument, Kind
from dashboard.core.symbols import MONTH_CODES, MONTHS

NUMBERS = ("instrument_token", "exchange_token", "strike", "tick_size", "lot_size")
WHOLE = ("instrument_token", "exchange_token", "lot_size")
KINDS = ("EQ", "FUT", "CE", "PE")
DERIVATIVES = ("NFO", "BFO")
SHOWN = 3  # offending lines named in a message

_UNDERLYING = {index.token: name for name, index in INDICES.items()}
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Dump:
    """What was taken of a dump, and what was wrong with the rest of it."""

    instruments: tuple[Instrument, ...]
    rows: int  # of the whole dump
    left_out: int  # rows with a fault that concern nothing we take
    faults: tuple[str, ...]  # of those: what it is, with the first lines


def read_instruments(
    source: Path | bytes, underlyings: Collection[str] | None = None
) -> list[Instrument]:
    """Return the instruments of a dump, in its order; see `read_dump`."""
    return list(read_dump(source, underlyings).instruments)


def read_dump(source: Path | bytes, underlyings: Collection[str] | None = None) -> Dump:
    """Return what a dump says of some underlyings, or of everything.

    Parameters
    ----------
    source : Path or bytes
        A CSV file or its content, gzipped or not, with the columns of `dump.COLUMNS`; further
        columns are ignored. Prices in INR, lots in units, expiries as ISO dates.
    underlyings : collection of str, optional
        Take the derivatives of these, and their indices, and nothing else.

    Returns
    -------
    Dump
        Rows of segment INDICES have kind INDEX; what Kite calls the name is the underlying
        of a contract, and an equity is its own.

    Raises
    ------
    InputError
        If it is no whole CSV of instruments, or a row that is taken cannot be true: a value
        that cannot be read, an unknown exchange, a token that appears twice or is not made
        of its exchange token; the message names the file's lines. With `underlyings`, rows
        of others are left out and counted instead.
    """
    table = read_table(source)
    text = table.text
    text["name"] = _names(text)
    ours = _ours(text, underlyings)
    faulty = np.zeros(len(text), dtype=np.bool_)
    faults = list(_refuse_ragged(table, underlyings))
    numbers = {name: _number(text[name]) for name in NUMBERS}
    for what, wrong in _faults(text, numbers, ours):
        if (wrong & ours).any():
            raise InputError(f"{table.where}: {_told(what, wrong, table)}")
        if wrong.any():
            faulty |= wrong
            faults.append(_told(what, wrong, table))
    taken = text[ours].assign(**{name: column[ours] for name, column in numbers.items()})
    return Dump(
        instruments=tuple(_instrument(row) for row in taken.itertuples(index=False)),
        rows=len(text) + len(table.ragged),
        left_out=int(faulty.sum()) + len(table.ragged),
        faults=tuple(faults),
    )


def _names(text: pd.DataFrame) -> pd.Series:
    """Fill in the names that older dumps leave empty: what stands before the expiry."""
    name = text["name"]
    unnamed = np.flatnonzero(((name == "") & (text["expiry"] != "")).to_numpy())
    if not len(unnamed):
        return name
    filled = name.to_numpy(dtype=object, copy=True)
    for at in unnamed:
        filled[at] = _name(text["tradingsymbol"].iloc[at], text["expiry"].iloc[at])
    return pd.Series(filled, name.index, dtype=name.dtype)


def _name(symbol: str, day: str) -> str:
    try:
        expiry = date.fromisoformat(day)
    except ValueError:
        return ""
    year, month = f"{expiry:%y}", expiry.month - 1
    spellings = f"{year}{MONTHS[month]}", f"{year}{MONTH_CODES[month]}{expiry:%d}"
    return next((symbol.partition(s)[0] for s in spellings if s in symbol), "")


def _ours(text: pd.DataFrame, underlyings: Collection[str] | None) -> Mask:
    """Return the rows to take: also those of which only the exchange is beyond belief."""
    if underlyings is None:
        return np.ones(len(text), dtype=np.bool_)
    elsewhere = [name for name in EXCHANGES if name not in DERIVATIVES]
    indices = [INDICES[name] for name in underlyings if name in INDICES]
    index = (text["segment"] == "INDICES") & text["exchange"].isin(["NSE", "BSE"])
    contract = text["name"].isin(list(underlyings)) & ~text["exchange"].isin(elsewhere) & ~index
    known = text["instrument_token"].isin([str(i.token) for i in indices])
    known |= text["tradingsymbol"].isin([i.symbol for i in indices])
    ours: Mask = (contract | (index & known)).to_numpy(dtype=np.bool_)
    return ours


def _number(column: pd.Series) -> Floats:
    """Return a column of numbers; 0 where it is empty, NaN where it cannot be read."""
    filled = column.where(column != "", "0")
    try:
        numbers = filled.astype("float64").to_numpy()
    except ValueError:  # a word among them: the way that knows which is three times as slow
        numbers = pd.to_numeric(filled, errors="coerce").to_numpy(dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _faults(
    text: pd.DataFrame, numbers: dict[str, Floats], ours: Mask
) -> Iterator[tuple[str, Mask]]:
    """Yield each thing that can be wrong with a row, and the rows it is wrong with."""
    for name in NUMBERS:
        yield f"{name} is no number", np.isnan(numbers[name])
        if name in WHOLE:
            yield f"{name} is no whole number", np.nan_to_num(numbers[name]) % 1 != 0
    dated = (text["expiry"] != "").to_numpy(dtype=np.bool_)
    yield "expiry is no date", dated & _undated(text["expiry"])
    kind, index = text["instrument_type"], (text["segment"] == "INDICES").to_numpy(np.bool_)
    option = kind.isin(["CE", "PE"]).to_numpy(dtype=np.bool_)
    contract = option | (kind == "FUT").to_numpy(dtype=np.bool_)
    token = numbers["instrument_token"]
    yield f"instrument_type is none of {', '.join(KINDS)}", ~kind.isin(KINDS).to_numpy(np.bool_)
    unknown = ~text["exchange"].isin(EXCHANGES).to_numpy(dtype=np.bool_)
    yield f"exchange is none of {', '.join(EXCHANGES)}", unknown
    yield "tradingsymbol is empty", (text["tradingsymbol"] == "").to_numpy(dtype=np.bool_)
    yield "instrument_token appears twice", _twice(token, ours)
    same = text.loc[ours, ["exchange", "tradingsymbol"]].duplicated(keep=False)
    yield "tradingsymbol appears twice", same.reindex(text.index, fill_value=False).to_numpy()
    yield (
        "instrument_token is not exchange_token << 8 | segment",
        token // 256 != numbers["exchange_token"],
    )
    yield "a contract without expiry", contract & ~dated
    yield "a contract without name", contract & (text["name"] == "").to_numpy(dtype=np.bool_)
    yield "an option without strike", option & ~(numbers["strike"] > 0)
    yield "lot_size is not positive", ~index & ~(numbers["lot_size"] > 0)
    yield "tick_size is not positive", ~index & ~(numbers["tick_size"] > 0)


def _undated(expiry: pd.Series) -> Mask:
    days = pd.Series(expiry.unique())  # a few hundred, of a hundred thousand rows
    read = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    undated: Mask = expiry.isin(days[read.isna()]).to_numpy(dtype=np.bool_)
    return undated


def _twice(token: Floats, ours: Mask) -> Mask:
    """Return the rows that share a token; only those of ours where any of them does."""
    twice: Mask = pd.Series(token).duplicated(keep=False).to_numpy(dtype=np.bool_)
    mine = twice & ours
    return np.isin(token, token[mine]) if mine.any() else twice


def _refuse_ragged(table: Table, underlyings: Collection[str] | None) -> Iterator[str]:
    """Yield what is wrong with lines of too many or too few values; refuse those of ours."""
    for one in table.ragged:
        told = f"{one.fault} in line {one.line}"
        if underlyings is None or not set(underlyings).isdisjoint(one.cells):
            raise InputError(f"{table.where}: {told}")
        yield told


def _told(what: str, wrong: Mask, table: Table) -> str:
    at = np.flatnonzero(wrong)
    symbol = table.text["tradingsymbol"]
    lines = ", ".join(f"{table.line[i]} ({symbol.iloc[i]})" for i in at[:SHOWN])
    more = f" and {len(at) - SHOWN} more" if len(at) > SHOWN else ""
    return f"{what} in line {lines}{more}"


def _instrument(row: Any) -> Instrument:
    token = int(row.instrument_token)
    if row.segment == "INDICES":
        name = _UNDERLYING.get(token, row.tradingsymbol)
        return Instrument(token, row.tradingsymbol, row.exchange, name, Kind.INDEX)
    kind = Kind(row.instrument_type)
    return Instrument(
        token=token,
        symbol=row.tradingsymbol,
        exchange=row.exchange,
        underlying=row.tradingsymbol if kind is Kind.EQUITY else row.name,
        kind=kind,
        expiry=date.fromisoformat(row.expiry) if row.expiry else None,
        strike=float(row.strike) if kind in (Kind.CALL, Kind.PUT) else None,
        lot=int(row.lot_size),
        tick=float(row.tick_size),
    )
