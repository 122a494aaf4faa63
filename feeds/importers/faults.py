"""Rows of a file that cannot be right: counted, the first ones named, too many refused."""

from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.errors import ImportFileError
from feeds.importers.blocks import Block, Blocks
from feeds.importers.report import Tally

MOST_BAD = 0.05  # of the rows; more means the columns are not what they seem
_SHOWN = 3
_MOST_SHOWN = 60  # characters of a cell


class Faults:
    """What is wrong with one file so far."""

    def __init__(self, blocks: Blocks, tally: Tally) -> None:
        self._blocks = blocks
        self._tally = tally

    def column(self, block: Block, name: str) -> Any:
        """Return a column of a block by its name in the file."""
        return block.batch.column(block.batch.schema.get_field_index(name))

    def cells(self, block: Block, column: str, bad: npt.NDArray[np.bool_]) -> None:
        """Name cells of a column that hold what they cannot."""
        for at in np.flatnonzero(bad)[:_SHOWN].tolist():
            found = self.column(block, column)[at].as_py()
            words = "is empty" if found is None else f"holds {str(found)[:_MOST_SHOWN]!r}"
            self.row(block, at, f"column {column} {words}")

    def row(self, block: Block, at: int, what: str) -> None:
        """Name one row."""
        if len(self._tally.examples) < _SHOWN:
            self._tally.examples.append(f"{self._blocks.noun} {block.lines[at]:,}: {what}")

    def count(self, block: Block, bad: int) -> None:
        """Count a block's rows and its bad ones, malformed ones among them.

        Raises
        ------
        ImportFileError
            If over 5 % of the rows so far are bad, and more than one: the file is not what
            it seems.
        """
        tally = self._tally
        fresh = block.malformed
        tally.examples.extend(fresh[: max(0, _SHOWN - len(tally.examples))])
        tally.rows_read += len(block.batch) + len(fresh)
        tally.bad += bad + len(fresh)
        if tally.bad > max(1, MOST_BAD * tally.rows_read) or tally.bad == tally.rows_read > 0:
            raise ImportFileError(
                f"{self._blocks.label}: {tally.bad:,} of {tally.rows_read:,} rows cannot be read, "
                f"so the file is refused; {'; '.join(tally.examples)}"
            )
