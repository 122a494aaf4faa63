"""Find an instrument by what a request calls it: on its desk first, then in stored days."""

from difflib import get_close_matches

from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.api.roll import LIKE, NEAR
from dashboard.core.market import INDICES, Instrument
from dashboard.pipeline.snapshot import Snapshot

DAYS_BACK = 3  # whose symbols are looked through for one that is much the same


def find_instrument(
    parts: ApiParts, snapshot: Snapshot, name: str, where: str = "instrument"
) -> Instrument:
    """Return the instrument that is called `name`, or has that token.

    An underlying's name is its index. Reads the database at times: never on the server's loop.

    Raises
    ------
    Problem
        404 with `where` and up to three names that are much the same.
    """
    roll = parts.rolls.of(snapshot.quotes.universe) if snapshot.quotes else None
    found = roll.find(name) if roll else None
    index = INDICES.get(name.strip().upper())
    if found is None and index is not None:
        found = index
    if found is None:
        found = parts.store.find_instrument(name, snapshot.source, snapshot.day)
    if found is None:
        stored = parts.store.find_symbols(snapshot.source, snapshot.day, DAYS_BACK)
        known = sorted({*(roll.symbols if roll else ()), *stored})
        raise unknown(name, get_close_matches(name.strip().upper(), known, NEAR, LIKE), where)
    return found


def unknown(name: str, near: list[str], where: str) -> Problem:
    """Return the refusal of an instrument that is not there, with names much like it."""
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return Problem(404, f"No instrument {name[:40]!r} here{hint}", where)
