"""Whole snapshots without a pipeline: Tuesday 18 August 2026, 13:42:18, as it was drawn.

Every variant is the same moment with one thing changed, so that a test or a person can
look at each state of the page.
"""

import math
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from dashboard.core.clock import IST, day_start_s
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary, Gap
from dashboard.core.signal import (
    Inputs,
    PriceLevel,
    Reading,
    Signal,
    Stance,
    Verdict,
    Warmup,
    insufficient,
)
from dashboard.core.view import Level, Line, Number, View
from dashboard.pipeline.snapshot import (
    ChainRow,
    ChainView,
    Explained,
    IndexQuote,
    InputView,
    Phase,
    Snapshot,
    Stage,
    TimelineView,
)
from tests.ui.sample_options import make_choices

DAY = date(2026, 8, 18)
MIDNIGHT = day_start_s(DAY)
AT = datetime(2026, 8, 18, 13, 42, 18, tzinfo=IST)
CLOSED = datetime(2026, 8, 18, 13, 40, tzinfo=IST)
LAKH = 100_000.0
BULL, BEAR, NEUTRAL, NONE = Stance.BULLISH, Stance.BEARISH, Stance.NEUTRAL, Stance.INSUFFICIENT

# id, title, stance, strength, reason, flags, (label, value, digits, signed, unit) ...
CARDS = (
    ("confluence", "Confluence", NEUTRAL, 0, "Trend and momentum down, location up", (),
     (("total", -9.43, 2, True), ("coverage", 94.0, 0, False, "%"))),
    ("momentum", "Momentum", BEAR, 60, "MACD and ROC down; RSI 42.4 in 40–60", (),
     (("RSI", 42.4, 1), ("MACD hist", -8.2, 2, True), ("ROC10", -0.21, 2, True, "%"))),
    ("ema", "EMA stack", BULL, 33, "2 of 3 pairs ordered up; 9 < 20 since 13:15", ("mixed",),
     (("9", 24308.0, 1), ("20", 24319.3, 1), ("50", 24306.3, 1))),
    ("adx", "Trend strength", BEAR, 68, "−DI 28.8 > +DI 11.6; ADX 31.9 > 25, rising", (),
     (("ADX", 31.9, 1), ("+DI", 11.6, 1), ("−DI", 28.8, 1))),
    ("supertrend", "SuperTrend", BEAR, 74, "Close 24,300.70 < 24,337.42; both agree", (),
     (("10,3", 24337.4, 1), ("7,3", 24337.2, 1), ("gap", -36.7, 1, True))),
    ("psar", "Parabolic SAR", BEAR, 26, "Close −8.5 pts from the stop; step at its cap", (),
     (("SAR", 24309.2, 1), ("AF", 0.2, 2), ("gap", -8.5, 1, True))),
    ("vwap", "VWAP", BULL, 18, "Close 24,300.70 > 24,280.46; slope up", ("stretched",),
     (("VWAP", 24280.5, 1), ("z", 0.36, 2, True), ("1σ", 55.9, 1))),
    ("volume", "Volume", NONE, 0, "Needs 10 baseline sessions, has 7", (),
     (("rvol20", 0.84, 2), ("baseline", None, 2))),
    ("volume_profile", "Volume profile", NEUTRAL, 0, "Inside value area; POC moved 13:12", (),
     (("POC", 24287.5, 1), ("VAH", 24350.0, 1), ("VAL", 24225.0, 1))),
    ("pivots", "Pivot points", BULL, 38, "Close 24,300.70 > TC 24,261.07", (),
     (("P", 24235.0, 1), ("R1", 24347.3, 1), ("CPR", 0.22, 2, False, "%"))),
    ("support_resistance", "Support / resistance", NEUTRAL, 0,
     "Support 25.7 below, resistance 32.3 above", (),
     (("S", 24275.0, 1), ("R", 24333.0, 1), ("room", 0.11, 2, True))),
    ("orb", "Opening range", BULL, 100, "Closed above high 10:27; held 3h 13m", (),
     (("15m high", 24254.8, 1), ("low", 24232.2, 1), ("dist", 46.0, 1, True))),
    ("structure", "Market structure", BEAR, 25, "Broke swing low 24,331.4 at 12:50", (),
     (("H", 24360.2, 1), ("L", 24290.6, 1))),
    ("candle", "Candle intent", BEAR, 38, "Body 61% down, weak volume", (),
     (("body", 61.0, 0, False, "%"), ("close loc", 0.22, 2), ("rvol", 0.84, 2))),
    ("pcr", "Put-call ratio", NEUTRAL, 0, "0.84 in 0.80–1.20; OI 1m 50s old", (),
     (("OI", 0.84, 2), ("vol", 0.88, 2), ("ATM±5", 0.8, 2))),
    ("oi_buildup", "OI build-up", BULL, 17, "Short covering; next-month OI not updated", ("stale",),
     (("Δ price", 0.06, 2, True, "%"), ("Δ OI", -1.2, 2, True, "%"), ("roll", 31, 0, False, "%"))),
    ("max_pain", "Max pain", NEUTRAL, 0, "Spot within 0.3% of 24,300; weak evidence", (),
     (("strike", 24300.0, 0), ("dist", 2.4, 1, True))),
    ("vix", "India VIX regime", NEUTRAL, 0, "VIX 13.42 in 12–16; one-session move ±205.4", (),
     (("VIX", 13.42, 2), ("day", -2.11, 2, True, "%"), ("move", 205.4, 1))),
)  # fmt: skip
# Columns that a card of double width reads besides its numbers.
BESIDES = {
    "confluence": {
        "trend_group": -6.90, "momentum_group": -9.00, "location_group": 7.62,
        "participation_group": -2.85, "derivatives_group": 1.70, "vix_factor": 1.0,
        "ema": 3.3, "supertrend": -5.6, "structure": -2.4, "psar": -2.2, "momentum": -9.0,
        "vwap": 1.4, "orb": 5.1, "pivots": 1.12, "support_resistance": 0.0, "volume": None,
        "volume_profile": 0.0, "candle": -2.85, "oi_buildup": 1.7, "pcr": 0.0, "max_pain": 0.0,
    },
    "vix": {"vix": 13.42, "regime": "normal", "factor": 1.0, "percentile": 38.1},
}  # fmt: skip
SIX = ("pivots", "vwap", "orb", "supertrend", "ema", "pcr")
ALL = tuple(card[0] for card in CARDS)
DRAWN: dict[str, View] = {
    "vwap": (Line(("vwap",), "VWAP ±1σ", tag="VW", anchored=True),),
    "supertrend": (Line(("st",), "SuperTrend", direction="dir", tag="ST"),),
    "pivots": (Level("p", "P"),),
    "ema": (Line(("a",), "EMA 9", colour="c3"), Line(("b",), "EMA 20")),
    "orb": (Level("h", "OR high", colour="c4"),),
}


def _number(
    label: str, _: float | None, digits: int, signed: bool = False, unit: str = ""
) -> Number:
    return Number(label, label, unit=unit, digits=digits, signed=signed)


def _calculate(bars: pd.DataFrame) -> pd.DataFrame:
    return bars


def _judge(table: pd.DataFrame, inputs: Inputs) -> Verdict:
    return insufficient("The sample calculates nothing")


def make_signals(names: tuple[str, ...]) -> dict[str, Signal]:
    """Return the sections' titles and views, in the drawn order."""
    return {
        name: Signal(
            title=title,
            order=order,
            needs=("index",),
            calculate=_calculate,
            judge=_judge,
            view=(
                *(_number(*number) for number in numbers),
                *DRAWN.get(name, ()),
            ),
            id=name,
        )
        for order, (name, title, *_, numbers) in enumerate(CARDS)
        if name in names
    }


def make_reading(name: str, underlying: str = "NIFTY", **changes: object) -> Reading:
    """Return one drawn reading, with `changes` to its fields."""
    _, _, stance, strength, reason, flags, numbers = next(c for c in CARDS if c[0] == name)
    reading = Reading(
        id=name,
        underlying=underlying,
        instrument="NIFTY26AUGFUT" if name == "vwap" else underlying,
        timeframe="5m",
        bar_ts=CLOSED - timedelta(minutes=5),
        asof=CLOSED - timedelta(minutes=4) if "stale" in flags else CLOSED,
        final=True,
        state=stance,
        strength=float(strength),
        values={n[0]: n[1] for n in numbers} | BESIDES.get(name, {}),
        levels=(PriceLevel("P", 24235.0), PriceLevel("R1", 24347.3)) if name == "pivots" else (),
        reason=reason,
        flags=flags,
        warmup=Warmup(7, 10) if stance is NONE else Warmup(60, 60),
    )
    return replace(reading, **changes)  # type: ignore[arg-type]


def make_forming(name: str) -> Reading:
    """Return the same section on the bar that is still forming."""
    return make_reading(name, final=False, bar_ts=CLOSED, asof=None, flags=("provisional",))


def make_explained() -> dict[tuple[str, str, str], Explained]:
    """Return what is known of momentum: neutral until 13:35, bearish since."""
    before = CLOSED - timedelta(minutes=5)
    history = (
        make_reading("momentum", state=NEUTRAL, strength=0.0, asof=before - timedelta(minutes=5)),
        make_reading("momentum", asof=before),
        make_reading("momentum"),
    )
    index = InputView("index", "NIFTY", 485, CLOSED - timedelta(minutes=5))
    return {("NIFTY", "momentum", "5m"): Explained((index,), history)}


def make_closes(start: float, end: float, minutes: int = 267) -> tuple[float, ...]:
    """Return a smooth path that looks like a morning."""
    steps = np.linspace(0, 1, minutes)
    waves = 60 * np.sin(steps * 5.5) + 9 * np.sin(steps * 41) + 4 * np.sin(steps * 97)
    return tuple((start + (end - start) * steps + waves - waves[-1] * steps).tolist())


def make_indices() -> dict[str, IndexQuote]:
    """Return the three quotes as drawn; SENSEX is stale and has no chain."""
    nifty = IndexQuote(
        "NIFTY", "NIFTY 50", 24302.40, 24287.15, 15.25, 0.0628, 24246.0, 24384.4, 24195.2, 0.4,
        spark=make_closes(24246, 24302.4), pcr=0.84,
    )  # fmt: skip
    bank = IndexQuote(
        "BANKNIFTY", "BANKNIFTY", 54106.35, 54352.20, -245.85, -0.4523, 54315.0, 54418.7, 54043.1,
        0.4, spark=make_closes(54315, 54106.35), pcr=0.71,
    )  # fmt: skip
    sensex = IndexQuote(
        "SENSEX", "SENSEX", 79488.12, 79402.55, 85.57, 0.1078, 79300.0, 79811.0, 79147.0, 7.0,
        stale=True, spark=make_closes(79300, 79488.12),
        pcr_reason="No SENSEX chain in this recording",
    )  # fmt: skip
    return {"NIFTY": nifty, "BANKNIFTY": bank, "SENSEX": sensex}


# strike, then calls and puts: change in OI, OI, volume [lakh], IV, last price
STRIKES = (
    (24150, (-1.7, 3.5, 19, 13.5, 155.55), (6.5, 64.8, 293, None, 0.05)),
    (24200, (-3.5, 14.2, 100, 13.3, 105.80), (-15.8, 90.4, 657, 13.3, 0.25)),
    (24250, (-17.1, 39.7, 217, 13.1, 58.40), (8.5, 54.0, 374, 13.1, 2.85)),
    (24300, (-26.0, 98.2, 1025, 12.9, 21.60), (2.8, 104.0, 876, 12.9, 16.05)),
    (24350, (-4.1, 50.0, 254, 12.7, 4.15), (0.3, 28.6, 252, 12.7, 48.60)),
    (24400, (10.9, 123.7, 840, 12.6, 0.35), (-1.3, 9.2, 62, 12.6, 94.80)),
    (24450, (13.9, 71.5, 412, 12.5, 0.05), (-1.0, 3.0, 15, 12.5, 144.45)),
)


def make_chain() -> ChainView:
    """Return the drawn rows round the money, and quieter ones away from it."""
    drawn = {strike: (calls, puts) for strike, calls, puts in STRIKES}
    rows = []
    for strike in range(23300, 25350, 50):
        away = abs(strike - 24300) / 50
        fade = math.exp(-away / 8)
        inner = max(24305.55 - strike, 0.05)
        calls, puts = drawn.get(
            strike,
            (
                (-0.4 * fade, 40 * fade, 30 * fade, 12.9 + 0.2 * away, inner),
                (0.6 * fade, 44 * fade, 41 * fade, None, max(strike - 24305.55, 0.05)),
            ),
        )
        rows.append(_row(float(strike), calls, puts))
    return ChainView(
        "NIFTY", DAY, 0, tuple(rows), 24300.0, 24302.4, 24305.55, "NIFTY26AUGFUT", 7062.0, 12.9,
        37.65,
        sum(r.call_oi or 0 for r in rows), sum(r.put_oi or 0 for r in rows),
        sum(r.call_volume or 0 for r in rows), sum(r.put_volume or 0 for r in rows), 110.0,
    )  # fmt: skip


def _row(strike: float, calls: tuple[float, ...], puts: tuple[float | None, ...]) -> ChainRow:
    def side(name: str, values: tuple[float | None, ...]) -> dict[str, float | str | None]:
        change, oi, volume, iv, ltp = values
        units = [None if v is None else v * LAKH for v in (change, oi, volume)]
        return {
            f"{name}_oi_change": units[0],
            f"{name}_oi": units[1],
            f"{name}_volume": units[2],
            f"{name}_iv": iv,
            f"{name}_ltp": ltp,
            f"{name}_note": "No IV: the price is at the floor" if iv is None else "",
        }

    return ChainRow(strike=strike, **side("call", calls), **side("put", puts))  # type: ignore[arg-type]


def second(hour: int, minute: int, at: int = 0) -> int:
    """Return a time of the sample's day in seconds since the epoch."""
    return MIDNIGHT + hour * 3600 + minute * 60 + at


def make_timeline() -> TimelineView:
    """Return the day under the closing hours of August 2026, with two gaps."""
    minutes = np.arange(second(9, 15), second(15, 15), 60, dtype=np.int64)
    closes = np.array(make_closes(24246, 24310, len(minutes)))
    bands = (
        ("PRE_OPEN", second(9, 0), second(9, 15)),
        ("CONTINUOUS", second(9, 15), second(15, 15)),
        ("CLOSING_AUCTION", second(15, 15), second(15, 35)),
        ("DERIV_ONLY", second(15, 35), second(15, 40)),
    )
    gaps = (
        (second(11, 6), second(11, 9, 30), "the feed was silent"),
        (second(12, 51), second(12, 53, 20), "the feed was silent"),
    )
    flips = ((second(10, 11), 1), (second(10, 38), 1), (second(11, 46), -1), (second(13, 10), -1))
    return TimelineView(
        second(9, 0),
        second(15, 40),
        bands,
        gaps,
        second(15, 40),
        {"NIFTY": (minutes, closes)},
        {"NIFTY": flips},
    )


def make_stages() -> tuple[Stage, ...]:
    """Return the six steps; the chain is late."""
    names = ("Feed", "Decode", "Bars", "Chain", "Signals", "Store")
    late = "Open interest is 1m 50s old"
    return tuple(
        Stage(
            n, "late" if n == "Chain" else "flowing", late if n == "Chain" else "Within its limit"
        )
        for n in names
    )


def make_snapshot(sections: tuple[str, ...] = SIX, **changes: object) -> Snapshot:
    """Return the drawn moment of a recorded day, with `changes` to its fields."""
    names = [name for name in ALL if name in sections]
    final = {("NIFTY", name, "5m"): make_reading(name) for name in names}
    final |= {
        ("BANKNIFTY", name, "5m"): make_reading(name, "BANKNIFTY")
        for name in names
        if name != "pcr"
    }
    snapshot = Snapshot(
        seq=1,
        source=Source.RECORDED,
        replay=True,
        status="playing",
        error=None,
        day=DAY,
        at=AT,
        speed=4.0,
        phase=Phase("CONTINUOUS", "Index to 15:15 · F&O to 15:40", ("NIFTY",)),
        fidelity=("full ticks",),
        instruments=442,
        feed_age_s=0.4,
        stages=make_stages(),
        indices=make_indices(),
        charts={},
        chains={"NIFTY": make_chain()},
        chain_missing={"SENSEX": "No SENSEX option chain in this recording"},
        final=final,
        provisional={
            ("NIFTY", name, "5m"): make_forming(name)
            for name in ("volume_profile", "candle", "pcr")
            if name in names
        },
        signals=make_signals(sections),
        timeline=make_timeline(),
        counters={},
        ticks=1_234_567,
        options=make_choices(),
        explained=make_explained(),
    )
    return replace(snapshot, **changes)  # type: ignore[arg-type]


def make_bad_cards() -> Snapshot:
    """Return six cards, each in a state of its own."""
    snapshot = make_snapshot()
    final = dict(snapshot.final)
    final["NIFTY", "vwap", "5m"] = make_reading(
        "vwap", state=NONE, strength=0.0, flags=("not_in_recording",), values={},
        reason="No future volume in this recording",
    )  # fmt: skip
    final["NIFTY", "orb", "5m"] = make_reading(
        "orb", state=NONE, strength=0.0, reason="Opening range forms until 09:30",
        warmup=Warmup(7, 15),
    )  # fmt: skip
    final["NIFTY", "ema", "5m"] = make_reading(
        "ema", flags=("stale",), asof=CLOSED - timedelta(minutes=4)
    )
    final["NIFTY", "supertrend", "5m"] = make_reading(
        "supertrend", state=NONE, strength=0.0, flags=("failed",), values={},
        reason="ValueError: the bars are not in order",
    )  # fmt: skip
    del final["NIFTY", "pivots", "5m"]
    return replace(snapshot, final=final)


def make_flagged() -> Snapshot:
    """Return all cards, some with a flag that has to fit beside the title."""
    snapshot = make_snapshot(ALL)
    flags = {
        "pivots": ("unofficial_close", "narrow_cpr"),
        "ema": ("fresh_cross_9_20",),
        "vwap": ("stretched",),
        "supertrend": ("fresh_flip",),
        "pcr": ("atm_from_parity",),
    }
    final = {
        ("NIFTY", name, "5m"): make_reading(name, flags=those) for name, those in flags.items()
    }
    return replace(snapshot, final={**snapshot.final, **final}, provisional={})


VARIANTS = {
    "flagged": make_flagged,
    "no-flips": lambda: make_snapshot(timeline=replace(make_timeline(), flips={})),
    "replay": make_snapshot,
    "eighteen": lambda: make_snapshot(ALL),
    "mock": lambda: make_snapshot(source=Source.MOCK),
    "live": lambda: make_snapshot(source=Source.LIVE, replay=False, speed=1.0),
    "settled": lambda: replace(make_snapshot(), at=AT.replace(hour=15, minute=29)),
    "paused": lambda: make_snapshot(status="paused"),
    "ended": lambda: make_snapshot(status="ended"),
    "failed": lambda: make_snapshot(
        status="failed", error="Chunk 13:40 of connection 0 fails its digest; the day is closed."
    ),
    "loading": lambda: make_snapshot(
        status="loading",
        progress=0.4,
        final={},
        provisional={},
        chains={},
        indices={},
        options={},
    ),
    "no-chain": lambda: make_snapshot(
        chains={},
        chain_missing={"NIFTY": "No NIFTY option chain in this recording"},
        options={},
    ),
    "cards": make_bad_cards,
}


def make_days() -> list[DaySummary]:
    """Return stored days of three kinds."""
    gap = Gap(second(11, 6) * 10**9, second(11, 9) * 10**9, "the feed was silent")
    return [
        DaySummary(
            DAY, Source.RECORDED, ("1m bars", "chain 1m"), 187, ("NIFTY",), 700, 130_000, 2_400_000,
            None, None, (gap, gap), True,
        ),
        DaySummary(
            date(2026, 8, 13), Source.LIVE, ("full ticks",), 442,
            ("NIFTY", "BANKNIFTY", "SENSEX"), 45_000, 12_000_000, 310_000_000, None, None, (), True,
        ),
        DaySummary(
            date(2026, 8, 12), Source.MOCK, ("full ticks",), 442,
            ("NIFTY", "BANKNIFTY", "SENSEX"), 45_000, 12_000_000, 290_000_000, None, None, (), True,
        ),
    ]  # fmt: skip
