"""Read a day: its tapes' chunks and journals, minute by minute, in the order received.

A few minutes are fetched at once, one at first: a seek waits for no more than its minute.
They stay as they are stored until their turn comes, some 2 MB a minute of full ticks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, func, select

from dashboard.core.clock import from_ns as instant
from dashboard.core.errors import TapeError
from dashboard.core.market import NOTES, Frame, Source
from dashboard.core.ports import Gap
from storage.chunk import Chunk, decode
from storage.days import nothing_of, shown_tapes
from storage.engine import Database
from storage.tables import chunk, journal, tape
from storage.tape_writer import MINUTE_NS

OnDamage = Callable[[Gap], None]


MOST_MINUTES = 8  # fetched at once


@dataclass(frozen=True, slots=True)
class _Minute:
    number: int
    chunks: list[Row[Any]] = field(default_factory=list)
    journal: list[Row[Any]] = field(default_factory=list)


def read_frames(
    database: Database,
    day: date,
    source: Source,
    from_ns: int | None = None,
    on_damage: OnDamage | None = None,
) -> Iterator[Frame]:
    """Yield a day's frames by (received_ns, tape, connection, order of arrival).

    With `on_damage`, a minute of a connection that cannot be read is told to it as a gap, and
    reading goes on after it. The connection is then marked as reopened at the minute's end: what
    was traded within it belongs to no later bar.

    Raises
    ------
    StoreError
        At once, if nothing of that day is stored.
    TapeError
        While reading, if a chunk is damaged or a tape is replaced.
    """
    with database.reading() as connection:
        tapes = shown_tapes(connection, day, source)
    if not tapes:
        raise nothing_of(day, source)
    return _Reader(database, day, tapes, on_damage).frames(
        None if from_ns is None else int(from_ns)
    )


def read_notes(database: Database, day: date, source: Source, until_ns: int) -> list[Frame]:
    """Return the frames of the connection `NOTES` received before `until_ns`, in order.

    Raises
    ------
    TapeError
        If a chunk of them is damaged.
    """
    found: list[Frame] = []
    with database.reading() as connection:
        tapes = list(shown_tapes(connection, day, source))
        for table in (chunk, journal):
            order = table.c.part if table is chunk else table.c.seq
            mine = table.c.tape_id.in_(tapes) & (table.c.connection == NOTES)
            wanted = select(table).where(mine, table.c.minute <= until_ns // MINUTE_NS)
            for row in connection.execute(wanted.order_by(table.c.minute, order)):
                if table is journal:
                    found.append(Frame(row.received_ns, row.connection, row.payload))
                    continue
                try:
                    found += _decoded(row)
                except ValueError as error:
                    raise TapeError(
                        f"The notes on the tape of {day} are damaged: {error}"
                    ) from error
    found.sort(key=lambda frame: frame.received_ns)
    return [frame for frame in found if frame.received_ns < until_ns]


class _Reader:
    def __init__(
        self, database: Database, day: date, tapes: dict[int, str], on_damage: OnDamage | None
    ) -> None:
        self._database = database
        self._day = day
        self._tapes = tapes
        self._on_damage = on_damage

    def frames(self, from_ns: int | None) -> Iterator[Frame]:
        for minute in self._minutes(-1 if from_ns is None else from_ns // MINUTE_NS - 1):
            frames = self._merged(minute)
            if from_ns is not None and minute.number == from_ns // MINUTE_NS:
                frames = [frame for frame in frames if frame.received_ns >= from_ns]
            yield from frames

    def _minutes(self, after: int) -> Iterator[_Minute]:
        count, is_last = 1, False
        while not is_last:
            minutes, is_last = self._next_minutes(after, count)
            if not minutes:
                return
            after = minutes[-1].number
            count = min(2 * count, MOST_MINUTES)
            yield from minutes

    def _next_minutes(self, after: int, count: int) -> tuple[list[_Minute], bool]:
        """Return what there is of the next `count` minutes, from the first that has any.

        The second value says that the last of them is still being recorded: what is added to
        it meanwhile is not seen, so nothing that comes after it may be either.
        """
        # one transaction: a minute that moves from the journal to a chunk is seen once
        with self._database.reading() as connection:
            self._refuse_replaced(connection)
            first = self._least_minute(connection, after)
            if first is None:
                return [], True
            minutes = [_Minute(first + place) for place in range(count)]
            for row in _rows(connection, chunk, self._tapes, first, count):
                minutes[row.minute - first].chunks.append(row)
            for row in _rows(connection, journal, self._tapes, first, count):
                minutes[row.minute - first].journal.append(row)
            minutes = _settled(minutes)
            is_open = bool(minutes[-1].journal)
            is_last = is_open and self._least_minute(connection, minutes[-1].number) is None
        return minutes, is_last

    def _refuse_replaced(self, connection: Connection) -> None:
        count = select(func.count()).where(tape.c.id.in_(self._tapes))
        if connection.execute(count).scalar_one() != len(self._tapes):
            raise TapeError(f"A tape of {self._day} was replaced meanwhile: open the day again")

    def _least_minute(self, connection: Connection, after: int) -> int | None:
        found = []
        for tape_id in self._tapes:  # one by one: each is a look into an index
            for table in (chunk, journal):
                later = (table.c.tape_id == tape_id) & (table.c.minute > after)
                found.append(connection.execute(select(func.min(table.c.minute)).where(later)))
        return min((n for n in (one.scalar() for one in found) if n is not None), default=None)

    def _merged(self, minute: _Minute) -> list[Frame]:
        pieces: dict[tuple[int, int], list[Frame]] = {}
        damaged = set()
        for row in minute.chunks:
            piece = pieces.setdefault((row.tape_id, row.connection), [])
            try:
                piece += _decoded(row)
            except ValueError as error:
                self._report(row, str(error))
                damaged.add(row.connection)
        for row in minute.journal:
            frame = Frame(row.received_ns, row.connection, row.payload)
            pieces.setdefault((row.tape_id, row.connection), []).append(frame)
        frames = [frame for place in sorted(pieces) for frame in pieces[place]]
        frames.sort(key=lambda frame: frame.received_ns)  # stable: equal stamps keep this order
        return frames + [_reopening(minute, connection) for connection in sorted(damaged)]

    def _report(self, row: Row[Any], reason: str) -> None:
        start = row.minute * MINUTE_NS
        where = f"{instant(start):%H:%M} on connection {row.connection}"
        if self._on_damage is None:
            raise TapeError(
                f"The tape of {self._day} from {self._tapes[row.tape_id]} is damaged at {where}: "
                f"{reason}. The other minutes are readable; restore a copy, or import it again"
            )
        self._on_damage(Gap(start, start + MINUTE_NS, f"Damaged chunk at {where}: {reason}"))


def _settled(minutes: list[_Minute]) -> list[_Minute]:
    """Return the minutes up to the last that has come, and only a first one of a journal.

    What is still being recorded is looked at when its turn comes, not earlier.
    """
    while not (minutes[-1].chunks or minutes[-1].journal):
        minutes = minutes[:-1]
    places = [place for place, minute in enumerate(minutes) if place and minute.journal]
    return minutes[: places[0]] if places else minutes


def _decoded(row: Row[Any]) -> list[Frame]:
    return decode(
        Chunk(row.codec, row.digest, row.payload, row.messages, row.ticks), row.connection
    )


def _reopening(minute: _Minute, connection: int) -> Frame:
    """Return the mark of a connection that is heard again from the next minute on."""
    return Frame((minute.number + 1) * MINUTE_NS - 1, connection, b"")


def _rows(
    connection: Connection, table: Any, tapes: dict[int, str], first: int, count: int
) -> list[Row[Any]]:
    """Return rows of `count` minutes, by minute, tape and order of arrival."""
    order = table.c.part if table is chunk else table.c.seq
    wanted = select(table).where(
        table.c.tape_id.in_(list(tapes)), table.c.minute.between(first, first + count - 1)
    )
    return list(connection.execute(wanted.order_by(table.c.minute, table.c.tape_id, order)))
