"""Rows of a file that cannot be right: counted by what is wrong, each with its first line."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as compute

from dashboard.core.errors import ImportFileError
from feeds.importers.blocks import Block, Blocks
from feeds.importers.report import Tally

IN_VAIN = 500_000  # rows without a single good one: the file is not read to its end
_MOST_SHOWN = 60  # characters of a cell


class Faults:
    """What is wrong with one file so far. Its good rows are kept, however few they are."""

    def __init__(self, blocks: Blocks, tally: Tally) -> None:
        self._blocks = blocks
        self._tally = tally

    def column(self, block: Block, name: str) -> Any:
        """Return a column of a block by its name in the file."""
        return block.batch.column(block.batch.schema.get_field_index(name))

    def cells(self, block: Block, column: str, bad: npt.NDArray[np.bool_]) -> None:
        """Name what a column holds and cannot, empty cells apart from others."""
        if not bad.any():
            return
        cells = self.column(block, column)
        empty = compute.is_null(cells).to_numpy(zero_copy_only=False)
        self.rows(block, bad & empty, f"column {column} is empty")
        wrong = bad & ~empty
        if wrong.any():
            found = str(cells[int(np.argmax(wrong))].as_py())[:_MOST_SHOWN]
            words = f"column {column} holds {found!r}"
            self.rows(block, wrong, words, kind=f"column {column} holds")

    def rows(
        self, block: Block, bad: npt.NDArray[np.bool_], words: str, kind: str | None = None
    ) -> None:
        """Count rows of one kind of fault; `words` are those of the first of them."""
        if bad.any():
            line = block.lines[int(np.argmax(bad))]
            first = f"{self._blocks.noun} {line:,}: {words}"
            self._tally.fault(kind or words, first, int(bad.sum()))

    def count(self, block: Block, bad: int) -> None:
        """Count a block's rows and its bad ones, malformed ones among them.

        Raises
        ------
        ImportFileError
            If of very many rows not one is good.
        """
        tally = self._tally
        for first in block.malformed:
            tally.fault(first.partition(": ")[2], first, 1)
        tally.rows_read += len(block.batch) + len(block.malformed)
        tally.bad += bad + len(block.malformed)
        if tally.rows_read > IN_VAIN:
            self.refuse_if_all()

    def refuse_if_all(self) -> None:
        """Raise `ImportFileError` if rows were read and none of them is good."""
        tally = self._tally
        if tally.bad == tally.rows_read > 0:
            raise ImportFileError(
                f"{self._blocks.label}: {tally.bad:,} of {tally.rows_read:,} rows cannot be read, "
                f"so nothing is taken; {tally.faults_told()}"
            )
