"""Short texts that several panes of the page share; numbers by `dashboard.core.wording`."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from dashboard.core.clock import IST
from dashboard.core.signal import Stance
from dashboard.core.wording import DASH, age, number, short_date

LAKH = 100_000
WORDS = {
    Stance.BULLISH: "Bullish",
    Stance.BEARISH: "Bearish",
    Stance.NEUTRAL: "Neutral",
    Stance.INSUFFICIENT: "Insufficient",
}
STATES = {stance: stance.value for stance in WORDS} | {Stance.INSUFFICIENT: "insufficient"}
CONTRACT = re.compile(r"\b([A-Z]+)\d{2}(?:[A-Z]{3}|\w{3})(FUT)\b")

Chip = dict[str, str]


def to_json(value: Any) -> str:
    """Return compact JSON; NaN and infinity become null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


@lru_cache(maxsize=8192)  # most numbers of an update were in the one before
def known(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Return a number as people read it, or a dash where it is unknown."""
    return DASH if value is None else number(value, digits, signed=signed)


def lakhs(units: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Return a count of units in lakh."""
    return DASH if units is None else known(units / LAKH, digits, signed=signed)


def short_age(seconds: float | None) -> str:
    """Return an age for a place that counts tenths below ten seconds: "0.4 s", "1m 50s"."""
    if seconds is None:
        return DASH
    return f"{max(seconds, 0):.1f} s" if seconds < 10 else spaced_age(seconds)


def spaced_age(seconds: float) -> str:
    """Return an age whose lone seconds stand apart from their unit: "12 s", "1m 50s"."""
    text = age(seconds)
    seconds_only = text.endswith("s") and text[:-1].isdigit()
    return f"{text[:-1]} s" if seconds_only else text


def day_text(day: date) -> str:
    """Return the date as "Tue 18 Aug 2026"."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def clock_text(at: datetime) -> str:
    """Return HH:MM:SS in IST."""
    return at.astimezone(IST).strftime("%H:%M:%S")


def minute_text(at: datetime) -> str:
    """Return HH:MM in IST."""
    return at.astimezone(IST).strftime("%H:%M")


def closed_text(at: datetime, today: date, *, blind: bool) -> str:
    """Return when a bar closed: "13:40" today, "17 Aug 15:15" before; blind names no date."""
    if at.astimezone(IST).date() == today:
        return minute_text(at)
    return f"{'earlier day' if blind else short_date(at)} {minute_text(at)}"


def seconds_of_day(at: datetime) -> float:
    """Return seconds since midnight in IST."""
    local = at.astimezone(IST)
    return local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6


def chip(text: str, kind: str = "", title: str = "") -> Chip:
    """Return one chip: its words and the look that `chips` of the page knows."""
    return {"text": text} | ({"kind": kind} if kind else {}) | ({"title": title} if title else {})


def fidelity_chips(fidelity: Iterable[str]) -> list[Chip]:
    """Return what a day was made from, full ticks in accent."""
    return [chip(word.upper(), "accent" if "tick" in word else "") for word in fidelity]


def without_month(text: str) -> str:
    """Return `text` with the month taken out of futures' names, for a blind day."""
    return CONTRACT.sub(r"\1 \2", text)


def plural(count: int, noun: str) -> str:
    """Return "1 gap", "2 gaps"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
