"""What can be asked of a desk: the shared one, or a replay of one's own."""

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd

from dashboard.core.errors import InputError
from dashboard.core.signal import Reading
from dashboard.research.trading import frames
from dashboard.research.trading.both import Async, Caller, Sync, call
from dashboard.research.trading.errors import NotReadyError
from dashboard.research.trading.indicators import When, instant_text
from dashboard.research.trading.instruments import AsyncInstrument, Instrument
from dashboard.research.trading.streams import AsyncStream, Stream, follow_desk, follow_ticks
from dashboard.research.trading.values import (
    Chain,
    DeskNews,
    MarketStatus,
    Tick,
    chain_of,
    reading_of,
    status_of,
)
from dashboard.research.trading.wire import Request, Steps, get

Names = str | Iterable[str | int]
MOST_QUOTES = 500  # of one request


class DeskCalls(Caller):
    """What both clients and both replays can be asked."""

    _desk: dict[str, str]  # parameters that name the desk; none for the shared one

    @call
    def market_status(self) -> Steps[MarketStatus]:
        """Return where the market is in its day, at the desk's own time."""
        document = yield from self._line.ask(get("/v1/market/status", **self._desk))
        return status_of(document)

    @call
    def instruments(
        self,
        underlying: str | None = None,
        *,
        kind: str | None = None,
        expiry: str | date | None = None,
        part: str | None = None,
    ) -> Steps[pd.DataFrame]:
        """Return what is traded on the desk, by symbol; `part` is of the symbol."""
        words = {"underlying": underlying, "kind": kind, "q": part, "expiry": _day(expiry)}
        request = get("/v1/market/instruments", **words, **self._desk)
        return frames.instruments_frame((yield from self._line.pages(request)))

    @call
    def quotes(self, names: Names) -> Steps[pd.DataFrame]:
        """Return quotes of instruments, by symbol, in the order they were named."""
        wanted, items = listed(names), []
        for first in range(0, len(wanted), MOST_QUOTES):
            some = ",".join(map(str, wanted[first : first + MOST_QUOTES]))
            asked = get("/v1/market/quotes", symbols=some, **self._desk)
            items += (yield from self._line.ask(asked))["quotes"]
        return frames.quotes_frame(items)

    @call
    def chain(self, underlying: str, expiry: str | date | None = None) -> Steps[Chain]:
        """Return the option chain of an expiry, of the nearest one without `expiry`."""
        asked = get("/v1/chain", underlying=underlying, expiry=_day(expiry), **self._desk)
        return chain_of((yield from self._line.ask(asked)))

    @call
    def signals(self, underlying: str, timeframe: str = "5m") -> Steps[pd.DataFrame]:
        """Return what every section says of its last closed bar, in display order."""
        asked = self._of_signals("/v1/signals/current", underlying, timeframe)
        document = yield from self._line.ask(asked)
        return frames.signals_frame(document["readings"])

    @call
    def signal(self, section: str, underlying: str, timeframe: str = "5m") -> Steps[Reading]:
        """Return what a section says of its last closed bar.

        Raises
        ------
        NotReadyError
            If none has closed yet.
        """
        asked = self._of_signals(f"/v1/signals/{section}/current", underlying, timeframe)
        found = (yield from self._line.ask(asked))["reading"]
        if found is None:
            raise NotReadyError(f"No {section} of {underlying} on {timeframe} yet")
        return reading_of(found)

    @call
    def signal_history(
        self,
        section: str,
        underlying: str,
        timeframe: str = "5m",
        *,
        day: str | date | None = None,
        start: When = None,
        end: When = None,
    ) -> Steps[pd.DataFrame]:
        """Return a section's readings by bar, of the desk's day or of another one."""
        asked = self._of_signals(f"/v1/signals/{section}/history", underlying, timeframe)
        span = {"day": _day(day), "from": instant_text(start), "to": instant_text(end)}
        request = get(asked.path, **asked.query, **span)
        return frames.history_frame((yield from self._line.pages(request)))

    def _of_signals(self, path: str, underlying: str, timeframe: str) -> Request:
        return get(path, underlying=underlying, timeframe=timeframe, **self._desk)


class Desk(Sync, DeskCalls):
    """What can be asked of a desk."""

    def Instrument(self, name: str) -> Instrument:  # noqa: N802 - reads as what it returns
        """Return an instrument by symbol, token, or an underlying's name for its index."""
        return Instrument(self._driver, name, self._desk)

    def stream(
        self, names: Names, *, interval_ms: int = 0, timeout_s: float | None = None
    ) -> Stream[Tick]:
        """Return the ticks of instruments as they come, the present ones first.

        A lost connection is made again and goes on where it was lost. Of what changed more
        than once meanwhile only the latest is told.

        Parameters
        ----------
        interval_ms : int
            Gather frames for so long; of each instrument the latest tick is told. [ms]
        timeout_s : float, optional
            End when nothing came for so long. [s]
        """
        follow = follow_ticks(self._line, listed(names), self._desk, interval_ms, timeout_s)
        return Stream(self._driver, follow)

    def desk_stream(self, topics: Names, *, timeout_s: float | None = None) -> Stream[DeskNews]:
        """Return documents of the desk as they change, such as ``signals:NIFTY:5m``."""
        return Stream(self._driver, follow_desk(self._line, listed(topics), self._desk, timeout_s))


class AsyncDesk(Async, DeskCalls):
    """What can be asked of a desk, awaited."""

    def Instrument(self, name: str) -> AsyncInstrument:  # noqa: N802
        """Return an instrument by symbol, token, or an underlying's name for its index."""
        return AsyncInstrument(self._driver, name, self._desk)

    def stream(
        self, names: Names, *, interval_ms: int = 0, timeout_s: float | None = None
    ) -> AsyncStream[Tick]:
        """Return the ticks of instruments as they come; see `Desk.stream`."""
        follow = follow_ticks(self._line, listed(names), self._desk, interval_ms, timeout_s)
        return AsyncStream(self._driver, follow)

    def desk_stream(
        self, topics: Names, *, timeout_s: float | None = None
    ) -> AsyncStream[DeskNews]:
        """Return documents of the desk as they change; see `Desk.desk_stream`."""
        follow = follow_desk(self._line, listed(topics), self._desk, timeout_s)
        return AsyncStream(self._driver, follow)


def listed(names: Names) -> list[str | int]:
    """Return names one by one.

    Raises
    ------
    InputError
        If there are none.
    """
    found: list[str | int] = [names] if isinstance(names, str) else list(names)
    if not found:
        raise InputError("Name at least one")
    return found


def file_kind(file: Path) -> str:
    """Return csv, parquet or arrow, by the end of a file's name.

    Raises
    ------
    InputError
        If it has another one.
    """
    kind = file.suffix.lower().lstrip(".")
    if kind not in ("csv", "parquet", "arrow"):
        raise InputError(f"{os.fspath(file)!r} ends in none of .csv, .parquet and .arrow")
    return kind


def _day(day: str | date | None) -> str | None:
    return None if day is None else str(day)
