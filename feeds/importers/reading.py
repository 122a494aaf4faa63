"""Read a file to its end: its rows block by block, and the names that mean nothing here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.errors import ImportFileError
from dashboard.core.market import Ints
from feeds.importers.blocks import Block, Blocks
from feeds.importers.faults import Faults
from feeds.importers.report import Progress, Tally

MOST_NAMES = 300_000  # more than a year's contracts of the whole market
_SHOWN = 5

Rows = npt.NDArray[np.void]


class UnknownNames:
    """The names of one file that mean nothing here, and how many rows carry each."""

    def __init__(self, blocks: Blocks, column: str | None) -> None:
        self._label, self._column = blocks.label, column
        self._rows: dict[str, int] = {}

    @property
    def rows(self) -> Mapping[str, int]:
        """Return the rows by name, in the order in which the names were met."""
        return self._rows

    def count(self, names: Sequence[str | None], codes: Ints, found: npt.NDArray[Any]) -> None:
        """Count the rows whose `found` is negative; `codes` are their places in `names`.

        Raises
        ------
        ImportFileError
            If there are so many names that they cannot be those of instruments.
        """
        lost = np.bincount(codes[found < 0], minlength=len(names))
        for code in np.flatnonzero(lost).tolist():
            name = names[code] or ""
            self._rows[name] = self._rows.get(name, 0) + int(lost[code])
        if len(self._rows) > MOST_NAMES:
            first = ", ".join(map(repr, list(self._rows)[:_SHOWN]))
            raise ImportFileError(
                f"{self._label}: column {self._column!r} holds over {MOST_NAMES:,} names that are "
                f"no instruments ({first}, ...): say which column names them"
            )

    def tell(self, tally: Tally) -> None:
        """Say which rows were left out: the first few names each, the others together."""
        for name, count in list(self._rows.items())[:_SHOWN]:
            tally.note(f"{name!r} is no instrument that is kept here: {count:,} rows left out")
        others = list(self._rows.values())[_SHOWN:]
        if others:
            tally.note(
                f"{len(others):,} more names are no instruments that are kept here: "
                f"{sum(others):,} rows left out"
            )


def read_rows(
    blocks: Blocks,
    read: Callable[[Block], Rows],
    unknown: UnknownNames,
    faults: Faults,
    tally: Tally,
    progress: Progress | None,
) -> Iterator[Rows]:
    """Yield the rows that `read` makes of each block; tell of unknown names at the end.

    Raises
    ------
    ImportFileError
        If there are rows and none of them is good.
    """
    for block in blocks:
        yield read(block)
        if progress is not None:
            progress(block.fraction, f"Reading {blocks.label}")
    faults.refuse_if_all()
    unknown.tell(tally)
