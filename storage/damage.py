"""Which tapes of a day are damaged: their chunks' digests are checked, nothing is decoded.

What is found is written down with the tape, so that it is told without being looked for again.
A tape that takes the place of a damaged one has no such mark.
"""

from contextlib import suppress
from datetime import date

from sqlalchemy import Connection, select, update

from dashboard.core.errors import StoreError
from dashboard.core.market import Source
from dashboard.core.ports import TapeInfo
from storage.chunk import digest
from storage.engine import Database
from storage.tables import chunk, tape
from storage.tables import day as days
from storage.world import world_of

CHUNKS_AT_ONCE = 16  # some 16 MB of full ticks


def find_damaged(
    database: Database, day: date, source: Source, origin_digest: str | None = None
) -> tuple[TapeInfo, ...]:
    """Return the tapes of a day of which a chunk does not match its digest.

    Parameters
    ----------
    origin_digest : str, optional
        Look only at the complete tape of that import.
    """
    wanted = (
        select(tape)
        .join(days)
        .where(days.c.day == day, days.c.world == world_of(source), tape.c.shown)
        .order_by(tape.c.id)
    )
    if origin_digest is not None:
        wanted = wanted.where(tape.c.origin_digest == origin_digest, tape.c.status == "complete")
    with database.reading() as connection:
        tapes = connection.execute(wanted).all()
        damaged = {one.id: _is_damaged(connection, one.id) for one in tapes}
    _mark(database, {one.id: damaged[one.id] for one in tapes if one.damaged != damaged[one.id]})
    return tuple(
        TapeInfo(day, Source(one.source), one.fidelity, one.label, one.origin_digest)
        for one in tapes
        if damaged[one.id]
    )


def _is_damaged(connection: Connection, tape_id: int) -> bool:
    wanted = select(chunk.c.codec, chunk.c.digest, chunk.c.payload).where(
        chunk.c.tape_id == tape_id
    )
    with connection.execution_options(yield_per=CHUNKS_AT_ONCE).execute(wanted) as rows:
        return any(digest(codec, payload) != expected for codec, expected, payload in rows)


def _mark(database: Database, changed: dict[int, bool]) -> None:
    """Write down what was found; where the database is held by another, it is found again."""
    if not changed:
        return
    with suppress(StoreError), database.writing() as connection:
        for tape_id, damaged in changed.items():
            change = update(tape).where(tape.c.id == tape_id).values(damaged=damaged)
            connection.execute(change)
