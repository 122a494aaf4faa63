"""Tezi's API for programs.

>>> with TradingClient.from_key("http://127.0.0.1:5007", key) as client:  # doctest: +SKIP
...     nifty = client.Instrument("NIFTY")
...     nifty.ltp, nifty["5m"].rsi[14]

`AsyncTradingClient` has the same names, to be awaited. Both come to a desk in this process by
`here`, without a server. Neither can be pickled, and no secret is in what they are shown as.
"""

import asyncio
from datetime import date
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from dashboard.core.clock import Clock, SystemClock
from dashboard.research.trading import frames
from dashboard.research.trading.both import Caller, call
from dashboard.research.trading.desk import AsyncDesk, Desk, file_kind
from dashboard.research.trading.driving import AsyncDriver, Driver
from dashboard.research.trading.line import Line
from dashboard.research.trading.replays import PATH, AsyncReplay, Replay
from dashboard.research.trading.retrying import Patience
from dashboard.research.trading.sessions import KeySession, Secret, TokenSession
from dashboard.research.trading.wire import Request, Steps, get, post, words

if TYPE_CHECKING:
    from dashboard.research.client import RecordedDay
    from dashboard.research.trading.here import Here
    from storage.store import SqlStore

PATIENCE = Patience()


class ClientCalls(Caller):
    """What is asked of Tezi rather than of one desk."""

    @call
    def me(self) -> Steps[dict[str, Any]]:
        """Return whose account or key this is, and what it may do."""
        found: dict[str, Any] = yield from self._line.ask(get("/v1/auth/test"))
        return found

    @call
    def days(self) -> Steps[pd.DataFrame]:
        """Return what is stored, latest first."""
        return frames.days_frame((yield from self._line.pages(get("/v1/days"))))

    @call
    def calendar(self, start: str | date, end: str | date) -> Steps[pd.DataFrame]:
        """Return the dates from `start` to `end`, with it: hours, expiries, holidays."""
        asked = get("/v1/market/calendar", from_=str(start), to=str(end))
        return frames.calendar_frame((yield from self._line.ask(asked))["items"])

    @call
    def indicators(self) -> Steps[list[dict[str, Any]]]:
        """Return which indicators there are, with their parameters and outputs."""
        document = yield from self._line.ask(get("/v1/indicators"))
        return list(document["items"])

    @call
    def export(
        self,
        day: str | date,
        to: str | PathLike[str],
        *,
        what: str = "bars",
        source: str | None = None,
        instrument: str | None = None,
        timeframe: str | None = None,
    ) -> Steps[Path]:
        """Write bars, chain, readings or ticks of a stored day to a file and return its path.

        The end of its name says what it is: .csv, .parquet or .arrow (a stream of Arrow IPC).
        It is there only once it is whole.
        """
        file = Path(to)
        query = words(
            {
                "day": str(day),
                "what": what,
                "format": file_kind(file),
                "source": source,
                "instrument": instrument,
                "timeframe": timeframe,
            }
        )
        yield from self._line.answer(Request("GET", "/v1/export", query, file=file))
        return file

    def _open_replay(
        self,
        day: str | date,
        at: str | None,
        source: str | None,
        playing: bool,
        speed: float | None,
    ) -> Steps[dict[str, Any]]:
        wanted = {"day": str(day), "at": at, "source": source, "playing": playing, "speed": speed}
        given = {name: value for name, value in wanted.items() if value is not None}
        document: dict[str, Any] = yield from self._line.ask(post(PATH, given))
        return document


class TradingClient(Desk, ClientCalls, Secret):
    """Ask Tezi. Safe to use from several threads; close it, or use it in a ``with``."""

    def __init__(self, driver: Driver, here: "Here | None" = None) -> None:
        """Use `from_credentials`, `from_key` or `here`."""
        self._driver, self._here, self._desk = driver, here, {}

    @classmethod
    def from_credentials(
        cls,
        api_url: str,
        username: str,
        password: str,
        code: str | None = None,
        *,
        patience: Patience = PATIENCE,
        clock: Clock | None = None,
    ) -> Self:
        """Sign in. The password is not kept; the sign-in is renewed while the client is used.

        Raises
        ------
        SignInError
            If name or password are wrong; `CodeNeededError` if a one-time code must come too.
        TooManyRequestsError
            If no try is looked at for a while.
        """
        session = TokenSession(clock or SystemClock())
        driver = Driver(Line(api_url, session, clock or SystemClock(), patience))
        try:
            driver.run(session.sign_in(driver.line, username, password, code))
        except BaseException:
            driver.close()
            raise
        return cls(driver)

    @classmethod
    def from_key(
        cls,
        api_url: str,
        key: str,
        *,
        patience: Patience = PATIENCE,
        clock: Clock | None = None,
    ) -> Self:
        """Use an API key; the first call finds out whether it is good."""
        return cls(Driver(Line(api_url, KeySession(key), clock or SystemClock(), patience)))

    @classmethod
    def here(
        cls,
        day: "RecordedDay | None" = None,
        *,
        at: str | None = None,
        store: "SqlStore | None" = None,
    ) -> Self:
        """Use a desk in this process, without a server.

        Parameters
        ----------
        day : RecordedDay, optional
            The desk stands on this day, `at` HH:MM[:SS] IST or at its end. Without it, on the
            latest recorded day at its end.
        store : SqlStore, optional
            Where the days lie: the page's own store, if neither it nor `day` is given.
        """
        from dashboard.research.trading.here import Here  # the API's parts, for this alone
        from dashboard.research.trading.here_driving import HereDriver

        found = Here(day, at=at, store=store)
        return cls(HereDriver(found), found)

    def replay(
        self,
        day: str | date,
        at: str | None = None,
        *,
        source: str | None = None,
        playing: bool = False,
        speed: float | None = None,
    ) -> Replay:
        """Open a stored day at HH:MM[:SS] IST, or at its beginning, on a desk of one's own.

        It stands still unless `playing`. A recorded day is meant before a generated one, unless
        `source` says RECORDED or MOCK.
        """
        opened = self._driver.run(self._open_replay(day, at, source, playing, speed))
        return Replay(self._driver, opened)

    def close(self) -> None:
        """End streams, sign out and give the connections back; a second time does nothing."""
        self._driver.close()
        if self._here is not None:
            self._here.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TradingClient of {self._line.address}>"


class AsyncTradingClient(AsyncDesk, ClientCalls, Secret):
    """Ask Tezi, on one loop; close it, or use it in an ``async with``."""

    def __init__(self, driver: AsyncDriver, here: "Here | None" = None) -> None:
        """Use `from_credentials`, `from_key` or `here`."""
        self._driver, self._here, self._desk = driver, here, {}

    @classmethod
    async def from_credentials(
        cls,
        api_url: str,
        username: str,
        password: str,
        code: str | None = None,
        *,
        patience: Patience = PATIENCE,
        clock: Clock | None = None,
    ) -> Self:
        """Sign in; see `TradingClient.from_credentials`."""
        session = TokenSession(clock or SystemClock())
        driver = AsyncDriver(Line(api_url, session, clock or SystemClock(), patience))
        try:
            await driver.run(session.sign_in(driver.line, username, password, code))
        except BaseException:
            await driver.close()
            raise
        return cls(driver)

    @classmethod
    async def from_key(
        cls,
        api_url: str,
        key: str,
        *,
        patience: Patience = PATIENCE,
        clock: Clock | None = None,
    ) -> Self:
        """Use an API key; see `TradingClient.from_key`."""
        return cls(AsyncDriver(Line(api_url, KeySession(key), clock or SystemClock(), patience)))

    @classmethod
    async def here(
        cls,
        day: "RecordedDay | None" = None,
        *,
        at: str | None = None,
        store: "SqlStore | None" = None,
    ) -> Self:
        """Use a desk in this process, without a server; see `TradingClient.here`."""
        from dashboard.research.trading.here import Here
        from dashboard.research.trading.here_driving import AsyncHereDriver

        found = await asyncio.to_thread(Here, day, at=at, store=store)
        return cls(AsyncHereDriver(found), found)

    async def replay(
        self,
        day: str | date,
        at: str | None = None,
        *,
        source: str | None = None,
        playing: bool = False,
        speed: float | None = None,
    ) -> AsyncReplay:
        """Open a stored day on a desk of one's own; see `TradingClient.replay`."""
        opened = await self._driver.run(self._open_replay(day, at, source, playing, speed))
        return AsyncReplay(self._driver, opened)

    async def close(self) -> None:
        """End streams, sign out and give the connections back; a second time does nothing."""
        await self._driver.close()
        if self._here is not None:
            await asyncio.to_thread(self._here.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncTradingClient of {self._line.address}>"
