"""The table of a Kite instruments dump: every row as text, with the line it stands in.

A dump of all exchanges has about 115,000 rows. It is read once, as columns; which of its
rows are needed is decided in `dashboard.core.instruments`.
"""

import gzip
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dashboard.core.errors import InputError
from dashboard.core.market import Ints

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
EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO", "NSEIX", "GLOBAL")
GZIP = b"\x1f\x8b"
NO_CSV = {b"<": "a web page", b"{": "JSON"}  # what a disturbed server answers instead


@dataclass(frozen=True)
class Ragged:
    """A line with more or fewer values than the header names."""

    line: int
    cells: tuple[str, ...]
    header: int  # values that the header names

    @property
    def fault(self) -> str:
        """Return what is wrong with it."""
        return f"{len(self.cells)} values under {self.header} names"


@dataclass(frozen=True)
class Table:
    """The rows of a dump. `text` has the columns of `COLUMNS`; `line` is 2 for its first row."""

    where: str
    text: pd.DataFrame
    line: Ints
    ragged: tuple[Ragged, ...]


def read_table(source: Path | bytes) -> Table:
    """Return the rows of a dump, gzipped or not.

    Raises
    ------
    InputError
        If there is no such file, it is no CSV, lacks a column or breaks off.
    """
    where = str(source) if isinstance(source, Path) else "the instruments dump"
    content = _content(source, where)
    invalid: list[Any] = []
    try:
        text = pd.read_csv(  # type: ignore[call-overload]  # its stubs lack Arrow's bad lines
            BytesIO(content),
            dtype=str,
            keep_default_na=False,
            engine="pyarrow",
            on_bad_lines=lambda row: _put_aside(row, invalid),
        )
    except ValueError as error:
        raise InputError(f"{where} is not a CSV of instruments: {error}") from error
    missing = [c for c in COLUMNS if c not in text.columns]
    if missing:
        raise InputError(f"{where} lacks the columns {', '.join(missing)}")
    ragged = _ragged(content, invalid, len(text.columns)) if invalid else ()
    last = 1 + len(text) + len(ragged)
    lines = np.delete(np.arange(2, last + 1), [one.line - 2 for one in ragged])
    table = Table(where, text.loc[:, list(COLUMNS)], lines, ragged)
    _refuse_a_part(table, content, last)
    return table


def _content(source: Path | bytes, where: str) -> bytes:
    if isinstance(source, Path):
        try:
            source = source.read_bytes()
        except OSError as error:
            raise InputError(f"{where} cannot be read: {error.strerror}") from error
    if source.startswith(GZIP):
        try:
            source = gzip.decompress(source)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{where} is not a CSV of instruments: {error}") from error
    what = NO_CSV.get(source.lstrip()[:1])
    if what:
        raise InputError(f"{where} is not a CSV of instruments but {what}: ask for it again")
    return source


def _put_aside(row: Any, invalid: list[Any]) -> str:
    invalid.append(row)
    return "skip"


def _ragged(content: bytes, invalid: Sequence[Any], header: int) -> tuple[Ragged, ...]:
    """Return the lines that were put aside; the reader, in threads, does not number them."""
    texts: Collection[str] = {row.text.rstrip("\r\n") for row in invalid}
    lines = (line for line in content.decode(errors="replace").splitlines() if line.strip())
    return tuple(
        Ragged(number, tuple(line.split(",")), header)
        for number, line in enumerate(lines, 1)
        if line in texts
    )


def _refuse_a_part(table: Table, content: bytes, last: int) -> None:
    """Refuse a dump that breaks off within its last line."""
    if content.endswith((b"\n", b"\r")):
        return
    is_short = any(one.line == last for one in table.ragged)
    exchange = table.text["exchange"].iloc[-1] if len(table.text) else ""
    if is_short or (len(table.text) and exchange not in EXCHANGES):
        raise InputError(f"{table.where} breaks off in line {last}: ask for it again")
