"""What each stored day holds and how true it is, for people to choose from.

However many days there are, it takes four queries.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, true

from dashboard.core.market import UNDERLYINGS, Source
from dashboard.core.ports import DaySummary, Gap
from storage.days import nothing_of
from storage.engine import Database
from storage.tables import day as days
from storage.tables import gap, tape, tape_instrument
from storage.world import MOCK, source_of, world_of


@dataclass
class _Contents:
    """What hangs on one day."""

    tapes: list[Row[Any]] = field(default_factory=list)
    instruments: dict[str, int] = field(default_factory=dict)  # how many, by underlying
    gaps: list[Gap] = field(default_factory=list)


def list_days(database: Database) -> list[DaySummary]:
    """Return every stored day, latest first; a recorded one before a generated one."""
    with database.reading() as connection:
        return _summaries(connection, true())


def find_day(database: Database, day: date, source: Source | None) -> DaySummary:
    """Return one day; without `source`, a recorded one before a generated one.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    wanted = days.c.day == day
    if source is not None:
        wanted &= days.c.world == world_of(source)
    with database.reading() as connection:
        found = _summaries(connection, wanted)
    if not found:
        raise nothing_of(day, source)
    return found[0]


def _summaries(connection: Connection, wanted: ColumnElement[bool]) -> list[DaySummary]:
    stored = wanted & days.c.id.in_(select(tape.c.day_id).where(tape.c.shown))
    order = (days.c.day.desc(), days.c.world.desc())
    rows = connection.execute(select(days).where(stored).order_by(*order)).all()
    contents: dict[int, _Contents] = defaultdict(_Contents)
    for one in connection.execute(_of(tape, stored).order_by(tape.c.id)):
        contents[one.day_id].tapes.append(one)
    for row in connection.execute(_counts(stored)):
        contents[row.day_id].instruments[row.underlying] = row.number
    for row in connection.execute(_gaps(stored)):
        contents[row.day_id].gaps.append(Gap(row.started_ns, row.ended_ns, row.reason))
    return [_summary(day, contents[day.id]) for day in rows]


def _of(table: Any, stored: ColumnElement[bool]) -> Select[Any]:
    return select(table).join(days).where(stored)


def _counts(stored: ColumnElement[bool]) -> Select[Any]:
    underlying = tape_instrument.c.underlying
    return (
        select(tape.c.day_id, underlying, func.count().label("number"))
        .select_from(tape_instrument.join(tape).join(days))
        .where(stored, tape.c.shown)
        .group_by(tape.c.day_id, underlying)
        .order_by(tape.c.day_id, underlying)
    )


def _gaps(stored: ColumnElement[bool]) -> Select[Any]:
    return (
        select(tape.c.day_id, gap.c.started_ns, gap.c.ended_ns, gap.c.reason)
        .select_from(gap.join(tape).join(days))
        .where(stored, tape.c.shown)
        .order_by(gap.c.started_ns, gap.c.id)
    )


def _summary(day: Row[Any], contents: _Contents) -> DaySummary:
    shown = [one for one in contents.tapes if one.shown]
    return DaySummary(
        day=day.day,
        source=source_of(day.world),
        fidelity=_distinct(one.fidelity for one in shown),
        instruments=sum(contents.instruments.values()),
        underlyings=_ours_first(contents.instruments),
        messages=sum(one.messages for one in shown),
        ticks=sum(one.ticks for one in shown),
        stored_bytes=sum(one.stored_bytes for one in shown),
        first_ns=min((one.first_ns for one in shown if one.messages), default=None),
        last_ns=max((one.last_ns for one in shown if one.messages), default=None),
        gaps=tuple(contents.gaps),
        prepared=bool(day.prepared == day.version),
        notes=tuple(note for one in contents.tapes for note in _notes(one, day.world)),
        labels=_distinct(one.label for one in shown),
    )


def _distinct(words: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _ours_first(names: Sequence[str] | dict[str, int]) -> tuple[str, ...]:
    return _distinct([*(name for name in UNDERLYINGS if name in names), *names])


def _notes(one: Row[Any], world: str) -> list[str]:
    if one.damaged:
        said = f"{one.label}: damaged; `tezi doctor --deep` tells where, and what mends it"
        return [said, *_state(one, world)]
    return _state(one, world)


def _state(one: Row[Any], world: str) -> list[str]:
    if one.status == "open" and one.shown:
        return [f"{one.label}: not finished yet"]
    if one.status == "open":
        return [f"{one.label}: has not been stored to the end; begin it again"]
    if world != MOCK and one.origin_digest:
        return [f"{one.label}: imported as {one.fidelity}"]
    return []
