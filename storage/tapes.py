"""Begin a tape: whose instruments it may hold, what it continues, what gives way to it.

- A feed's tape is part of its day from its first frame; an import, and a tape that is to
  replace another, when it is complete.
- What is LIVE cannot be fetched again. A LIVE tape is not dropped on an exception, and
  beginning one continues the day's LIVE tape of that label, whether it was finished or
  left open; the time between is a gap.
- A tape of another source that was left open is dropped when it is begun again.
- Whoever begins a tape last may write it: the writer before is told so and stops.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, insert, select, update

from dashboard.core.errors import DuplicateError, StoreError
from dashboard.core.market import Instrument, Source
from dashboard.core.ports import TapeInfo
from storage.days import add_instruments, instrument_rows, lock_day, mark_changed
from storage.engine import Database
from storage.tables import tape, tape_instrument
from storage.tape_writer import OpenTape, TapeKey

Tapes = Sequence[Row[Any]]


@contextmanager
def begin_tape(
    database: Database, info: TapeInfo, instruments: Sequence[Instrument], *, replace: bool
) -> Iterator[OpenTape]:
    """Begin a tape; finish it when the context is left, drop it on an exception.

    Raises
    ------
    DuplicateError
        If the day has this import already, or another tape of one of the instruments
        (unless `replace`: those whole tapes give way once this one is complete).
    """
    with database.writing() as connection:
        key, continues = _begin(connection, info, instruments, replace)
    writer = OpenTape(database, key, continues=continues)
    try:
        yield writer
        writer.finish()
    except BaseException:
        if info.source is not Source.LIVE:
            _drop_unfinished(database, key)
        raise


def _begin(
    connection: Connection, info: TapeInfo, instruments: Sequence[Instrument], replace: bool
) -> tuple[TapeKey, bool]:
    number = lock_day(connection, info.day, info.source)
    tapes = connection.execute(select(tape).where(tape.c.day_id == number)).all()
    if not replace:
        _refuse_same_import(tapes, info)
    live = info.source is Source.LIVE
    before = [one for one in tapes if _is_begun_again(one, info)]
    if not live:
        _drop(connection, [one.id for one in before])
    rivals = _rivals(connection, [one for one in tapes if one not in before], instruments)
    if rivals and not replace:
        raise _duplicate(rivals, info)
    if live:  # shown from its first frame, so what it replaces cannot stay beside it
        _drop(connection, list(rivals))
    writer = uuid4().hex
    if live and before:
        _continue(connection, before[0].id, instruments, writer)
        return TapeKey(before[0].id, number, info, writer, True, replace), True
    shown = live or not (info.origin_digest or rivals)
    if shown:
        mark_changed(connection, number)
    tape_id = _create(connection, number, info, instruments, shown=shown, writer=writer)
    return TapeKey(tape_id, number, info, writer, shown, replace), False


def _is_begun_again(one: Row[Any], info: TapeInfo) -> bool:
    same = (one.source, one.fidelity, one.label, one.origin_digest) == (
        info.source,
        info.fidelity,
        info.label,
        info.origin_digest,
    )
    return same and (one.status == "open" or info.source is Source.LIVE)


def _refuse_same_import(tapes: Tapes, info: TapeInfo) -> None:
    for one in tapes:
        known = one.origin_digest and one.origin_digest == info.origin_digest
        if known and one.status == "complete":
            raise DuplicateError(f"{info.label}: {info.day} is already imported (as {one.label})")


def _rivals(
    connection: Connection, tapes: Tapes, instruments: Sequence[Instrument]
) -> dict[int, tuple[Row[Any], str]]:
    """Return the tapes that have one of the instruments, with the first such symbol."""
    wanted = {one.token: one.symbol for one in instruments}
    by_id = {one.id: one for one in tapes}
    rows = connection.execute(
        select(tape_instrument.c.tape_id, tape_instrument.c.token)
        .where(tape_instrument.c.tape_id.in_(list(by_id)))
        .order_by(tape_instrument.c.tape_id, tape_instrument.c.token)
    )
    found: dict[int, tuple[Row[Any], str]] = {}
    for tape_id, token in rows:
        if token in wanted:
            found.setdefault(tape_id, (by_id[tape_id], wanted[token]))
    return found


def _duplicate(rivals: dict[int, tuple[Row[Any], str]], info: TapeInfo) -> DuplicateError:
    other, symbol = next(iter(rivals.values()))
    state = "" if other.status == "complete" else ", not finished"
    return DuplicateError(
        f"{info.label}: {symbol} on {info.day} is already stored from {other.label} "
        f"({other.fidelity}{state}); replace it to have all of {other.label} on that day "
        "give way to this once it is complete"
    )


def _create(
    connection: Connection,
    number: int,
    info: TapeInfo,
    instruments: Sequence[Instrument],
    *,
    shown: bool,
    writer: str,
) -> int:
    row = insert(tape).values(
        day_id=number,
        source=info.source,
        fidelity=info.fidelity,
        label=info.label,
        origin_digest=info.origin_digest,
        status="open",
        shown=shown,
        writer=writer,
        messages=0,
        ticks=0,
        stored_bytes=0,
    )
    tape_id = int(connection.execute(row.returning(tape.c.id)).scalar_one())
    if instruments:
        connection.execute(insert(tape_instrument), instrument_rows(tape_id, instruments))
    return tape_id


def _continue(
    connection: Connection, tape_id: int, instruments: Sequence[Instrument], writer: str
) -> None:
    add_instruments(connection, tape_id, instruments)
    change = update(tape).where(tape.c.id == tape_id).values(status="open", writer=writer)
    connection.execute(change)


def _drop(connection: Connection, tape_ids: Sequence[int]) -> None:
    connection.execute(delete(tape).where(tape.c.id.in_(tape_ids)))


def _drop_unfinished(database: Database, key: TapeKey) -> None:
    mine = (tape.c.id == key.tape_id) & (tape.c.writer == key.writer) & (tape.c.status == "open")
    # a full disk may refuse even this; unfinished tapes are dropped when they are begun again
    with suppress(StoreError), database.writing() as connection:
        connection.execute(delete(tape).where(mine))
        if key.shown:
            mark_changed(connection, key.day_id)
