"""Which column of a file holds what: named by the caller, or found by its usual names."""

import re
from collections.abc import Iterable, Mapping, Sequence

from dashboard.core.errors import ImportFileError

BAR_FIELDS: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("timestamp", "datetime", "candletime", "startime", "starttime", "barstart", "start"),
        *("ts", "date", "time", "dt"),
    ),
    "symbol": ("symbol", "tradingsymbol", "ticker", "instrument", "scrip", "contract", "name"),
    "open": ("open", "openprice", "o"),
    "high": ("high", "highprice", "h"),
    "low": ("low", "lowprice", "l"),
    "close": ("close", "closeprice", "c", "last", "ltp"),
    "volume": ("volume", "vol", "v", "tradedvolume", "tradedqty", "qty"),
    "oi": ("oi", "openinterest", "openint"),
}
BAR_NEEDS = ("time", "open", "high", "low", "close")
_CLOCK = ("time", "tradetime")  # the second half of a stamp in two columns
_DAY = ("date", "tradedate", "day")


def plain(name: str) -> str:
    """Return a column's name without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find(
    names: Sequence[str], fields: Mapping[str, tuple[str, ...]], named: Mapping[str, str] | None
) -> dict[str, str]:
    """Return field -> column for every field that the file has.

    `named` are the caller's choices; "date" in it is the day of a stamp in two columns. A
    stamp in two columns comes back as fields "date" and "time".

    Raises
    ------
    ImportFileError
        If a named column is not there or a named field is not known.
    """
    chosen = _named(names, {*fields, "date"}, named or {})
    by_plain = {plain(name): name for name in reversed(names)}
    for field, aliases in fields.items():
        match = next((by_plain[alias] for alias in aliases if alias in by_plain), None)
        if field not in chosen and match is not None:
            chosen[field] = match
    if not named or "time" not in named:
        chosen.update(_two_columns(by_plain, chosen))
    return chosen


def require(
    label: str, names: Iterable[str], found: Mapping[str, str], needs: Iterable[str]
) -> None:
    """Raise `ImportFileError` unless every needed field has a column."""
    missing = [field for field in needs if field not in found]
    if missing:
        raise ImportFileError(
            f"{label}: no column for {listed(missing)} among {listed(list(names))}; "
            f"needed are {listed(list(needs))}: name them, as in {missing[0]}=<column>"
        )


def _named(names: Sequence[str], fields: set[str], named: Mapping[str, str]) -> dict[str, str]:
    by_plain = {plain(name): name for name in names}
    chosen = {}
    for field, column in named.items():
        field = "time" if field in ("timestamp", "datetime") else field
        if field not in fields:
            raise ImportFileError(
                f"No field is called {field!r}: known are {listed(sorted(fields))}"
            )
        if column not in names and plain(column) not in by_plain:
            raise ImportFileError(
                f"No column is called {column!r}: found are {listed(list(names))}"
            )
        chosen[field] = column if column in names else by_plain[plain(column)]
    return chosen


def _two_columns(by_plain: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return both halves where the day and the time of day stand apart."""
    day = next((by_plain[alias] for alias in _DAY if alias in by_plain), None)
    clock = next((by_plain[alias] for alias in _CLOCK if alias in by_plain), None)
    if day is None or clock is None or chosen.get("time") not in (day, clock):
        return {}
    return {"date": day, "time": clock}


def listed(words: Sequence[str]) -> str:
    """Return names as a list in a sentence, the first twenty of them."""
    words = [*words[:20], "..."] if len(words) > 20 else list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
