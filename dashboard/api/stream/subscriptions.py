"""What a client wants ticks of; equal wishes are one object, so that frames are shared."""

from weakref import WeakValueDictionary

import numpy as np

from dashboard.core.market import Ints, Universe


class Subscription:
    """A set of tokens. Two of the same set are the same object: see `Subscriptions`."""

    __slots__ = ("__weakref__", "_rows", "_universe", "tokens")

    def __init__(self, tokens: Ints) -> None:
        self.tokens = tokens
        self._universe: Universe | None = None
        self._rows = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.tokens)

    def rows(self, universe: Universe) -> Ints:
        """Return the rows of those tokens that a universe has, ascending."""
        if universe is not self._universe:
            found = universe.rows(self.tokens)
            self._rows, self._universe = found[found >= 0], universe
        return self._rows


class Subscriptions:
    """The subscriptions that somebody has."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[bytes, Subscription] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, tokens: Ints) -> Subscription:
        """Return the subscription to these tokens, in whatever order and however often named."""
        ordered = np.unique(tokens)
        key = ordered.tobytes()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Subscription(ordered)
        return found
