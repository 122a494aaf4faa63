"""The last stored close of an index: what is known of it before it ticks."""

import threading
from datetime import date

from dashboard.api.documents.monitor import LastClose
from dashboard.core.clock import MINUTE_S, SECOND_NS, to_ns
from dashboard.core.market import INDICES, Source
from dashboard.pipeline.snapshot import Snapshot
from storage.store import SqlStore

KEPT = 64

Asked = tuple[str, date, Source, int]


class LastCloses:
    """Find last closes, each once a minute of a desk's time. Safe to use from any thread."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: dict[Asked, LastClose] = {}

    def of(self, snapshot: Snapshot, underlying: str) -> LastClose | None:
        """Return the close of the last bar that had ended at the snapshot's time.

        Reads the database at times: never on the server's loop.
        """
        at_s = to_ns(snapshot.at) // SECOND_NS
        minute = at_s - at_s % MINUTE_S
        asked = underlying, snapshot.day, snapshot.source, minute
        with self._lock:
            kept = self._kept.get(asked)
        if kept is not None:
            return kept
        found = self._find(*asked)
        if found is not None:
            with self._lock:
                if len(self._kept) >= KEPT:
                    self._kept.clear()
                self._kept[asked] = found
        return found

    def _find(self, underlying: str, day: date, source: Source, minute: int) -> LastClose | None:
        token = INDICES[underlying].token
        today = self._store.bars(day, source, [token], "1m", minute)[token]
        bars = (
            today if len(today) else self._store.bars_before(day, source, [token], "1m", 1)[token]
        )
        if not len(bars):
            return None
        return LastClose(float(bars["close"][-1]), int(bars["start"][-1]) + MINUTE_S)
