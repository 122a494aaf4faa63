"""The names that files give to instruments, as instruments."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import load_calendar
from dashboard.core.errors import CalendarError, SymbolError
from dashboard.core.market import INDICES, VIX, Instrument, Kind
from dashboard.core.symbols import format_symbol, make_token, parse_symbol
from feeds.importers.cells import encoded
from feeds.importers.reading import UnknownNames

UNKNOWN = -1
INDEX_NAMES = {
    **dict.fromkeys(("NIFTY", "NIFTY50", "NSEI", "NIFTYINDEX", "CNXNIFTY"), "NIFTY"),
    **dict.fromkeys(("BANKNIFTY", "NIFTYBANK", "NSEBANK", "CNXBANK"), "BANKNIFTY"),
    **dict.fromkeys(("SENSEX", "BSESN", "BSESENSEX", "SENSEX30"), "SENSEX"),
    **dict.fromkeys(("INDIAVIX", "VIX", "NIFTYVIX"), VIX),
}


def find_instrument(text: str) -> Instrument:
    """Return the index or contract of that name.

    Raises
    ------
    SymbolError
        If it is neither a name of an index nor a symbol that can be read.
    """
    name = text.strip().upper().rpartition(":")[2]  # NSE:NIFTY 50
    underlying = find_underlying(name)
    if underlying is not None:
        return INDICES[underlying]
    symbol = parse_symbol(name.replace(" ", ""))
    return _contract(
        symbol.text, symbol.exchange, symbol.underlying, symbol.kind, symbol.expiry, symbol.strike
    )


def find_underlying(text: str) -> str | None:
    """Return which index a name means: NIFTY 50, NIFTY50, ^NSEI and NSE:NIFTY 50 are one."""
    name = text.upper().rpartition(":")[2]
    return INDEX_NAMES.get("".join(c for c in name if c.isalnum()))


def make_option(underlying: str, expiry: date, strike: float, kind: Kind) -> Instrument:
    """Return the option that a row of a chain is about.

    Raises
    ------
    SymbolError
        If the calendar knows no such expiry.
    """
    symbol = format_symbol(underlying, expiry, strike, kind, load_calendar())
    exchange = "BFO" if underlying == "SENSEX" else "NFO"
    return _contract(symbol, exchange, underlying, kind, expiry, strike)


def with_own_tokens(instruments: list[Instrument]) -> list[Instrument]:
    """Return the instruments with the second of two equal made-up tokens made again.

    The symbols' order decides, not the file's, so that a day comes out the same each time.
    """
    taken: set[int] = set()
    tokens: dict[str, int] = {}
    for instrument in sorted(instruments, key=lambda i: i.symbol):
        token, again = instrument.token, instrument.symbol
        while token in taken:
            again += "'"
            token = make_token(again, instrument.exchange)
        taken.add(token)
        tokens[instrument.symbol] = token
    return [replace(i, token=tokens[i.symbol]) for i in instruments]


def _contract(
    symbol: str, exchange: str, underlying: str, kind: Kind, expiry: date, strike: float | None
) -> Instrument:
    try:
        lot = load_calendar().lot(underlying, expiry)
    except CalendarError:
        lot = 1  # a contract beyond the calendar: its lot is not decided yet
    token = make_token(symbol, exchange)
    return Instrument(token, symbol, exchange, underlying, kind, expiry, strike, lot)


class Names:
    """The instruments of one file, numbered in the order in which they were met."""

    def __init__(self, given: str | None, unknown: UnknownNames) -> None:
        self.given = given
        self.instruments: list[Instrument] = [find_instrument(given)] if given else []
        self._unknown = unknown
        self._known: dict[str | None, int] = {}
        self._places: dict[Instrument, int] = {}

    def positions(self, column: Any) -> npt.NDArray[np.int32]:
        """Return each cell's position in `instruments`, UNKNOWN where it names none.

        Raises
        ------
        ImportFileError
            If the file names too many things that are no instruments.
        """
        names, codes = encoded(column)
        table = np.array([self._position(name) for name in names], dtype=np.int32)
        found: npt.NDArray[np.int32] = table[codes]
        self._unknown.count(names, codes, found)
        return found

    def _position(self, name: str | None) -> int:
        if name not in self._known:
            self._known[name] = self._meet(name)
        return self._known[name]

    def _meet(self, name: str | None) -> int:
        try:
            instrument = find_instrument(name or "")
        except (SymbolError, CalendarError):
            return UNKNOWN
        if instrument not in self._places:
            self._places[instrument] = len(self.instruments)
            self.instruments.append(instrument)
        return self._places[instrument]
