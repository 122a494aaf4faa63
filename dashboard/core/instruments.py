"""Read a Kite instruments dump: the day's authority on tokens, expiries, strikes and lots.

Source: the CSV of Kite Connect's instruments endpoint, one row a contract. The token is
``exchange_token << 8 | segment``; last_price is empty of meaning there and is ignored.
"""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.errors import InputError
from dashboard.core.market import INDICES, Instrument, Kind
from dashboard.core.symbols import MONTH_CODES, MONTHS

COLUMNS = (
    "instrument_token",
    "exchange_token",
    "tradingsymbol",
    "name",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)
NUMBERS = ("instrument_token", "exchange_token", "strike", "tick_size", "lot_size")
KINDS = ("EQ", "FUT", "CE", "PE")
SHOWN = 3  # offending lines named in a message
GZIP = b"\x1f\x8b"

_UNDERLYING = {index.token: name for name, index in INDICES.items()}


def read_instruments(source: Path | bytes) -> list[Instrument]:
    """Return the instruments of a dump, in its order.

    Parameters
    ----------
    source : Path or bytes
        A CSV file or its content, gzipped or not, with the columns of `COLUMNS`; further
        columns are ignored. Prices in INR, lots in units, expiries as ISO dates.

    Returns
    -------
    list of Instrument
        Rows of segment INDICES have kind INDEX; what Kite calls the name is the underlying
        of a contract, and an equity is its own.

    Raises
    ------
    InputError
        If a column is missing, a value cannot be read, a token appears twice or is not
        made of its exchange token; the message names the file's lines.
    """
    where = str(source) if isinstance(source, Path) else "the instruments dump"
    table = _named(_numbers(_table(source, where), where))
    _check(table, where)
    return [_instrument(row) for row in table.itertuples(index=False)]


def _table(source: Path | bytes, where: str) -> pd.DataFrame:
    if isinstance(source, Path):
        try:
            source = source.read_bytes()
        except OSError as error:
            raise InputError(f"{where} cannot be read: {error.strerror}") from error
    compression = "gzip" if source.startswith(GZIP) else None
    try:
        table = pd.read_csv(
            BytesIO(source),
            dtype=str,
            keep_default_na=False,
            compression=compression,  # type: ignore[arg-type]
        )
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{where} is not a CSV of instruments: {error}") from error
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        raise InputError(f"{where} lacks the columns {', '.join(missing)}")
    return table.loc[:, list(COLUMNS)]


def _numbers(table: pd.DataFrame, where: str) -> pd.DataFrame:
    for column in NUMBERS:
        read = pd.to_numeric(table[column].replace("", "0"), errors="coerce")
        bad = ~np.isfinite(read.to_numpy(dtype=float))
        _refuse(bad, table, where, f"{column} is no number")
        table[column] = read
    for column in ("instrument_token", "exchange_token", "lot_size"):
        _refuse(table[column] % 1 != 0, table, where, f"{column} is no whole number")
        table[column] = table[column].astype("int64")
    dated = pd.to_datetime(table["expiry"], format="%Y-%m-%d", errors="coerce")
    _refuse((table["expiry"] != "") & dated.isna(), table, where, "expiry is no date")
    return table


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Fill in the names that older dumps leave empty: what stands before the expiry."""
    for at in np.flatnonzero((table["name"] == "") & (table["expiry"] != "")):
        symbol, expiry = (
            table["tradingsymbol"].iloc[at],
            date.fromisoformat(table["expiry"].iloc[at]),
        )
        year, month = f"{expiry:%y}", expiry.month - 1
        spellings = f"{year}{MONTHS[month]}", f"{year}{MONTH_CODES[month]}{expiry:%d}"
        found = [symbol.partition(s)[0] for s in spellings if s in symbol]
        table.loc[at, "name"] = found[0] if found else ""
    return table


def _check(table: pd.DataFrame, where: str) -> None:
    kind, token = table["instrument_type"], table["instrument_token"]
    option = kind.isin(["CE", "PE"])
    contract = option | (kind == "FUT")
    index = table["segment"] == "INDICES"
    wrong = {
        f"instrument_type is none of {', '.join(KINDS)}": ~kind.isin(KINDS),
        "tradingsymbol is empty": table["tradingsymbol"] == "",
        "instrument_token appears twice": token.duplicated(keep=False),
        "instrument_token is not exchange_token << 8 | segment": token // 256
        != table["exchange_token"],
        "a contract without expiry": contract & (table["expiry"] == ""),
        "a contract without name": contract & (table["name"] == ""),
        "an option without strike": option & (table["strike"] <= 0),
        "lot_size is not positive": ~index & (table["lot_size"] <= 0),
        "tick_size is not positive": ~index & (table["tick_size"] <= 0),
    }
    for what, rows in wrong.items():
        _refuse(rows, table, where, what)


def _refuse(rows: npt.ArrayLike, table: pd.DataFrame, where: str, what: str) -> None:
    at = np.flatnonzero(np.asarray(rows))
    if not len(at):
        return
    # the header is line 1
    lines = ", ".join(f"{i + 2} ({table['tradingsymbol'].iloc[i]})" for i in at[:SHOWN])
    more = f" and {len(at) - SHOWN} more" if len(at) > SHOWN else ""
    raise InputError(f"{where}: {what} in line {lines}{more}")


def _instrument(row: Any) -> Instrument:
    if row.segment == "INDICES":
        name = _UNDERLYING.get(row.instrument_token, row.tradingsymbol)
        return Instrument(row.instrument_token, row.tradingsymbol, row.exchange, name, Kind.INDEX)
    kind = Kind(row.instrument_type)
    return Instrument(
        token=row.instrument_token,
        symbol=row.tradingsymbol,
        exchange=row.exchange,
        underlying=row.tradingsymbol if kind is Kind.EQUITY else row.name,
        kind=kind,
        expiry=date.fromisoformat(row.expiry) if row.expiry else None,
        strike=float(row.strike) if kind in (Kind.CALL, Kind.PUT) else None,
        lot=row.lot_size,
        tick=float(row.tick_size),
    )
