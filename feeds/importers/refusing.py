"""Days of a file that are not stored: why, from which line on, and how many rows they had."""

import re
from datetime import date

import numpy as np

from dashboard.core.errors import TeziError
from feeds.importers.blocks import Blocks
from feeds.importers.reading import Rows
from feeds.importers.report import Tally

_OWN = re.compile(r"\(.*\)|\d[\d:-]*")  # what a sentence says of one day alone


def refuse_day(
    tally: Tally, blocks: Blocks, day: date, rows: Rows, error: TeziError, left_out: int
) -> None:
    """Write down that a day is not stored; days of the same kind of reason are told together.

    Parameters
    ----------
    rows : structured array
        The day's rows; of those that are counted as left out already there are `left_out`.
    """
    skipped = len(rows) - left_out if left_out else len(np.unique(rows["line"]))
    line = int(rows["line"].min())
    sentence = f"{blocks.label}, {blocks.noun} {line:,}: {error}"
    tally.refuse(_OWN.sub("", str(error)), day, sentence, skipped)
