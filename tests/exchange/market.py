"""What is traded on the exchange: its dump, its prices, its own candles."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import IST, from_seconds, to_ns
from dashboard.core.market import TIMEFRAMES, Instrument, Kind

COLUMNS = (
    *("instrument_token", "exchange_token", "tradingsymbol", "name", "last_price", "expiry"),
    *("strike", "tick_size", "lot_size", "instrument_type", "segment", "exchange"),
)
INTERVALS = {"minute": 1, "5minute": 5, "15minute": 15, "30minute": 30, "day": 1440}
DAYS = {"minute": 60, "5minute": 100, "15minute": 200, "30minute": 200, "day": 2000}
SEGMENTS = {"NFO": {Kind.FUTURE: "NFO-FUT"}, "BFO": {Kind.FUTURE: "BFO-FUT"}}


@dataclass
class Market:
    """Instruments, last prices [INR] and one-minute candles (BAR_DTYPE) by token."""

    instruments: tuple[Instrument, ...]
    prices: dict[int, float] = field(default_factory=dict)
    candles: dict[int, npt.NDArray[np.void]] = field(default_factory=dict)
    padding: int = 0  # equities that nobody asked for, to make the dump as long as Kite's

    def dump(self, fault: str = "") -> bytes:
        """Return the instruments dump as Kite sends it."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        header = [c if not (fault == "renamed" and c == "lot_size") else "lots" for c in COLUMNS]
        writer.writerow(header)
        rows = [_row(one) for one in self.instruments]
        if fault == "duplicate":
            rows.append(rows[-1])
        if fault == "unknown":
            rows.append([7 << 8 | 77, 7, "MOON26AUGFUT", "MOON", 0, "2026-08-25", 0, 0.05, 1, "FUT",
                         "MOO-FUT", "MOO"])  # fmt: skip
        writer.writerows(rows)
        writer.writerows(self._equities())
        text = out.getvalue().encode()
        return text[: len(text) // 2 - 7] if fault == "truncated" else text

    def _equities(self) -> Iterable[list[object]]:
        for number in range(self.padding):
            exchange_token = 5_000_000 + number
            yield [exchange_token << 8 | 1, exchange_token, f"STOCK{number}", f"STOCK {number}", 0,
                   "", 0, 0.05, 1, "EQ", "NSE", "NSE"]  # fmt: skip

    def history(
        self, token: int, interval: str, start: datetime, end: datetime, *, oi: bool
    ) -> list[list[object]]:
        """Return candles that start in [start, end], as Kite's lists."""
        bars = self.candles.get(token)
        if bars is None:
            return []
        first, last = to_ns(start) // 10**9, to_ns(end) // 10**9
        bars = _resampled(bars, INTERVALS[interval])
        bars = bars[(bars["start"] >= first) & (bars["start"] <= last)]
        return [_candle(bar, oi=oi) for bar in bars]


def _row(one: Instrument) -> list[object]:
    segment = "INDICES" if one.kind is Kind.INDEX else one.exchange
    if one.expiry is not None:
        segment = f"{one.exchange}-{'FUT' if one.kind is Kind.FUTURE else 'OPT'}"
    return [
        one.token,
        one.token >> 8,
        one.symbol,
        one.symbol if one.kind is Kind.INDEX else one.underlying,
        0,
        one.expiry or "",
        one.strike or 0,
        0 if one.kind is Kind.INDEX else one.tick,
        0 if one.kind is Kind.INDEX else one.lot,
        "EQ" if one.kind is Kind.INDEX else one.kind.value,
        segment,
        one.exchange,
    ]


def _candle(bar: np.void, *, oi: bool) -> list[object]:
    stamp = from_seconds(int(bar["start"])).strftime("%Y-%m-%dT%H:%M:%S%z")
    volume = 0 if np.isnan(bar["volume"]) else int(bar["volume"])
    candle = [stamp, *(float(bar[n]) for n in ("open", "high", "low", "close")), volume]
    if oi:
        candle.append(0 if np.isnan(bar["oi"]) else int(bar["oi"]))
    return candle


def _resampled(bars: npt.NDArray[np.void], minutes: int) -> npt.NDArray[np.void]:
    if minutes == 1 or not len(bars):
        return bars
    day = (bars["start"] + 19_800) // 86_400
    opens = bars["start"][np.searchsorted(day, day)]
    bucket = day * 10_000 if minutes not in TIMEFRAMES.values() else (
        day * 10_000 + (bars["start"] - opens) // (60 * minutes)
    )  # fmt: skip
    first = np.flatnonzero(np.diff(bucket, prepend=-1))
    made = bars[first].copy()
    made["high"] = np.maximum.reduceat(bars["high"], first)
    made["low"] = np.minimum.reduceat(bars["low"], first)
    made["close"] = bars["close"][np.append(first[1:], len(bars)) - 1]
    made["volume"] = np.add.reduceat(bars["volume"], first)
    if minutes not in TIMEFRAMES.values():
        made["start"] = day[first] * 86_400 - 19_800
    return made


def parse_time(text: str) -> datetime:
    """Return a time as clients write it: naive, and IST is meant."""
    return datetime.fromisoformat(text).replace(tzinfo=IST)
