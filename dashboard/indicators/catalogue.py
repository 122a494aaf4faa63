"""Every indicator by name, and how its id is read."""

from collections.abc import Mapping
from difflib import get_close_matches
from math import isfinite
from types import MappingProxyType

from dashboard.core.errors import InputError
from dashboard.indicators import averages, oscillators, ranges, trend, volumes
from dashboard.indicators.indicator import Indicator, Named

FAMILIES = (averages, oscillators, trend, ranges, volumes)
KNOWN: Mapping[str, Indicator] = MappingProxyType(
    {one.name: one for family in FAMILIES for one in family.INDICATORS}
)
LONGEST = 60  # characters of an id


def parse(text: str) -> Named:
    """Return the indicator of an id: its name, then its numbers, parted by underscores.

    Numbers that are left out have their defaults: ``RSI`` is ``RSI_14``.

    Raises
    ------
    InputError
        If there is no such indicator, or a number is none, or out of its bounds.
    """
    name, *words = text.strip().upper()[:LONGEST].split("_")
    indicator = KNOWN.get(name)
    if indicator is None:
        near = get_close_matches(name, KNOWN, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(KNOWN)}"
        raise InputError(f"No indicator {name[:20]!r}: {hint}")
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        raise InputError(
            f"{name}: the parts after its name are numbers, as in {_shown(indicator)}"
        ) from None
    if not all(map(isfinite, values)):
        raise InputError(f"{name}: its numbers are finite")
    return indicator.with_values(values)


def _shown(indicator: Indicator) -> str:
    return indicator.with_values().id
