"""What the sections said, one row a section, instrument, timeframe and bar."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import select

from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import InputError
from dashboard.core.market import Source
from dashboard.core.signal import Reading
from storage.days import day_id, nothing_of
from storage.engine import Database, put
from storage.tables import reading

KEY = [column.name for column in reading.primary_key]
FILTERS = ("section", "underlying", "timeframe", "state")


def save_readings(
    database: Database, day: date, source: Source, readings: Sequence[Reading]
) -> None:
    """Keep readings; one of the same key gives way. A reading of no bar is not kept.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    kept = [one for one in readings if one.bar_ts is not None]
    if not kept:
        return
    with database.writing() as connection:
        number = day_id(connection, day, source)
        if number is None:
            raise nothing_of(day, source)
        rows = {_key(row): row for row in (_row(number, one) for one in kept)}
        put(connection, reading, list(rows.values()))


def load_readings(
    database: Database, day: date, source: Source, **where: Any
) -> list[dict[str, Any]]:
    """Return stored envelopes (`Reading.as_dict`), by bar.

    Parameters
    ----------
    database, day, source
    **where
        `section`, `underlying`, `timeframe`, `state`: the value, or a list of values.

    Raises
    ------
    InputError
        If it is asked for by something else.
    """
    if unknown := set(where) - set(FILTERS):
        raise InputError(f"Readings are found by {', '.join(FILTERS)}, not by {unknown.pop()}")
    with database.reading() as connection:
        wanted = select(reading.c.envelope).where(
            reading.c.day_id == day_id(connection, day, source)
        )
        for name, value in where.items():
            values = [value] if isinstance(value, str) else list(value)
            wanted = wanted.where(reading.c[name].in_(values))
        order = (reading.c.start, reading.c.section, reading.c.underlying, reading.c.timeframe)
        envelopes = connection.execute(wanted.order_by(*order)).scalars().all()
    return [orjson.loads(text) for text in envelopes]


def _row(number: int, one: Reading) -> dict[str, Any]:
    assert one.bar_ts is not None
    return {
        "day_id": number,
        "section": one.id,
        "underlying": one.underlying,
        "timeframe": one.timeframe,
        "start": to_ns(one.bar_ts) // SECOND_NS,
        "state": one.state.value,
        "strength": one.strength,
        "envelope": orjson.dumps(one.as_dict()).decode(),
    }


def _key(values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] for name in KEY)
