"""Where a reading stands: its number on a ruler with the section's thresholds."""

from dataclasses import dataclass
from typing import Any

from dashboard.core.signal import Reading
from dashboard.core.wording import MINUS
from dashboard.signals import (
    adx,
    candle,
    confluence,
    max_pain,
    momentum,
    oi_buildup,
    pcr,
    support_resistance,
    vix,
    volume,
    vwap,
)
from dashboard.ui.phrases import known

BEAR, NONE, SOME, BULL = "bear", "", "some", "bull"  # what a part of a ruler says
MARGIN = 0.08  # of a ruler of prices, beyond its outer levels
NEAR = 1e-9  # of a price: levels closer than this are one


@dataclass(frozen=True)
class Scale:
    """A ruler of one column: `edges` part it into bands, each of one kind."""

    column: str
    label: str
    low: float
    high: float
    edges: tuple[float, ...]
    kinds: tuple[str, ...]
    names: tuple[str, ...] = ()
    ticks: tuple[float, ...] = ()
    digits: int = 2
    unit: str = ""


SCALES = {
    "confluence": Scale(
        "total", "total", -75, 75, (-confluence.ENTER, confluence.ENTER), (BEAR, NONE, BULL),
        ticks=(-50, -confluence.LEAVE, 0, confluence.LEAVE, 50), digits=1,
    ),
    "momentum": Scale(
        "rsi14", "RSI", 20, 80, (momentum.DOWN, momentum.UP), (BEAR, NONE, BULL),
        ticks=(momentum.OVERSOLD, 50, momentum.OVERBOUGHT), digits=1,
    ),
    "adx": Scale(
        "adx14", "ADX", 0, 60, (adx.NO_TREND, adx.TRENDING, adx.STRONG), (NONE, NONE, SOME, SOME),
        names=("no trend", "building", "trend", "strong"), digits=1,
    ),
    "vwap": Scale(
        "vwap_z", "z", -4, 4, (0,), (BEAR, BULL), ticks=(-vwap.STRETCHED, vwap.STRETCHED), unit="σ"
    ),
    "volume": Scale(
        "rvol_tod", "× usual", 0, 3, volume.EDGES, (NONE, NONE, SOME, SOME),
        names=("dry", "normal", "high", "extreme"), ticks=(1,),
    ),
    "support_resistance": Scale(
        "room", "room", -1, 1, (-support_resistance.ROOM, support_resistance.ROOM),
        (BEAR, NONE, BULL), ticks=(0,),
    ),
    "candle": Scale(
        "body_pct", "body", 0, 100, (100 * candle.DOJI, 100 * candle.CONVICTION),
        (NONE, NONE, SOME), names=("doji", "", "conviction"), digits=0, unit="%",
    ),
    "pcr": Scale(
        "pcr_oi", "PCR", 0.3, 1.8, (pcr.LOW, pcr.HIGH), (BEAR, NONE, BULL),
        ticks=(pcr.EXTREME_LOW, 1, pcr.EXTREME_HIGH),
    ),
    "oi_buildup": Scale(
        "price_change_pct", "price", -1, 1, (-oi_buildup.DAY_PRICE, oi_buildup.DAY_PRICE),
        (BEAR, NONE, BULL), ticks=(-0.5, 0.5), unit="%",
    ),
    "max_pain": Scale(
        "max_pain_distance", "spot from it", -1.5, 1.5,
        (-max_pain.NEAR_PERCENT, max_pain.NEAR_PERCENT), (BULL, NONE, BEAR), ticks=(-1, 0, 1),
        unit="%",
    ),
    "vix": Scale(
        "vix", "VIX", 9, 33, vix.EDGES, (NONE, NONE, SOME, SOME, SOME), names=vix.REGIMES
    ),
}  # fmt: skip

# The levels that a price is held against, by the letters of a tick.
LEVELS = {
    "ema": {"9": "ema9", "20": "ema20", "50": "ema50", "200": "ema200"},
    "supertrend": {"10,3": "st_10_3", "7,3": "st_7_3"},
    "psar": {"SAR": "psar"},
    "volume_profile": {"VAL": "val", "POC": "poc", "VAH": "vah"},
    "pivots": {n.upper(): f"classic_{n}" for n in ("s3", "s2", "s1", "p", "r1", "r2", "r3")},
    "orb": {"low": "or15_low", "high": "or15_high"},
    "structure": {"swing low": "last_swing_low", "swing high": "last_swing_high"},
}


def ruler(name: str, final: Reading, price: float | None) -> dict[str, Any] | None:
    """Return the ruler of a section; `price` [INR] is what its levels are held against.

    Places are in percent of the ruler's length. None where the section has no ruler, or
    nothing to put on it.
    """
    if name in SCALES:
        return scale(SCALES[name], final.values.get(SCALES[name].column))
    return _prices(LEVELS.get(name, {}), final, price)


def scale(one: Scale, value: float | str | None) -> dict[str, Any]:
    """Return a ruler of thresholds; without a value it has no pointer."""
    ends = (one.low, *one.edges, one.high)
    names = one.names or ("",) * len(one.kinds)
    bands = [
        {"x": _place(one, a), "w": _place(one, b) - _place(one, a), "kind": kind, "name": name}
        for a, b, kind, name in zip(ends, ends[1:], one.kinds, names, strict=False)
    ]
    ticks = [{"x": _place(one, at), "text": _tick(at)} for at in sorted((*one.edges, *one.ticks))]
    pointer = None
    if isinstance(value, float):
        text = f"{one.label} {known(value, one.digits, signed=one.low < 0)}{one.unit}"
        pointer = {"x": _place(one, value), "text": text}
    sides = {BEAR: f"{'▼'} bearish", BULL: f"bullish {'▲'}"}
    left, right = one.kinds[0], one.kinds[-1]
    ends_text = [sides.get(left, ""), sides.get(right, "")] if left != right else ["", ""]
    if left == BULL:
        ends_text = ["▲ bullish", "bearish ▼"]
    return {"bands": bands, "ticks": ticks, "pointer": pointer, "ends": ends_text}


def _place(one: Scale, value: float) -> float:
    share = (value - one.low) / (one.high - one.low)
    return round(100 * min(1.0, max(0.0, share)), 2)


def _tick(value: float) -> str:
    return f"{abs(value):g}" if value >= 0 else f"{MINUS}{abs(value):g}"


def _prices(levels: dict[str, str], final: Reading, price: float | None) -> dict[str, Any] | None:
    """Return a ruler of price levels, and where the price is among them."""
    found = [(text, final.values.get(column)) for text, column in levels.items()]
    known_levels = [(text, value) for text, value in found if isinstance(value, float)]
    if not known_levels:
        return None
    at = [value for _, value in known_levels] + ([price] if price is not None else [])
    low, high = min(at), max(at)
    margin = max((high - low) * MARGIN, high * NEAR)
    whole = Scale("", "", low - margin, high + margin, (), ())
    ticks = [
        {"x": _place(whole, value), "text": text, "title": f"{text} {known(value)}"}
        for text, value in sorted(known_levels, key=lambda pair: pair[1])
    ]
    pointer = None
    if price is not None:
        pointer = {"x": _place(whole, price), "text": f"now {known(price)}"}
    bands = [{"x": 0, "w": 100, "kind": NONE, "name": ""}]
    return {"bands": bands, "ticks": ticks, "pointer": pointer, "ends": ["", ""]}
