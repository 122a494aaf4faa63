"""Indicators of an instrument on a timeframe: ``nifty["5m"].rsi[14]``.

A value is a float where an indicator has one output, a Series by output where it has several.
NaN is not known: too few bars have closed, or a number they are made of is missing.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.research.trading.both import Async, Caller, Sync, call, fact
from dashboard.research.trading.driving import AsyncDriver, Driver
from dashboard.research.trading.frames import bars_frame, numbers, values_frame
from dashboard.research.trading.wire import Steps, get

Value = float | pd.Series
Parameters = int | float | tuple[int | float, ...]
When = str | date | datetime | None
ONE = "value"  # the name of the output of an indicator that has one


class IndicatorCalls(Caller):
    """One indicator by its parameters."""

    def __init__(self, driver: Any, name: str, bars: Mapping[str, str]) -> None:
        self._driver, self._name, self._bars = driver, name, bars

    def __repr__(self) -> str:
        return f"<{self._name} of {self._bars['instrument']}, {self._bars['timeframe']}>"

    @call
    def __getitem__(self, parameters: Parameters) -> Steps[Value]:
        """Return the value at the last closed bar."""
        return (yield from self._at(parameters, None))

    @call
    def at(self, *parameters: int | float, offset: int = 0) -> Steps[Value]:
        """Return the value `offset` bars before the last closed one.

        Raises
        ------
        RefusedError
            If the bars do not go back that far.
        """
        return (yield from self._at(parameters, offset))

    @call
    def history(
        self, *parameters: int | float, start: When = None, end: When = None
    ) -> Steps[pd.Series | pd.DataFrame]:
        """Return the values by the start of their bars; today's unless `start` is given.

        A date means its whole day, a time without a zone is in IST.
        """
        name = self._id(parameters)
        span = {"from": instant_text(start), "to": instant_text(end)}
        items = yield from self._line.pages(get(HISTORY, id=name, **span, **self._bars))
        outputs = list(items[0]["values"]) if items else (yield from self._outputs())
        frame = values_frame(items, outputs)
        return frame[ONE].rename(name) if outputs == [ONE] else frame

    def _at(self, parameters: Parameters, offset: int | None) -> Steps[Value]:
        name = self._id(parameters)
        path = CURRENT if offset is None else AT_OFFSET
        document = yield from self._line.ask(get(path, ids=name, offset=offset, **self._bars))
        (found,) = document["values"].values()
        if list(found) == [ONE]:
            return float(numbers([found[ONE]])[0])
        return pd.Series(numbers(found.values()), index=list(found), name=name)

    def _id(self, parameters: Parameters) -> str:
        given = parameters if isinstance(parameters, tuple) else (parameters,)
        return "_".join([self._name, *map(_plain, given)])

    def _outputs(self) -> Steps[list[str]]:
        """Return the names of its outputs, where no bar tells them."""
        known = (yield from self._line.ask(get(CATALOGUE)))["items"]
        return next(list(each["outputs"]) for each in known if each["name"] == self._name)


CATALOGUE = "/v1/indicators"
CURRENT, HISTORY, AT_OFFSET = (
    f"{CATALOGUE}/{each}" for each in ("current", "history", "at-offset")
)


class Indicator(Sync, IndicatorCalls):
    """One indicator by its parameters."""


class AsyncIndicator(Async, IndicatorCalls):
    """One indicator by its parameters, awaited."""


class TimeframeCalls(Caller):
    """The bars of an instrument on a timeframe."""

    def __init__(self, driver: Any, bars: Mapping[str, str]) -> None:
        self._driver, self._bars = driver, bars

    def __repr__(self) -> str:
        return f"<{self._bars['instrument']}, {self._bars['timeframe']}>"

    @fact
    def bars(self) -> Steps[pd.DataFrame]:
        """Return the closed bars of the desk's day, by their start."""
        return (yield from self._between(None, None))

    @call
    def bars_between(self, start: When, end: When = None) -> Steps[pd.DataFrame]:
        """Return the closed bars that start from `start` on and before `end`.

        A date means its whole day, a time without a zone is in IST.
        """
        return (yield from self._between(start, end))

    def _between(self, start: When, end: When) -> Steps[pd.DataFrame]:
        first, last = instant_text(start), instant_text(end)
        items = yield from self._line.pages(get("/v1/bars", from_=first, to=last, **self._bars))
        return bars_frame(items)


class Timeframe(Sync, TimeframeCalls):
    """The bars of an instrument on a timeframe, and indicators of them by name."""

    _driver: Driver
    rsi: Indicator
    sma: Indicator
    ema: Indicator
    supertrend: Indicator

    def __getattr__(self, name: str) -> Indicator:
        return Indicator(self._driver, indicator_name(name), self._bars)


class AsyncTimeframe(Async, TimeframeCalls):
    """The bars of an instrument on a timeframe, and indicators of them by name, awaited."""

    _driver: AsyncDriver
    rsi: AsyncIndicator
    sma: AsyncIndicator
    ema: AsyncIndicator
    supertrend: AsyncIndicator

    def __getattr__(self, name: str) -> AsyncIndicator:
        return AsyncIndicator(self._driver, indicator_name(name), self._bars)


def indicator_name(name: str) -> str:
    """Return an indicator's name as ids have it; whether there is such a one, the API says.

    Raises
    ------
    AttributeError
        If it is one of Python's or a library's own.
    """
    if name.startswith("_"):
        raise AttributeError(name)
    return name.upper()


def instant_text(when: When) -> str | None:
    """Return a date or time as the API takes it; a time without a zone is in IST.

    Raises
    ------
    InputError
        If it is neither.
    """
    if when is None:
        return None
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when) if len(when) == 10 else datetime.fromisoformat(when)
        except ValueError:
            raise InputError(f"{when!r} is no date or time; one is 2026-11-30T09:15") from None
    if isinstance(when, datetime) and when.tzinfo is None:
        when = when.replace(tzinfo=IST)
    return when.isoformat()


def _plain(parameter: int | float) -> str:
    return f"{parameter:g}"
