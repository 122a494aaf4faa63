"""The contracts of our underlyings, with what each token meant and when.

A token is used again after its contract expired, and an ad-hoc holiday renames living
contracts (SENSEX 26115 became 26114), so a row is one token under one symbol, with the
first and the last dump that held it. Which dumps there were is kept as settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, case, select

from dashboard.core.market import Instrument, Kind
from storage.engine import Database, put, upsert
from storage.tables import contract, setting

DUMP = "instruments "  # and the dump's day: the key of a setting
PARTS = ("exchange", "underlying", "kind", "expiry", "strike", "lot", "tick")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a token meant, from the first to the last dump that said so."""

    symbol: str
    first_seen: date
    last_seen: date


class SqlContracts:
    """Keep what the daily dumps say of our underlyings' contracts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, day: date, instruments: Sequence[Instrument]) -> None:
        """Keep the dump of `day`; days may come in any order, and again.

        Of a contract that is known already the latest day's lot and tick are kept.
        """
        with self._database.writing() as connection:
            if instruments:
                connection.execute(_merge(connection), [_row(one, day) for one in instruments])
            put(connection, setting, [{"key": _key(day), "value": str(len(instruments))}])

    def has(self, day: date) -> bool:
        """Say whether the dump of `day` is here."""
        with self._database.reading() as connection:
            found = select(setting.c.key).where(setting.c.key == _key(day))
            return connection.execute(found).first() is not None

    def on(self, day: date) -> tuple[Instrument, ...]:
        """Return what the last dump at or before `day` held and `day` still trades, by token.

        Previous close and OI are no part of a dump: they are unknown. Empty where no dump
        reaches back to `day`.
        """
        alive = contract.c.expiry.is_(None) | (contract.c.expiry >= day)
        with self._database.reading() as connection:
            dump = _dump_before(connection, day)
            if dump is None:
                return ()
            rows = connection.execute(_held(dump).where(alive)).all()
        meanings = {row.token: row for row in rows}  # the last meaning of a token is its present
        return tuple(_instrument(meanings[token]) for token in sorted(meanings))

    def symbols_of(self, token: int) -> tuple[Meaning, ...]:
        """Return what a token meant, in order of time."""
        wanted = (
            select(contract.c.symbol, contract.c.first_seen, contract.c.last_seen)
            .where(contract.c.token == int(token))
            .order_by(contract.c.first_seen, contract.c.last_seen)
        )
        with self._database.reading() as connection:
            return tuple(Meaning(*row) for row in connection.execute(wanted))

    def token_of(self, symbol: str, day: date) -> int | None:
        """Return a symbol's token in the last dump at or before `day`; None if it had none."""
        with self._database.reading() as connection:
            dump = _dump_before(connection, day)
            if dump is None:
                return None
            rows = connection.execute(_held(dump).where(contract.c.symbol == symbol)).all()
        return rows[-1].token if rows else None


def _merge(connection: Connection) -> Any:
    """Return the insert that widens the span of a row that is there."""
    row = upsert(connection, contract)
    new, is_later = row.excluded, row.excluded.last_seen >= contract.c.last_seen
    changes = {name: case((is_later, new[name]), else_=contract.c[name]) for name in PARTS}
    changes["last_seen"] = case((is_later, new.last_seen), else_=contract.c.last_seen)
    is_earlier = new.first_seen < contract.c.first_seen
    changes["first_seen"] = case((is_earlier, new.first_seen), else_=contract.c.first_seen)
    return row.on_conflict_do_update(index_elements=["token", "symbol"], set_=changes)


def _row(one: Instrument, day: date) -> dict[str, Any]:
    parts = {name: getattr(one, name) for name in PARTS}
    return {"token": one.token, "symbol": one.symbol, **parts, "first_seen": day, "last_seen": day}


def _key(day: date) -> str:
    return f"{DUMP}{day.isoformat()}"


def _dump_before(connection: Connection, day: date) -> date | None:
    """Return the day of the last dump at or before `day`."""
    keys = connection.execute(select(setting.c.key).where(setting.c.key.startswith(DUMP)))
    days = (date.fromisoformat(key.removeprefix(DUMP)) for key in keys.scalars())
    return max((one for one in days if one <= day), default=None)


def _held(dump: date) -> Any:
    """Return the query of what a dump held, older meanings first."""
    held = (contract.c.first_seen <= dump) & (contract.c.last_seen >= dump)
    return select(contract).where(held).order_by(contract.c.first_seen)


def _instrument(row: Row[Any]) -> Instrument:
    parts = {name: getattr(row, name) for name in PARTS}
    return Instrument(row.token, row.symbol, **{**parts, "kind": Kind(row.kind)})
