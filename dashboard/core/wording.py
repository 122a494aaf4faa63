"""Numbers, ages and times as reasons print them.

Indian grouping (1,23,456.78), a true minus sign (−), ages such as "1m 50s", times of
day in IST. The page follows the same rules.
"""

import math
from datetime import datetime

from dashboard.core.clock import IST

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EM DASH}"  # unknown; never 0
RANGE = "\N{EN DASH}"
LAKH = 100_000.0  # from here on Indian grouping is another one than English
UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"), (1, "s", 1, ""))


def number(value: float, digits: int = 2, *, signed: bool = False) -> str:
    """Return `value` in Indian grouping, or a dash where it is unknown."""
    if not math.isfinite(value):
        return DASH
    size = abs(value)
    shown = f"{size:,.{digits}f}" if size < LAKH - 1 else _grouped(f"{size:.{digits}f}")
    if not (signed or value < 0) or not shown.strip("0."):  # what rounds to zero has no sign
        return shown
    return (MINUS if value < 0 else "+") + shown


def _grouped(text: str) -> str:
    """Return a number with its last three digits apart, then two by two."""
    whole, dot, fraction = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail]) + dot + fraction


def age(seconds: float) -> str:
    """Return a length of time by its two largest units: "4s", "1m 50s", "3h 13m", "2d"."""
    if not math.isfinite(seconds):
        return DASH
    whole = max(0, int(seconds))
    size, first, small, second = next(u for u in UNITS if whole >= u[0] or u[0] == 1)
    count, rest = divmod(whole, size)
    text = f"{count}{first}"
    return f"{text} {rest // small}{second}" if rest // small else text


def clock_time(at: datetime) -> str:
    """Return HH:MM in IST."""
    local = _in_ist(at)
    return f"{local.hour:02d}:{local.minute:02d}"


def short_date(at: datetime) -> str:
    """Return the date in IST as "17 Aug"."""
    local = _in_ist(at)
    return f"{local.day} {local:%b}"


def _in_ist(at: datetime) -> datetime:
    return at if at.tzinfo is IST else at.astimezone(IST)
