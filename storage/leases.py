"""A lease: the right of one process, kept by renewing it and lost by silence.

One statement takes or renews it, so of two processes that ask at once one gets it. Another
process takes it over when its time is over: nobody has to be told of a crash. So it does when
it would last longer than any lease can: the clock was ahead when it was taken.
"""

from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from dashboard.core.clock import SECOND_NS, Clock
from storage.engine import Database, upsert
from storage.tables import lease

KITE = "kite"  # the lease of the one pool of connections to Kite


@dataclass
class SqlLease:
    """One name's lease as seen by one holder.

    `holder` says who, for people to read, and is like no other process's. Processes of
    several machines share a lease by their clocks, which must agree to a few seconds.
    """

    database: Database
    clock: Clock
    name: str
    holder: str
    seconds: float = 15.0

    @property
    def is_local(self) -> bool:
        """Say whether it is kept in a file here: what refuses us refuses everybody."""
        return self.database.is_sqlite

    def hold(self) -> bool:
        """Take or renew the lease; False while another holder's has not run out.

        Raises
        ------
        StoreError
            If the database cannot be written: nobody knows whose it is then.
        """
        now_ns = self.clock.now_ns()
        until_ns = now_ns + round(self.seconds * SECOND_NS)
        believed_ns = self._believed_ns(now_ns)
        with self.database.writing() as connection:
            row = upsert(connection, lease).values(
                name=self.name, holder=self.holder, until_ns=until_ns
            )
            over = or_(lease.c.until_ns <= now_ns, lease.c.until_ns > believed_ns)
            mine = or_(lease.c.holder == self.holder, over)
            taken = row.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": self.holder, "until_ns": until_ns},
                where=mine,
            )
            return connection.execute(taken.returning(lease.c.holder)).first() is not None

    def release(self) -> None:
        """Give the lease back, if it is ours."""
        mine = (lease.c.name == self.name) & (lease.c.holder == self.holder)
        with self.database.writing() as connection:
            connection.execute(delete(lease).where(mine))

    def holder_now(self) -> str | None:
        """Return who holds it at this moment, None if nobody does."""
        now_ns = self.clock.now_ns()
        believed = lease.c.until_ns <= self._believed_ns(now_ns)
        alive = (lease.c.name == self.name) & (lease.c.until_ns > now_ns) & believed
        with self.database.reading() as connection:
            found: str | None = connection.execute(select(lease.c.holder).where(alive)).scalar()
        return found

    def _believed_ns(self, now_ns: int) -> int:
        """Return until when a lease may last that was taken by now, by a clock a little ahead."""
        return now_ns + round(2 * self.seconds * SECOND_NS)
