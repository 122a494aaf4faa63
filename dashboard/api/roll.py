"""The instruments of a day, to be found by what people call them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

import numpy as np

from dashboard.core.market import Floats, Instrument, Ints, Kind, Universe

KEPT = 16  # universes whose rolls are kept
NEAR, LIKE = 3, 0.6
OPTIONS = (Kind.CALL, Kind.PUT)


@dataclass(eq=False)
class Roll:
    """One universe's instruments by name. Rows are positions in the universe."""

    universe: Universe
    symbols: list[str] = field(init=False)
    tokens: list[int] = field(init=False)
    previous_close: Floats = field(init=False)  # INR, NaN where no source gave it

    def __post_init__(self) -> None:
        everything = self.universe.instruments
        self.symbols = [one.symbol for one in everything]
        self.tokens = self.universe.tokens.tolist()
        self.previous_close = np.array(
            [np.nan if one.previous_close is None else one.previous_close for one in everything],
            dtype=np.float64,
        )
        self._rows = {one.symbol.upper(): row for row, one in enumerate(everything)}
        for row, one in enumerate(everything):
            if one.kind is Kind.INDEX:
                self._rows.setdefault(one.underlying.upper(), row)
        self._options: dict[str, Ints] = {}

    def row(self, name: str) -> int | None:
        """Return the row of a symbol, an underlying's name or a token; None if it is not here."""
        if name.isascii() and name.isdigit():
            token = int(name)
            found = int(self.universe.rows(np.array([token]))[0]) if token < 2**62 else -1
            return found if found >= 0 else None
        return self._rows.get(name.strip().upper())

    def find(self, name: str) -> Instrument | None:
        """Return the instrument that is called that; None if it is not here."""
        row = self.row(name)
        return None if row is None else self.universe.instruments[row]

    def near(self, name: str) -> list[str]:
        """Return up to three symbols that are written much the same, the nearest first."""
        return get_close_matches(name.strip().upper(), self.symbols, NEAR, LIKE)

    def options(self, underlying: str) -> Ints:
        """Return the rows of an underlying's options by expiry, strike, call before put."""
        if underlying not in self._options:
            found = [
                (one.expiry or date.max, one.strike or 0.0, one.kind, row)
                for row, one in enumerate(self.universe.instruments)
                if one.underlying == underlying and one.kind in OPTIONS
            ]
            self._options[underlying] = np.array([key[-1] for key in sorted(found)], dtype=np.int64)
        return self._options[underlying]


class Rolls:
    """The rolls of the universes that were asked of lately. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Roll] = OrderedDict()  # a roll keeps its universe's id taken

    def of(self, universe: Universe) -> Roll:
        """Return the roll of a universe, made once."""
        with self._lock:
            roll = self._kept.get(id(universe))
            if roll is None:
                roll = self._kept[id(universe)] = Roll(universe)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(id(universe))
            return roll
