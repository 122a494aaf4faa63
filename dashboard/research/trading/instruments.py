"""One instrument: its quote, what it is, its greeks, and its bars by timeframe.

A number that is not known is NaN. What an instrument does not have at all is None: an index
has no expiry, a future no strike, and neither has greeks.
"""

from datetime import date
from typing import Any

from dashboard.research.trading.both import Async, Caller, Sync, fact
from dashboard.research.trading.errors import NotFoundError
from dashboard.research.trading.indicators import AsyncTimeframe, Timeframe
from dashboard.research.trading.values import Contract, Greeks, Quote, value_of
from dashboard.research.trading.wire import Steps, get

SIDES = {"CE": "call", "PE": "put"}


class InstrumentCalls(Caller):
    """One instrument of a desk. Each quote is asked for anew, what it is only once."""

    def __init__(self, driver: Any, name: str, desk: dict[str, str]) -> None:
        self._driver, self.name, self._desk = driver, name.strip(), desk
        self._contract: Contract | None = None

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @fact
    def quote(self) -> Steps[Quote]:
        """Return all that was last told of it."""
        return (yield from self._quote())

    @fact
    def ltp(self) -> Steps[float]:
        """Return the last traded price, or the index's value [INR]."""
        return (yield from self._quote()).ltp

    @fact
    def bid(self) -> Steps[float]:
        """Return the best bid [INR]."""
        return (yield from self._quote()).bid

    @fact
    def ask(self) -> Steps[float]:
        """Return the best offer [INR]."""
        return (yield from self._quote()).ask

    @fact
    def volume(self) -> Steps[float]:
        """Return the units traded since the session began."""
        return (yield from self._quote()).volume

    @fact
    def oi(self) -> Steps[float]:
        """Return the open interest [units]."""
        return (yield from self._quote()).oi

    @fact
    def contract(self) -> Steps[Contract]:
        """Return what it is."""
        return (yield from self._what())

    @fact
    def symbol(self) -> Steps[str]:
        """Return its trading symbol."""
        return (yield from self._what()).symbol

    @fact
    def token(self) -> Steps[int]:
        """Return its number."""
        return (yield from self._what()).token

    @fact
    def underlying(self) -> Steps[str]:
        """Return the name of what it derives from; an index is its own."""
        return (yield from self._what()).underlying

    @fact
    def kind(self) -> Steps[str]:
        """Return INDEX, EQ, FUT, CE or PE."""
        return (yield from self._what()).kind

    @fact
    def expiry(self) -> Steps[date | None]:
        """Return when it expires."""
        return (yield from self._what()).expiry

    @fact
    def strike(self) -> Steps[float | None]:
        """Return the strike [INR]."""
        return (yield from self._what()).strike

    @fact
    def lot(self) -> Steps[int]:
        """Return the units of a lot."""
        return (yield from self._what()).lot

    @fact
    def greeks(self) -> Steps[Greeks | None]:
        """Return an option's volatility and greeks, as the desk's chain has them."""
        what = yield from self._what()
        if what.kind not in SIDES or what.expiry is None:
            return None
        asked = get("/v1/chain", underlying=what.underlying, expiry=str(what.expiry), **self._desk)
        document = yield from self._line.ask(asked)
        for row in document["rows"]:
            if row["strike"] == what.strike:
                return value_of(Greeks, row[SIDES[what.kind]])
        raise NotFoundError(f"The desk's chain of {what.expiry} has no strike {what.strike:g}")

    def _quote(self) -> Steps[Quote]:
        asked = get("/v1/market/quotes", symbols=self.name, **self._desk)
        document = yield from self._line.ask(asked)
        return value_of(Quote, document["quotes"][0])

    def _what(self) -> Steps[Contract]:
        if self._contract is None:
            quote = yield from self._quote()  # finds it by whatever name it was called
            asked = get("/v1/market/instruments", q=quote.symbol, **self._desk)
            items = yield from self._line.pages(asked)
            found = next(each for each in items if each["token"] == quote.token)
            self._contract = value_of(Contract, found)
        return self._contract

    def _bars(self, timeframe: str) -> dict[str, str]:
        return {"instrument": self.name, "timeframe": timeframe, **self._desk}


class Instrument(Sync, InstrumentCalls):
    """One instrument of a desk. Each quote is asked for anew, what it is only once."""

    def __getitem__(self, timeframe: str) -> Timeframe:
        """Return its bars and indicators on 1m, 5m, 15m, 30m or 1d."""
        return Timeframe(self._driver, self._bars(timeframe))


class AsyncInstrument(Async, InstrumentCalls):
    """One instrument of a desk, awaited."""

    def __getitem__(self, timeframe: str) -> AsyncTimeframe:
        """Return its bars and indicators on 1m, 5m, 15m, 30m or 1d."""
        return AsyncTimeframe(self._driver, self._bars(timeframe))
