"""Instruments dumps to fetch: small ones, typed in as rows, and an API that has them."""

from collections.abc import Iterable, Sequence
from datetime import date

from dashboard.core.kite import Grant
from dashboard.core.market import Instrument, Kind
from dashboard.core.symbols import make_token

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,"
    "tick_size,lot_size,instrument_type,segment,exchange"
)
INDEX_ROWS = (
    "256265,1001,NIFTY 50,NIFTY 50,0.0,,0.0,0.0,0,EQ,INDICES,NSE",
    "260105,1016,NIFTY BANK,NIFTY BANK,0.0,,0.0,0.0,0,EQ,INDICES,NSE",
    "264969,1035,INDIA VIX,INDIA VIX,0.0,,0.0,0.0,0,EQ,INDICES,NSE",
    "265,1,SENSEX,SENSEX,0.0,,0.0,0.0,0,EQ,INDICES,BSE",
)
GRANT = Grant("key", "token", "AB1234", 0)
MONTHS = {
    "NIFTY": (date(2026, 8, 25), date(2026, 9, 29), date(2026, 10, 27)),
    "BANKNIFTY": (date(2026, 8, 25), date(2026, 9, 29), date(2026, 10, 27)),
    "SENSEX": (date(2026, 8, 27), date(2026, 9, 24), date(2026, 10, 29)),
}
EXPIRIES = {
    "NIFTY": (date(2026, 8, 18), date(2026, 8, 25), date(2026, 9, 1)),
    "BANKNIFTY": (date(2026, 8, 25), date(2026, 9, 29), date(2026, 10, 27)),
    "SENSEX": (date(2026, 8, 20), date(2026, 8, 27), date(2026, 9, 3)),
}
LOTS = {"NIFTY": 65, "BANKNIFTY": 30, "SENSEX": 20}
STEPS = {"NIFTY": 50, "BANKNIFTY": 100, "SENSEX": 100}
SPOTS = {"NIFTY": 24412.0, "BANKNIFTY": 57031.0, "SENSEX": 80020.0}


def future(name: str, expiry: date) -> Instrument:
    exchange = "BFO" if name == "SENSEX" else "NFO"
    symbol = f"{name}{expiry:%y%b}FUT".upper()
    token = make_token(symbol, exchange)
    return Instrument(token, symbol, exchange, name, Kind.FUTURE, expiry, lot=LOTS[name])


def option(name: str, expiry: date, strike: float, kind: Kind) -> Instrument:
    exchange = "BFO" if name == "SENSEX" else "NFO"
    symbol = f"{name}{expiry:%y%m%d}{strike:g}{kind}"
    token = make_token(symbol, exchange)
    return Instrument(token, symbol, exchange, name, kind, expiry, strike, LOTS[name])


def options(name: str, expiry: date, strikes: Iterable[float]) -> list[Instrument]:
    both = (Kind.CALL, Kind.PUT)
    return [option(name, expiry, strike, kind) for strike in strikes for kind in both]


def market(each_side: int = 60) -> list[Instrument]:
    """Return the contracts of 2026-08-18, `each_side` strikes round 24400, 57000 and 80000."""
    money = {"NIFTY": 24400, "BANKNIFTY": 57000, "SENSEX": 80000}
    found = []
    for name, middle in money.items():
        found += [future(name, expiry) for expiry in MONTHS[name]]
        ladder = [middle + STEPS[name] * k for k in range(-each_side, each_side + 1)]
        for expiry in EXPIRIES[name]:
            found += options(name, expiry, ladder)
    return found


def dump(instruments: Sequence[Instrument], *more: str) -> bytes:
    rows = [
        f"{i.token},{i.token >> 8},{i.symbol},{i.underlying},0.0,{i.expiry},{i.strike or 0.0},"
        f"{i.tick},{i.lot},{i.kind},{i.exchange}-{'OPT' if i.is_option else 'FUT'},{i.exchange}"
        for i in instruments
    ]
    return "\n".join([HEADER, *more, *rows, ""]).encode()


class DumpApi:
    """Answer with one dump."""

    api_key = "key"

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.tokens: list[str] = []

    def instruments(self, access_token: str) -> bytes:
        self.tokens.append(access_token)
        return self.content
