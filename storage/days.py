"""The days that tapes belong to: their numbers, instruments, and when they change."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from dashboard.core.errors import StoreError
from dashboard.core.market import Instrument, Kind, Source, Universe
from storage.engine import Database, upsert
from storage.tables import day as days
from storage.tables import tape, tape_instrument
from storage.world import world_of

INSTRUMENT = [column for column in tape_instrument.c if column.name != "tape_id"]


def drop_day(database: Database, day: date, source: Source) -> None:
    """Forget a day with everything that hangs on it; one that is not there is no error."""
    with database.writing() as connection:
        number = day_id(connection, day, source)
        connection.execute(delete(days).where(days.c.id == number))


def load_universe(database: Database, day: date, source: Source) -> Universe:
    """Return the instruments of the day's tapes.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    with database.reading() as connection:
        tapes = shown_tapes(connection, day, source)
        mine = tape_instrument.c.tape_id.in_(tapes)
        rows = connection.execute(select(*INSTRUMENT).where(mine)).all()
    if not tapes:
        raise nothing_of(day, source)
    return Universe(tuple(_instrument(row) for row in rows))


def load_origins(database: Database, day: date, source: Source) -> frozenset[str]:
    """Return the digests of the files whose complete tapes make up a day."""
    wanted = (
        select(tape.c.origin_digest)
        .join(days)
        .where(days.c.day == day, days.c.world == world_of(source))
        .where(tape.c.status == "complete", tape.c.origin_digest != "")
    )
    with database.reading() as connection:
        return frozenset(connection.execute(wanted).scalars())


def instrument_rows(tape_id: int, instruments: Sequence[Instrument]) -> list[dict[str, Any]]:
    """Return instruments as rows of a tape."""
    names = [column.name for column in INSTRUMENT]
    rows = [{name: getattr(one, name) for name in names} for one in instruments]
    return [{**row, **_plain(row), "tape_id": tape_id} for row in rows]


def add_instruments(
    connection: Connection, tape_id: int, instruments: Sequence[Instrument]
) -> None:
    """Add instruments to a tape; those it knows stay as they are."""
    mine = tape_instrument.c.tape_id == tape_id
    known = set(connection.execute(select(tape_instrument.c.token).where(mine)).scalars())
    fresh = [one for one in instruments if one.token not in known]
    if fresh:
        connection.execute(insert(tape_instrument), instrument_rows(tape_id, fresh))


def _plain(row: dict[str, Any]) -> dict[str, int]:
    # a token that came out of a table is numpy's, which SQLite does not take
    return {"token": int(row["token"]), "lot": int(row["lot"])}


def nothing_of(day: date, source: Source | None) -> StoreError:
    """Return the error that says that a day is not stored."""
    what = "generated day" if source is Source.MOCK else "recording"
    return StoreError(f"There is no {what} of {day}: `tezi days` lists what is stored")


def shown_tapes(connection: Connection, day: date, source: Source) -> dict[int, str]:
    """Return the tapes that make up a day: their numbers, in order, and labels."""
    wanted = (
        select(tape.c.id, tape.c.label)
        .join(days)
        .where(days.c.day == day, days.c.world == world_of(source), tape.c.shown)
        .order_by(tape.c.id)
    )
    return {row.id: row.label for row in connection.execute(wanted)}


def day_id(connection: Connection, day: date, source: Source) -> int | None:
    """Return the number of a day, None if it was never stored."""
    wanted = select(days.c.id).where(days.c.day == day, days.c.world == world_of(source))
    return connection.execute(wanted).scalar()


def lock_day(connection: Connection, day: date, source: Source) -> int:
    """Return the number of a day; no other process changes its tapes until we are done."""
    key = {"day": day, "world": world_of(source)}
    row = upsert(connection, days).values(**key, version=0)
    connection.execute(row.on_conflict_do_nothing(index_elements=["world", "day"]))
    found = day_id(connection, day, source)
    assert found is not None
    connection.execute(select(days.c.id).where(days.c.id == found).with_for_update())
    return found


def mark_changed(connection: Connection, number: int) -> None:
    """Write down that the tapes of a day are not what they were."""
    change = update(days).where(days.c.id == number).values(version=days.c.version + 1)
    connection.execute(change)


def _instrument(row: Row[Any]) -> Instrument:
    values = dict(row._mapping)
    return Instrument(**{**values, "kind": Kind(values["kind"])})
