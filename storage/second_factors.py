"""Second factors as rows: sealed secrets, and the newest code that each has let in."""

from sqlalchemy import delete, select, update

from dashboard.auth.records import Factor
from storage.engine import Database, upsert
from storage.tables import second_factor

factor = second_factor.c
NO_STEP = 0  # before every code


class SqlFactors:
    """Keep second factors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_id: int) -> Factor | None:
        """Return an account's, or None."""
        find = select(second_factor).where(factor.account_id == account_id)
        with self._database.reading() as connection:
            row = connection.execute(find).first()
        return Factor(bytes(row.sealed), row.confirmed, row.last_step) if row else None

    def offer(self, account_id: int, sealed: bytes) -> bool:
        """Keep a secret that is still to be confirmed; not where one is confirmed."""
        values = {"sealed": sealed, "confirmed": False, "last_step": NO_STEP}
        with self._database.writing() as connection:
            row = upsert(connection, second_factor).values(account_id=account_id, **values)
            instead = row.on_conflict_do_update(
                index_elements=["account_id"], set_=values, where=factor.confirmed.is_(False)
            )
            kept = connection.execute(instead.returning(factor.account_id))
            return kept.first() is not None

    def use_step(self, account_id: int, step: int, *, confirmed: bool) -> bool:
        """Use a time step up, of a factor in that state, and confirm it; once and in order."""
        change = update(second_factor).where(
            factor.account_id == account_id,
            factor.confirmed.is_(confirmed),
            factor.last_step < step,
        )
        with self._database.writing() as connection:
            changed = connection.execute(change.values(last_step=step, confirmed=True))
            return changed.rowcount == 1

    def remove(self, account_id: int) -> bool:
        """Drop an account's; say whether a confirmed one was there."""
        drop = delete(second_factor).where(factor.account_id == account_id)
        with self._database.writing() as connection:
            dropped = connection.execute(drop.returning(factor.confirmed)).scalar_one_or_none()
        return bool(dropped)
