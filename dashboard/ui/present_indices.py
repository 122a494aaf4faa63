"""The three index cards."""

from collections import Counter
from dataclasses import replace
from typing import Any

from dashboard.core.market import INDICES, UNDERLYINGS, Source
from dashboard.core.signal import Reading, Stance
from dashboard.core.wording import DASH
from dashboard.pipeline.snapshot import IndexQuote, Snapshot
from dashboard.ui.phrases import STATES, WORDS, known, spaced_age
from dashboard.ui.present_readings import final_of, is_absent, outlived
from dashboard.ui.selection import Selection

CONFLUENCE = "confluence"
SPARK_POINTS = 60
SIGNS = {1: "▲", -1: "▼", 0: "◇"}


def indices_pane(snapshot: Snapshot, selection: Selection) -> list[dict[str, Any]]:
    """Return one card an index, in the order of their keys 1, 2, 3."""
    return [_card(snapshot, selection, name, key) for key, name in enumerate(UNDERLYINGS, start=1)]


def _card(snapshot: Snapshot, selection: Selection, name: str, key: int) -> dict[str, Any]:
    title = INDICES[name].symbol  # the same with a price and without
    quote = replace(snapshot.indices.get(name) or IndexQuote(name, title), title=title)
    absent = is_absent(snapshot, name)
    return {
        "id": name,
        "title": quote.title,
        "key": str(key),
        "on": name == selection.underlying,
        "mock": snapshot.source is Source.MOCK,
        "stale": f"STALE {spaced_age(quote.age_s or 0)}" if quote.stale else "",
        **_price(quote),
        **_titles(quote, absent=absent),
        **_range(quote),
        **_spark(quote, snapshot),
        "pcr": known(quote.pcr),
        **_stance(snapshot, selection, name),
        "absent": "Not in recording" if absent else "",
    }


def _price(quote: IndexQuote) -> dict[str, Any]:
    change = quote.change
    sign = 0 if not change else (1 if change > 0 else -1)
    words = DASH
    if change is not None:
        percent = known(quote.change_percent, signed=True)
        words = f"{SIGNS[sign]} {known(abs(change))}  {percent}%"
    return {"price": known(quote.price), "sign": sign, "change": words}


def _titles(quote: IndexQuote, *, absent: bool) -> dict[str, str | None]:
    """Return why a price, its change, the day's range or the PCR is a dash."""
    none = f"No {quote.underlying} in this recording" if absent else f"No tick of {quote.title} yet"
    price = none if quote.price is None else None
    change = None if quote.change is not None else price or "No previous close is known"
    low = None if quote.low is not None else price or "No price of today yet"
    pcr = "Put-call ratio of open interest"
    if quote.pcr is None:
        pcr = quote.pcr_reason or (none if absent else f"No {quote.underlying} option chain yet")
    return {
        "title_price": price,
        "title_change": change,
        "title_range": low,
        "pcr_title": pcr,
    }


def _range(quote: IndexQuote) -> dict[str, Any]:
    """Return the day's low and high, and where open and last lie between them (0..1)."""
    shown: dict[str, Any] = {
        "low": known(quote.low, 0),
        "high": known(quote.high, 0),
        "range": None,
    }
    if None in (quote.low, quote.high, quote.open, quote.price):
        return shown
    low, span = quote.low or 0.0, (quote.high or 0.0) - (quote.low or 0.0)
    if span <= 0:
        return shown
    places = [((value or 0.0) - low) / span for value in (quote.open, quote.price)]
    return shown | {"range": [round(min(max(place, 0.0), 1.0), 3) for place in places]}


def _spark(quote: IndexQuote, snapshot: Snapshot) -> dict[str, Any]:
    """Return today's closes and the previous close on a scale of 0 to 100."""
    step = -(-len(quote.spark) // SPARK_POINTS) or 1
    points = list(quote.spark[-1::-step])[::-1]
    base = quote.previous_close
    levels = points if base is None else [*points, base]
    if len(points) < 2:
        return {"spark": [], "spark_base": None, "spark_end": 0}
    low, high = min(levels), max(levels)
    scale = 100 / (high - low) if high > low else 0.0
    scaled = [round((level - low) * scale) for level in levels]
    return {
        "spark": scaled[: len(points)],
        "spark_base": None if base is None else scaled[-1],
        "spark_end": _share_gone(snapshot),
    }


def _share_gone(snapshot: Snapshot) -> float:
    """Return how much of the continuous session is over, in hundredths."""
    spans = [(a, b) for phase, a, b in snapshot.timeline.bands if phase == "CONTINUOUS"]
    if not spans:
        return 1.0
    opened, closed = spans[0]
    return round(min(max((snapshot.at.timestamp() - opened) / (closed - opened), 0.05), 1.0), 2)


def _stance(snapshot: Snapshot, selection: Selection, name: str) -> dict[str, Any]:
    """Return the confluence where there is one, else how many sections say what."""
    timeframe, here = selection.timeframe, replace(selection, underlying=name)
    whole = final_of(snapshot, here, CONFLUENCE) if CONFLUENCE in snapshot.signals else None
    if whole is not None:
        return {"stance": _confluence(whole)}
    readings = {section: final_of(snapshot, here, section) for section in snapshot.signals}
    states = Counter(
        Stance.INSUFFICIENT
        if outlived(snapshot, snapshot.signals[section], reading)
        else reading.state
        for section, reading in readings.items()
        if reading is not None
    )
    shown = [(stance, states[stance]) for stance in WORDS if states[stance]]
    words = ", ".join(f"{count} {WORDS[stance].lower()}" for stance, count in shown)
    order = sorted(shown, key=lambda pair: pair[0] is Stance.BEARISH)
    order.sort(key=lambda pair: [Stance.BULLISH, Stance.BEARISH].count(pair[0]) == 0)
    return {
        "stance": None,
        "tally": [[STATES[stance], count] for stance, count in order],
        "tally_title": f"Sections on {timeframe}: {words}" if shown else "No section has a reading",
    }


def _confluence(reading: Reading) -> dict[str, Any]:
    total = reading.values.get("total")
    return {
        "state": STATES[reading.state],
        "word": WORDS[reading.state],
        "number": known(total if isinstance(total, float) else None, 1, signed=True),
        "title": f"Confluence: {reading.reason}",
    }
