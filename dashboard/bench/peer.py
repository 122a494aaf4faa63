"""The straightforward pipeline that replays are measured against.

Kite's own parser makes a dict of each tick, and a dict of each instrument's bar takes it
in: one minute, open, high, low, close, volume, oi. It has no hygiene, no chain, no
sections and no store; it is what a day's work with the client library comes to.
"""

from datetime import datetime
from typing import Any

from kiteconnect.ticker import KiteTicker

HEARTBEAT_BYTES = 1

Bar = dict[str, Any]


class PlainPipeline:
    """Take in Kite's messages, keep the bar in progress and the closed ones."""

    def __init__(self) -> None:
        self._parser = KiteTicker("", "")
        self._open: dict[int, Bar] = {}
        self._totals: dict[int, int] = {}
        self.bars: list[Bar] = []
        self.ticks = 0

    def process(self, payload: bytes) -> None:
        """Take in one message."""
        if len(payload) <= HEARTBEAT_BYTES:
            return
        for tick in self._parser._parse_binary(payload):
            self.ticks += 1
            self._add(tick)

    def _add(self, tick: dict[str, Any]) -> None:
        stamp: datetime | None = tick.get("exchange_timestamp")
        if stamp is None:
            return
        token, price = tick["instrument_token"], tick["last_price"]
        start = stamp.replace(second=0, microsecond=0)
        bar = self._open.get(token)
        if bar is None or bar["start"] != start:
            if bar is not None:
                self.bars.append(bar)
            bar = {"token": token, "start": start, "open": price, "high": price, "low": price}
            bar["volume"] = 0
            self._open[token] = bar
        if price > bar["high"]:
            bar["high"] = price
        if price < bar["low"]:
            bar["low"] = price
        bar["close"] = price
        total = tick.get("volume_traded", 0)
        bar["volume"] += total - self._totals.get(token, total)
        self._totals[token] = total
        bar["oi"] = tick.get("oi")
