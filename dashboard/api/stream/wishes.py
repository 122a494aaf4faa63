"""What messages ask for, looked at field by field."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dashboard.api.roll import Roll
from dashboard.api.stream.codes import Fault
from dashboard.api.stream.forms import COMPRESSIONS, FORMATS, Form
from dashboard.api.stream.limits import INTERVAL_MS, TOKENS
from dashboard.core.market import Ints

NAMED = 3  # of several unknown ones
LONGEST = 64  # characters of a name
LARGEST = 2**62
NO_TOKEN = -1


def listed(message: Mapping[str, Any], field: str) -> list[Any]:
    """Return a list that a message has; raise `Fault` where it has none."""
    found = message.get(field)
    if not isinstance(found, list) or not found:
        raise Fault("malformed", f"{field} must be a list that is not empty", field)
    return found


def find_tokens(names: list[Any], roll: Roll) -> tuple[Ints, Fault | None]:
    """Return the tokens that are meant, and what to say of those that are not known.

    Raises
    ------
    Fault
        Where an entry is neither a token nor a symbol, or there are too many.
    """
    if len(names) > TOKENS:
        raise Fault("limit", f"At most {TOKENS} instruments, not {len(names)}", "tokens")
    for at, name in enumerate(names):
        if isinstance(name, bool) or not isinstance(name, int | str):
            raise Fault("malformed", "A token is a whole number, a symbol a text", f"tokens[{at}]")
    tokens = np.array([_token(name, roll) for name in names], dtype=np.int64)
    is_known = roll.universe.rows(tokens) >= 0
    unknown = np.flatnonzero(~is_known).tolist()
    return tokens[is_known], _unknown(names, unknown) if unknown else None


def _token(name: int | str, roll: Roll) -> int:
    if isinstance(name, int):
        return name if 0 <= name < LARGEST else NO_TOKEN
    row = roll.row(name[:LONGEST])
    return NO_TOKEN if row is None else roll.tokens[row]


def _unknown(names: list[int | str], at: list[int]) -> Fault:
    words = ", ".join(str(names[each])[:LONGEST] for each in at[:NAMED])
    more = f" and {len(at) - NAMED} more" if len(at) > NAMED else ""
    return Fault("unknown_instrument", f"This day has no {words}{more}", f"tokens[{at[0]}]")


def read_form(message: Mapping[str, Any], now: Form) -> Form:
    """Return the form that a message asks for; what it does not name stays."""
    found = message.get("format", now.format), message.get("compression", now.compression)
    for field, value, known in zip(
        ("format", "compression"), found, (FORMATS, tuple(COMPRESSIONS)), strict=True
    ):
        if value not in known:
            raise Fault("malformed", f"{field} is one of {', '.join(known)}", field)
    return Form(*found)


def read_interval_s(message: Mapping[str, Any], now_s: float) -> float:
    """Return the seconds for which frames are to be gathered."""
    found = message.get("interval_ms", now_s * 1000)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Fault("malformed", "interval_ms is a number", "interval_ms")
    if not 0 <= found <= INTERVAL_MS:
        raise Fault("limit", f"interval_ms is from 0 to {INTERVAL_MS}", "interval_ms")
    return found / 1000
