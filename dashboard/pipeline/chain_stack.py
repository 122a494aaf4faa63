"""Chain snapshots side by side in arrays that grow, so that a closed minute adds one row."""

from collections.abc import Sequence

import numpy as np

from dashboard.core.market import Floats, Ints
from dashboard.options.chain import FIELDS, HEADER, ChainHistory, ChainSnapshot

SIDES = tuple(
    (field, kind, f"{side}_{field}")
    for field in FIELDS
    for kind, side in (("CE", "call"), ("PE", "put"))
)
FIRST_SIZE = 512  # minutes; more than a day has


class Stack:
    """Snapshots of one chain whose strikes stay the same."""

    def __init__(self, strikes: Floats) -> None:
        self._strikes = strikes
        self._size = 0
        self._last: ChainSnapshot | None = None
        self._told: ChainHistory | None = None
        self._reserve(FIRST_SIZE if len(strikes) else 0)

    def upto(self, snapshots: Sequence[ChainSnapshot]) -> ChainHistory:
        """Return `snapshots` as arrays; those that were stacked before are not read again."""
        same = 0 < self._size <= len(snapshots) and snapshots[self._size - 1] is self._last
        if same and self._told is not None and len(snapshots) == len(self._told):
            return self._told
        if not same:
            self._size = 0
        for snapshot in snapshots[self._size :]:
            self._add(snapshot)
        self._last = snapshots[-1] if snapshots else None
        size = self._size
        self._told = ChainHistory(
            self._starts[:size],
            self._strikes,
            {name: values[:size] for name, values in self._sides.items()},
            {name: values[:size] for name, values in self._head.items()},
        )
        return self._told

    def _add(self, snapshot: ChainSnapshot) -> None:
        if self._size == len(self._starts):
            self._grow()
        at = self._size
        self._starts[at] = snapshot.start
        self._head["spot"][at], self._head["oi_age_s"][at] = snapshot.spot, snapshot.oi_age_s
        for field, kind, name in SIDES:
            self._sides[field, kind][at] = snapshot.rows[name]
        self._size += 1

    def _reserve(self, size: int) -> None:
        shape = (size, len(self._strikes))
        self._starts: Ints = np.empty(size, dtype=np.int64)
        self._head: dict[str, Floats] = {name: np.empty(size) for name in HEADER}
        self._sides: dict[tuple[str, str], Floats] = {
            (field, kind): np.empty(shape) for field, kind, _ in SIDES
        }

    def _grow(self) -> None:
        size, starts, head, sides = self._size, self._starts, self._head, self._sides
        self._reserve(max(FIRST_SIZE, 2 * size))
        self._starts[:size] = starts[:size]
        for name, values in head.items():
            self._head[name][:size] = values[:size]
        for key, values in sides.items():
            self._sides[key][:size] = values[:size]


def joined(minutes: ChainHistory, snapshot: ChainSnapshot) -> ChainHistory:
    """Return the minutes with one more at their end; it replaces one of the same minute."""
    if len(minutes) and minutes.starts[-1] >= snapshot.start:
        minutes = minutes.rows(0, int(minutes.starts.searchsorted(snapshot.start)))
    head = {"spot": snapshot.spot, "oi_age_s": snapshot.oi_age_s}
    return ChainHistory(
        np.append(minutes.starts, snapshot.start),
        minutes.strikes,
        {
            (field, kind): np.vstack([minutes.side(field, kind), snapshot.rows[name]])
            for field, kind, name in SIDES
        },
        {name: np.append(minutes.header(name), head[name]) for name in HEADER},
    )


def picked(minutes: ChainHistory, starts: Ints, at: Ints) -> ChainHistory:
    """Return the minutes `at` under the bar starts they stand for."""
    if len(at) and at[-1] - at[0] + 1 == len(at):
        part = minutes.rows(int(at[0]), int(at[-1]) + 1)
        return ChainHistory(starts, part.strikes, part.sides, part.values)
    return ChainHistory(
        starts,
        minutes.strikes,
        {name: values[at] for name, values in minutes.sides.items()},
        {name: values[at] for name, values in minutes.values.items()},
    )
