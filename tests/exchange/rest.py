"""Kite's REST interface, as far as Tezi asks it."""

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from tornado.web import RequestHandler

from tests.exchange.market import DAYS, INTERVALS, parse_time

if TYPE_CHECKING:
    from tests.exchange.server import Exchange

A_SECOND = {"historical": 3, "quote": 1}
PAGE = "<html><head><title>Gateway</title></head><body><h1>Bad gateway</h1></body></html>"


class Answer(RequestHandler):
    """What every route shares: faults, counts, limits, authorization."""

    route = ""
    open_to_all = False

    def initialize(self, exchange: "Exchange") -> None:
        self.exchange = exchange

    async def prepare(self) -> None:
        exchange, faults = self.exchange, self.exchange.faults
        exchange.asked[self.route] += 1
        if faults.silent:
            await asyncio.sleep(60)
        if faults.status:
            self.refuse(faults.status, "NetworkException", "Something went wrong")
        elif not exchange.paced(self.route):
            self.refuse(429, "NetworkException", "Too many requests")
        elif not self.open_to_all and not self._is_known():
            self.refuse(403, "TokenException", "Incorrect `api_key` or `access_token`.")

    def _is_known(self) -> bool:
        scheme, _, rest = self.request.headers.get("Authorization", "").partition(" ")
        api_key, _, token = rest.partition(":")
        return scheme == "token" and self.exchange.accounts.knows(api_key, token)

    def refuse(self, status: int, kind: str, message: str) -> None:
        self.set_status(status)
        faults = self.exchange.faults
        if status == 429 and faults.retry_after:
            self.set_header("Retry-After", faults.retry_after)
        if faults.html:
            self.set_header("Content-Type", "text/html")
            self.finish(PAGE)
            return
        self.finish({"status": "error", "error_type": kind, "message": message, "data": None})

    def tell(self, data: Any) -> None:
        self.finish({"status": "success", "data": data})

    def log_exception(self, *_: Any) -> None:
        """Keep a client that went away out of the way."""


class Login(Answer):
    """A person signs in at once, or is denied."""

    route, open_to_all = "login", True

    def get(self) -> None:
        app = self.exchange.accounts.apps.get(self.get_query_argument("api_key", ""))
        if app is None:
            self.refuse(400, "InputException", "Invalid `api_key`.")
            return
        back = dict(parse_qsl(self.get_query_argument("redirect_params", "")))
        words = {"action": "login", "type": "login", "status": "success"}
        words["request_token"] = self.exchange.accounts.request_token(app.api_key)
        if self.exchange.denies:
            words = {"action": "login", "status": "cancelled"}
        self.redirect(f"{app.redirect}?{urlencode({**words, **back})}")


class Token(Answer):
    route, open_to_all = "token", True

    def post(self) -> None:
        found = self.exchange.accounts.exchange(
            *(self.get_body_argument(n, "") for n in ("api_key", "request_token", "checksum"))
        )
        if found is None:
            self.refuse(403, "TokenException", "Token is invalid or has expired.")
            return
        app, access_token = found
        words = {"user_id": app.user_id, "user_name": "A Trader", "api_key": app.api_key}
        self.tell({**words, "access_token": access_token, "login_time": "2026-08-18 08:51:00"})

    def delete(self) -> None:
        self.exchange.accounts.kill(self.get_query_argument("api_key", ""))
        self.tell(True)


class Profile(Answer):
    route = "profile"

    def get(self) -> None:
        self.tell({"user_id": "AB1234", "user_name": "A Trader", "exchanges": ["NFO", "BFO"]})


class Dump(Answer):
    route = "instruments"

    def get(self) -> None:
        fault = self.exchange.faults.dump
        if fault == "html":
            self.set_header("Content-Type", "text/csv")
            self.finish(PAGE)
            return
        self.set_header("Content-Type", "text/csv")
        self.finish(self.exchange.market.dump(fault))


class LastPrices(Answer):
    route = "quote"

    def get(self) -> None:
        market = self.exchange.market
        by_name = {f"{one.exchange}:{one.symbol}": one for one in market.instruments}
        found = {}
        for name in self.get_query_arguments("i"):
            one = by_name.get(name)
            price = market.prices.get(one.token) if one else None
            if one is not None and price is not None:
                found[name] = {"instrument_token": one.token, "last_price": price}
        self.tell(found)


class Historical(Answer):
    route = "historical"

    def get(self, token: str, interval: str) -> None:
        if interval not in INTERVALS:
            self.refuse(400, "InputException", "Invalid `interval`.")
            return
        start, end = (parse_time(self.get_query_argument(name)) for name in ("from", "to"))
        if (end - start).days > DAYS[interval]:
            limit = DAYS[interval]
            self.refuse(400, "InputException", f"interval exceeds max limit: {limit} days")
            return
        oi = self.get_query_argument("oi", "0") == "1"
        candles = self.exchange.market.history(int(token), interval, start, end, oi=oi)
        self.tell({"candles": candles})


class Pace:
    """Kite's limits: so many requests of a route in a second."""

    limits: ClassVar[dict[str, int]] = A_SECOND

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}
        self.refused: Counter[str] = Counter()

    def allows(self, route: str, now: float) -> bool:
        limit = self.limits.get(route)
        if limit is None:
            return True
        times = self._times.setdefault(route, deque())
        while times and now - times[0] >= 1.0:
            times.popleft()
        if len(times) >= limit:
            self.refused[route] += 1
            return False
        times.append(now)
        return True


ROUTES = (
    (r"/connect/login", Login),
    (r"/session/token", Token),
    (r"/user/profile", Profile),
    (r"/instruments", Dump),
    (r"/quote/ltp", LastPrices),
    (r"/instruments/historical/(\d+)/(\w+)", Historical),
)
