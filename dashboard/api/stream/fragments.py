"""The ticks of frames, each written once when it changes and then put together at will."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from dashboard.api.replies import dumps
from dashboard.api.stream.forms import pack
from dashboard.core.clock import from_seconds
from dashboard.core.market import Ints, Universe
from dashboard.pipeline.quotes import Quotes

PRICES = ("ltp", "bid", "ask", "average_price")
QUANTITIES = ("volume", "oi")
FIELDS = ("token", "symbol", "ltp", "bid", "ask", "volume", "oi", "average_price", "time")
COLUMNS = {"ltp": "last_price"}  # where the state has another name


class Fragments(ABC):
    """Every row's tick in one format."""

    def __init__(self) -> None:
        self._universe: Universe | None = None
        self._opened = self._seq = -1
        self._made: list[bytes] = []

    @abstractmethod
    def write(self, tick: dict[str, Any]) -> bytes:
        """Return one tick."""

    def of(self, quotes: Quotes, seq: int, rows: Ints) -> list[bytes]:
        """Return the ticks of some rows as they stand with snapshot `seq`."""
        if quotes.universe is not self._universe or quotes.opened != self._opened:
            self._universe, self._opened, self._seq = quotes.universe, quotes.opened, -1
            self._made = [b""] * len(quotes.universe)
        if seq != self._seq:
            for row, tick in ticks(quotes, np.flatnonzero(quotes.changed > self._seq)):
                self._made[row] = self.write(tick)
            self._seq = seq
        return [self._made[row] for row in rows.tolist()]


class JsonFragments(Fragments):
    """Ticks as JSON."""

    def write(self, tick: dict[str, Any]) -> bytes:
        """Return one tick."""
        return dumps(tick)


class MsgpackFragments(Fragments):
    """Ticks as MessagePack."""

    def write(self, tick: dict[str, Any]) -> bytes:
        """Return one tick."""
        return pack(tick)


def ticks(quotes: Quotes, rows: Ints) -> list[tuple[int, dict[str, Any]]]:
    """Return rows with their ticks. Prices in INR, volume and OI in units, None is unknown."""
    state = quotes.rows[rows]
    columns: dict[str, list[Any]] = {
        name: _known(state[COLUMNS.get(name, name)].tolist()) for name in (*PRICES, *QUANTITIES)
    }
    for name in ("bid", "ask"):  # there is no price of 0: nobody bids
        columns[name] = [price or None for price in columns[name]]
    for name in QUANTITIES:
        columns[name] = [None if each is None else int(each) for each in columns[name]]
    instruments = [quotes.universe.instruments[row] for row in rows.tolist()]
    columns["token"] = [one.token for one in instruments]
    columns["symbol"] = [one.symbol for one in instruments]
    columns["time"] = _times(state["newest"])
    listed = zip(*(columns[name] for name in FIELDS), strict=True)
    return [
        (row, dict(zip(FIELDS, tick, strict=True)))
        for row, tick in zip(rows.tolist(), listed, strict=True)
    ]


def _known(values: list[float]) -> list[float | None]:
    return [value if value == value else None for value in values]


def _times(seconds: Ints) -> list[str | None]:
    words = {
        each: from_seconds(each).isoformat() if each > 0 else None for each in set(seconds.tolist())
    }
    return [words[each] for each in seconds.tolist()]
