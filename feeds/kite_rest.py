"""Kite's REST interface for one API key: sign-in, instruments, last prices, candles.

Every call blocks, waits for its turn (Kite allows one request for quotes a second, three
for candles, ten for the rest), and raises a `KiteError` that says what was asked for.
"""

import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import IST, SECOND_NS, Clock, to_ns
from dashboard.core.errors import InputError, KiteError
from dashboard.core.kite import Endpoints, Grant
from dashboard.core.market import Instrument
from dashboard.core.ports import BAR_DTYPE
from feeds.kite_candles import INTERVALS, has_oi, parts, read_candles
from feeds.kite_client import Client, asking, open_connections
from feeds.kite_pace import Pacer

TIMEOUT_S = 7.0  # between bytes; the client's own
DUMP_TIMEOUT_S = 30.0  # the instruments are made while one waits
IN_A_REQUEST = 500  # instruments; Kite takes 1,000, not every proxy takes so long a line

QUOTES_PER_S, CANDLES_PER_S, OTHERS_PER_S = 1, 3, 10


class KiteRest:
    """Implement `dashboard.core.kite.KiteApi` with Kite's own client.

    One object serves all threads: the limits are Kite's for an API key, so nothing else may
    ask with the same one.

    Parameters
    ----------
    api_key, api_secret : str
        Kite Connect's names of the application.
    clock : Clock
        Paces requests, and dates grants.
    endpoints : Endpoints
        Where Kite is.
    timeout_s : float
        How long Kite may keep a caller waiting.
    sleep : callable
        Lets a caller wait for some seconds.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        clock: Clock,
        endpoints: Endpoints = Endpoints(),  # noqa: B008  a frozen value
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api_key, self._api_secret = api_key, api_secret
        self._timeout_s = timeout_s
        self._clock, self._endpoints = clock, endpoints
        self._quotes = Pacer(clock, QUOTES_PER_S, sleep)
        self._candles = Pacer(clock, CANDLES_PER_S, sleep)
        self._others = Pacer(clock, OTHERS_PER_S, sleep)
        self._connections = open_connections()
        weakref.finalize(self, self._connections.close)

    @property
    def api_key(self) -> str:
        """Return the key; show it only through `shown_key`."""
        return self._api_key

    def login_url(self, state: str) -> str:
        """Return where a person signs in; Kite hands `state` back with the request token."""
        back = quote(f"state={quote(state, safe='')}", safe="")
        key = quote(self._api_key, safe="")
        return f"{self._endpoints.login}?v=3&api_key={key}&redirect_params={back}"

    def exchange(self, request_token: str) -> Grant:
        """Return the access token that a request token is good for, once."""
        client = self._client(None)
        with self._asking("a sign-in", self._others, request_token):
            answer = client.generate_session(request_token, self._api_secret)
            token, user = str(answer["access_token"]), str(answer["user_id"])
        return Grant(self._api_key, token, user, self._clock.now_ns())

    def check(self, access_token: str) -> str:
        """Return the user id a token belongs to."""
        with self._asking("the user's profile", self._others, access_token):
            return str(self._client(access_token).profile()["user_id"])

    def instruments(self, access_token: str) -> bytes:
        """Return the day's instruments dump: CSV of all exchanges."""
        client = self._client(access_token, DUMP_TIMEOUT_S)
        with self._asking("the instruments", self._others, access_token):
            dump = client.instruments()
        if not isinstance(dump, bytes):
            raise KiteError("Kite's instruments are no CSV: try again")
        return dump

    def last_prices(
        self, access_token: str, instruments: Sequence[Instrument]
    ) -> Mapping[int, float]:
        """Return last prices [INR] by token; what Kite does not know is left out.

        So is what has never traded, and a name that Kite gives to another token.
        """
        prices: dict[int, float] = {}
        for first in range(0, len(instruments), IN_A_REQUEST):
            asked = {
                f"{i.exchange}:{i.symbol}": i.token for i in instruments[first:][:IN_A_REQUEST]
            }
            with self._asking("last prices", self._quotes, access_token):
                for name, quoted in self._client(access_token).ltp(*asked).items():
                    price = float(quoted["last_price"])
                    if asked.get(name) == quoted["instrument_token"] and 0 < price < np.inf:
                        prices[asked[name]] = price
        return prices

    def candles(
        self, access_token: str, token: int, timeframe: str, start: datetime, end: datetime
    ) -> npt.NDArray[np.void]:
        """Return historical candles that start in [start, end), as BAR_DTYPE.

        Raises
        ------
        InputError
            If Kite knows no candles of that timeframe.
        """
        if timeframe not in INTERVALS:
            raise InputError(f"Kite has no candles of {timeframe}: take {', '.join(INTERVALS)}")
        interval = INTERVALS[timeframe]
        arrays = [np.empty(0, BAR_DTYPE)]
        for part in parts(start, end, interval):
            with self._asking(f"candles of instrument {token}", self._candles, access_token):
                candles = self._client(access_token).historical_data(
                    token, _ist(part[0]), _ist(part[1], before=1), interval, oi=has_oi(token)
                )
            arrays.append(read_candles(candles, token))
        bars = np.concatenate(arrays)
        first, last = to_ns(start) / SECOND_NS, to_ns(end) / SECOND_NS
        return bars[(bars["start"] >= first) & (bars["start"] < last)]

    # -- inside --------------------------------------------------------------------------------

    @contextmanager
    def _asking(self, what: str, pacer: Pacer, *secrets: str) -> Iterator[None]:
        hidden = (self._api_secret, *secrets)
        with pacer.turn(), asking(what, self._clock, hidden, pacer.bar):
            yield

    def _client(self, access_token: str | None, least_s: float = 0) -> Client:
        timeout_s = max(self._timeout_s, least_s)
        root = self._endpoints.rest
        return Client(self._api_key, access_token, root, timeout_s, self._connections)


def _ist(at: datetime, before: int = 0) -> str:
    """Return an instant as Kite reads it, some seconds earlier: its ranges include their end."""
    return (at - timedelta(seconds=before)).astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
