"""What a day's desk knows before its first message."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.table import Columns


@dataclass(frozen=True)
class Past:
    """What is known before the day begins.

    `warmup` holds bars of earlier sessions by (token, timeframe). `daily` holds past sessions
    by underlying, those of India VIX under its own name (`Inputs.daily`). `past_volume` holds,
    by underlying, what the front month traded before (`Inputs.past_volume`). `switched` names
    the underlyings whose next month is read although the front one expires only today;
    `rolled` those that read another contract than in the session before.
    """

    warmup: Mapping[tuple[int, str], npt.NDArray[np.void]] = field(default_factory=dict)
    daily: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    past_volume: Mapping[str, Columns] = field(default_factory=dict)
    switched: frozenset[str] = frozenset()
    rolled: frozenset[str] = frozenset()
