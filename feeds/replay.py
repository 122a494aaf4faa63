"""A stored day as a feed: the frames of its tapes, as they were received."""

from collections.abc import Iterator
from datetime import date

from dashboard.core.market import Frame, Source, Universe
from dashboard.core.ports import Store


class TapeFeed:
    """Play a day of `store` again. How fast is the listener's matter, not the feed's.

    Attributes
    ----------
    source : Source
        RECORDED or MOCK: what was LIVE is not live any more.
    universe : Universe
        The instruments of the day's tapes.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """

    def __init__(self, store: Store, day: date, source: Source) -> None:
        self.source = Source.MOCK if source is Source.MOCK else Source.RECORDED
        self.universe: Universe = store.universe(day, self.source)
        self._store = store
        self._day = day

    def frames(self, from_ns: int | None = None) -> Iterator[Frame]:
        """Yield frames received at `from_ns` or later, or all of them."""
        return self._store.frames(self._day, self.source, from_ns)
