"""One snapshot as sockets see it."""

from dataclasses import dataclass

from dashboard.api.envelope import envelope
from dashboard.pipeline.quotes import Quotes
from dashboard.pipeline.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A snapshot, the stream it belongs to, and how many before it brought ticks.

    Within one `stream` the numbers `seq` go on; another one begins anew, as after a seek.
    """

    snapshot: Snapshot
    desk_id: str
    stream: str
    news: int

    @property
    def seq(self) -> int:
        """Return the snapshot's number."""
        return self.snapshot.seq

    @property
    def quotes(self) -> Quotes | None:
        """Return the last ticks, None while nothing is open."""
        return self.snapshot.quotes

    def envelope(self) -> dict[str, object]:
        """Return what frames say of the desk."""
        return envelope(self.desk_id, self.snapshot)
