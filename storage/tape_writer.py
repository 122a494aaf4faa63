"""Write one tape: frames into the journal, whole minutes into chunks.

`append` returns when its one transaction is committed, so what it returned from survives
the end of the process. The open minute of an import needs no journal: after a kill it is
begun again from its file. Frames of a minute that is whole already skip the journal; a minute
is whole when frames two seconds past its end have come, because connections are not quite
in step. What comes later still gets a chunk of its own (part 1, 2, ...) of that minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.errors import TapeError
from dashboard.core.market import Frame, Instrument
from dashboard.core.ports import Gap, TapeInfo
from storage.chunk import Chunk, encode
from storage.days import add_instruments, mark_changed
from storage.engine import Database
from storage.tables import chunk, gap, journal, tape, tape_instrument

MINUTE_NS = MINUTE_S * SECOND_NS
GRACE_NS = 2 * SECOND_NS

Encoded = list[tuple[int, int, Chunk]]  # minute, connection, chunk


@dataclass(frozen=True, slots=True)
class TapeKey:
    """Which tape this is, and the right to write it."""

    tape_id: int
    day_id: int
    info: TapeInfo
    writer: str
    shown: bool  # part of its day while it is written
    replace: bool


class OpenTape:
    """The writer of a tape, for one thread. An `append` that raised may be tried again."""

    def __init__(self, database: Database, key: TapeKey, *, continues: bool) -> None:
        self._database = database
        self._key = key
        self._finished = False
        self._seq = 0
        self._pending: list[Frame] = []  # journalled, not yet in a chunk
        self._first: int | None = None
        self._last: int | None = None
        self._stopped: int | None = None  # where the writer before us came to its end
        if continues:
            self._take_over()

    def append(self, frames: Sequence[Frame]) -> None:
        """Journal frames; whole minutes become chunks by themselves.

        Raises
        ------
        TapeError
            If the tape was finished, or another process has begun it since.
        StoreLockedError, StoreFullError, StoreError
            If the database refused; nothing of these frames is stored then.
        """
        if not frames:
            return
        frames = [Frame(int(f.received_ns), int(f.connection), bytes(f.payload)) for f in frames]
        first, last = self._bounds(frames)
        whole_until = (last - GRACE_NS) // MINUTE_NS
        whole = [f for f in (*self._pending, *frames) if _minute(f) < whole_until]
        self._write(frames, whole, whole_until, first_ns=first, last_ns=last)
        self._first, self._last = first, last

    def mark_gap(self, gap: Gap) -> None:
        """Write down that nothing was recorded for a while."""
        with self._database.writing() as connection:
            self._change_tape(connection)
            self._insert_gap(connection, gap)
            self._mark_changed(connection)

    def add_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Say that the tape may hold these too; those it knows stay as they are."""
        with self._database.writing() as connection:
            self._change_tape(connection)
            add_instruments(connection, self._key.tape_id, instruments)
            self._mark_changed(connection)

    def finish(self) -> None:
        """Turn what is journalled into chunks and call the tape complete."""
        if self._finished:
            return
        encoded = _encode(self._pending)
        with self._database.writing() as connection:
            self._change_tape(connection, status="complete", shown=True, **_sizes(encoded))
            self._insert_chunks(connection, encoded)
            connection.execute(delete(journal).where(journal.c.tape_id == self._key.tape_id))
            if self._key.replace:
                self._drop_replaced(connection)
            mark_changed(connection, self._key.day_id)
        self._pending = []
        self._finished = True

    def _write(
        self, frames: Sequence[Frame], whole: list[Frame], whole_until: int, **bounds: int
    ) -> None:
        encoded = _encode(whole)
        messages = tape.c.messages + len(frames)
        with self._database.writing() as connection:
            self._change_tape(connection, messages=messages, **bounds, **_sizes(encoded))
            self._mark_stop(connection, frames)
            self._insert_chunks(connection, encoded)
            if self._key.shown:  # what is not is dropped after a kill, so a journal is no use
                self._journal(connection, [f for f in frames if _minute(f) >= whole_until])
            self._forget(connection, whole_until, encoded)
            self._mark_changed(connection)
        self._stopped = None
        self._seq += len(frames)
        everything = (*self._pending, *frames)
        self._pending = [f for f in everything if _minute(f) >= whole_until]

    def _bounds(self, frames: Sequence[Frame]) -> tuple[int, int]:
        stamps = [frame.received_ns for frame in frames]
        first = min(stamps) if self._first is None else min(self._first, *stamps)
        last = max(stamps) if self._last is None else max(self._last, *stamps)
        return first, last

    # -- rows ------------------------------------------------------------------------
    def _change_tape(self, connection: Connection, **values: Any) -> None:
        if self._finished:
            raise TapeError(f"{self._name()} is finished: begin it again to go on")
        mine = (tape.c.id == self._key.tape_id) & (tape.c.writer == self._key.writer)
        change = update(tape).where(mine).values(writer=self._key.writer, **values)
        if connection.execute(change).rowcount != 1:
            raise TapeError(f"{self._name()} was begun by another process, which writes it now")

    def _mark_changed(self, connection: Connection) -> None:
        if self._key.shown:
            mark_changed(connection, self._key.day_id)

    def _name(self) -> str:
        return f"The tape of {self._key.info.day} from {self._key.info.label}"

    def _journal(self, connection: Connection, frames: Sequence[Frame]) -> None:
        rows = [
            {
                "tape_id": self._key.tape_id,
                "minute": _minute(frame),
                "seq": self._seq + number,
                "connection": frame.connection,
                "received_ns": frame.received_ns,
                "payload": frame.payload,
            }
            for number, frame in enumerate(frames)
        ]
        if rows:
            connection.execute(insert(journal), rows)

    def _forget(self, connection: Connection, whole_until: int, encoded: Encoded) -> None:
        if encoded:
            mine = journal.c.tape_id == self._key.tape_id
            connection.execute(delete(journal).where(mine, journal.c.minute < whole_until))

    def _insert_chunks(self, connection: Connection, encoded: Encoded) -> None:
        if not encoded:
            return
        parts = self._parts(connection, [minute for minute, _, _ in encoded])
        rows = [
            {
                "tape_id": self._key.tape_id,
                "minute": minute,
                "connection": number,
                "part": parts.get((minute, number), -1) + 1,
                "messages": one.messages,
                "ticks": one.ticks,
                "codec": one.codec,
                "digest": one.digest,
                "payload": one.payload,
            }
            for minute, number, one in encoded
        ]
        connection.execute(insert(chunk), rows)

    def _parts(self, connection: Connection, minutes: list[int]) -> dict[tuple[int, int], int]:
        """Return the last part that each minute and connection has."""
        rows = connection.execute(
            select(chunk.c.minute, chunk.c.connection, func.max(chunk.c.part))
            .where(chunk.c.tape_id == self._key.tape_id)
            .where(chunk.c.minute.between(min(minutes), max(minutes)))
            .group_by(chunk.c.minute, chunk.c.connection)
        )
        return {(minute, number): part for minute, number, part in rows}

    def _insert_gap(self, connection: Connection, one: Gap) -> None:
        row = insert(gap).values(
            tape_id=self._key.tape_id,
            started_ns=int(one.started_ns),
            ended_ns=int(one.ended_ns),
            reason=one.reason,
        )
        connection.execute(row)

    def _drop_replaced(self, connection: Connection) -> None:
        mine = select(tape_instrument.c.token).where(tape_instrument.c.tape_id == self._key.tape_id)
        rivals = select(tape_instrument.c.tape_id).where(tape_instrument.c.token.in_(mine))
        connection.execute(
            delete(tape).where(
                tape.c.day_id == self._key.day_id,
                tape.c.id != self._key.tape_id,
                tape.c.id.in_(rivals),
            )
        )

    # -- going on with a tape ------------------------------------------------------------
    def _take_over(self) -> None:
        mine = journal.c.tape_id == self._key.tape_id
        left = select(journal.c.received_ns, journal.c.connection, journal.c.payload)
        with self._database.reading() as connection:
            bounds = select(tape.c.first_ns, tape.c.last_ns).where(tape.c.id == self._key.tape_id)
            self._first, self._last = connection.execute(bounds).one()
            rows = connection.execute(left.where(mine).order_by(journal.c.seq)).all()
            newest = connection.execute(select(func.max(journal.c.seq)).where(mine)).scalar()
        self._pending = [Frame(*row) for row in rows]
        self._seq = 0 if newest is None else newest + 1
        self._stopped = self._last

    def _mark_stop(self, connection: Connection, frames: Sequence[Frame]) -> None:
        first = min(frame.received_ns for frame in frames)
        if self._stopped is not None and first > self._stopped:
            reason = "Tezi was not recording"
            self._insert_gap(connection, Gap(self._stopped, first, reason))


def _minute(frame: Frame) -> int:
    return frame.received_ns // MINUTE_NS


def _encode(frames: Sequence[Frame]) -> Encoded:
    def place(frame: Frame) -> tuple[int, int]:
        return _minute(frame), frame.connection

    groups = groupby(sorted(frames, key=place), key=place)
    return [(minute, number, encode(list(group))) for (minute, number), group in groups]


def _sizes(encoded: Encoded) -> dict[str, Any]:
    if not encoded:
        return {}
    return {
        "ticks": tape.c.ticks + sum(one.ticks for _, _, one in encoded),
        "stored_bytes": tape.c.stored_bytes + sum(len(one.payload) for _, _, one in encoded),
    }
