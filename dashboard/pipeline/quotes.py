"""What was last told of every instrument, and in which snapshot it last changed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Ints, Universe
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.state import whole_rows


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """The last accepted tick of each instrument, one row each, in the universe's order.

    `rows` are of `dashboard.pipeline.state.ROW_DTYPE`: prices in INR, volume and OI in units,
    NaN where unknown; ``newest`` is exchange time [s], ``received_ns`` is 0 where nothing has
    come yet. `changed` is the `seq` of the snapshot with which a row last changed, -1 for never:
    whoever has seen snapshot s lacks the rows with ``changed > s``, whatever was missed.
    `opened` is the `seq` at which the desk last opened its day anew, as by a seek.
    """

    universe: Universe
    rows: npt.NDArray[np.void]
    changed: Ints
    opened: int


class QuoteBoard:
    """Make the quotes of one snapshot after the other."""

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None
        self._last: Quotes | None = None

    def see(self, pipeline: Pipeline, seq: int) -> Quotes:
        """Return the quotes as they stand; rows on which a tick came since belong to `seq`."""
        state = pipeline.state.rows
        rows = whole_rows(state).copy().view(state.dtype)
        last = self._last
        if last is None or pipeline is not self._pipeline:
            changed = np.where(rows["received_ns"] > 0, seq, -1)
            opened = seq
        else:
            came = rows["received_ns"] != last.rows["received_ns"]
            changed, opened = np.where(came, seq, last.changed), last.opened
        rows.flags.writeable = changed.flags.writeable = False
        self._pipeline, self._last = pipeline, Quotes(pipeline.universe, rows, changed, opened)
        return self._last
