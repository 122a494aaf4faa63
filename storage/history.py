"""One instrument through many days, by its symbol: tokens are used again for others."""

from datetime import date

import numpy as np
from sqlalchemy import Select, func, select

from dashboard.core.market import Instrument, Kind, Source
from dashboard.core.ports import BAR_DTYPE
from storage.bars import FIELDS, Bars, minutes_of
from storage.days import INSTRUMENT
from storage.engine import Database
from storage.tables import bar, tape, tape_instrument
from storage.tables import day as days
from storage.world import world_of


def find_instrument(
    database: Database, name: str, source: Source, until: date
) -> Instrument | None:
    """Return what was called that, or had that token, on the latest stored day up to `until`."""
    mine = func.upper(tape_instrument.c.symbol) == name.strip().upper()
    if name.isascii() and name.isdigit() and len(name) <= 18:
        mine = tape_instrument.c.token == int(name)
    wanted = (
        select(*INSTRUMENT)
        .select_from(tape_instrument.join(tape).join(days))
        .where(mine, tape.c.shown, days.c.world == world_of(source), days.c.day <= until)
        .order_by(days.c.day.desc(), tape.c.id)
        .limit(1)
    )
    with database.reading() as connection:
        row = connection.execute(wanted).first()
    if row is None:
        return None
    values = dict(row._mapping)
    return Instrument(**{**values, "kind": Kind(values["kind"])})


def find_symbols(database: Database, source: Source, until: date, days_back: int) -> list[str]:
    """Return the symbols of the latest `days_back` stored days up to `until`."""
    latest = (
        select(days.c.id)
        .where(days.c.world == world_of(source), days.c.day <= until)
        .order_by(days.c.day.desc())
        .limit(days_back)
    )
    wanted = (
        select(tape_instrument.c.symbol)
        .join(tape)
        .where(tape.c.shown, tape.c.day_id.in_(latest.scalar_subquery()))
        .distinct()
    )
    with database.reading() as connection:
        return list(connection.execute(wanted).scalars())


def load_history(
    database: Database,
    source: Source,
    symbol: str,
    timeframe: str,
    span: tuple[int, int],
    before: date,
    limit: int,
) -> Bars:
    """Return the first `limit` bars of days before `before` that start in a span, in order.

    Parameters
    ----------
    database, source, symbol, timeframe
    span : (int, int)
        First second since the epoch, and the first one after.
    before : date
        Bars of this day and later ones are left out.
    limit : int

    Returns
    -------
    array of BAR_DTYPE
    """
    query = (
        _of_symbol(source, symbol, before)
        .where(bar.c.timeframe == minutes_of(timeframe))
        .where(bar.c.start >= int(span[0]), bar.c.start < int(span[1]))
        .order_by(bar.c.start)
        .limit(int(limit))
    )
    with database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    return np.array(rows, BAR_DTYPE)


def _of_symbol(source: Source, symbol: str, before: date) -> Select[tuple[object, ...]]:
    held = (
        select(tape.c.day_id, tape_instrument.c.token)
        .select_from(tape_instrument.join(tape).join(days))
        .where(tape.c.shown, tape_instrument.c.symbol == symbol)
        .where(days.c.world == world_of(source), days.c.day < before)
        .distinct()
        .subquery()
    )
    return select(*FIELDS).join(
        held, (bar.c.day_id == held.c.day_id) & (bar.c.token == held.c.token)
    )
