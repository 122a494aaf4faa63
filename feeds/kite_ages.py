"""When each wanted instrument last ticked, known without decoding its ticks.

A message is only put aside as it comes, in well under a microsecond; the tokens of a
second's messages are read in one go, by whoever asks.
"""

import threading
from collections.abc import Collection

import numpy as np

from dashboard.core.market import Floats, Ints
from feeds.wire import tokens_of

MOST_KEPT = 128  # messages put aside before they are read unasked

NEVER = -np.inf


class Ages:
    """The last tick of each instrument, in seconds of a monotonic clock.

    It may be used from any thread; messages come in the order of their times.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[tuple[float, bytes]] = []
        self._tokens: Ints = np.empty(0, np.int64)
        self._last: Floats = np.empty(0)

    def watch(self, tokens: Collection[int]) -> None:
        """Keep the last ticks of these instruments from now on, and of no others."""
        fresh = np.array(sorted(tokens), np.int64)
        with self._lock:
            self._read()
            last = np.full(len(fresh), NEVER)
            rows, known = self._rows(fresh)
            last[known] = self._last[rows[known]]
            self._tokens, self._last = fresh, last

    def note(self, at: float, payload: bytes) -> None:
        """Put a binary message aside."""
        with self._lock:
            self._kept.append((at, payload))
            if len(self._kept) >= MOST_KEPT:
                self._read()

    def newest(self, tokens: Collection[int]) -> float:
        """Return when any of these instruments ticked last, `NEVER` if none did."""
        with self._lock:
            self._read()
            rows, known = self._rows(np.fromiter(tokens, np.int64, len(tokens)))
            return float(self._last[rows[known]].max(initial=NEVER))

    def at(self, now: float) -> dict[int, float]:
        """Return the age of each instrument's last tick [s], inf before the first."""
        with self._lock:
            self._read()
            ages = np.maximum(now - self._last, 0.0)
            return dict(zip(self._tokens.tolist(), ages.tolist(), strict=True))

    def _read(self) -> None:
        """Read what was put aside. Of one instrument's ticks the last one stays."""
        kept, self._kept = self._kept, []
        if not kept or not len(self._tokens):
            return
        tokens = [tokens_of(payload) for _, payload in kept]
        at = np.repeat([at for at, _ in kept], [len(found) for found in tokens])
        rows, known = self._rows(np.concatenate(tokens))
        self._last[rows[known]] = at[known]

    def _rows(self, tokens: Ints) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """Return each token's row, and whether it has one."""
        if not len(self._tokens):
            return np.zeros(len(tokens), np.int64), np.zeros(len(tokens), np.bool_)
        rows = np.searchsorted(self._tokens, tokens)
        rows[rows == len(self._tokens)] = 0
        return rows, self._tokens[rows] == tokens
