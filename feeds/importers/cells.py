"""Cells of a file as numbers, with the ones that are not numbers named."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

from dashboard.core.market import Floats, Ints

# 24,300.50 or 1,63,500: groups of two or three, the last of three. "24300,50" is neither.
_GROUPED = re.compile(r"^[-+]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Cells:
    """Numbers of one column: NaN where the cell is empty, or `bad` and not a number."""

    values: Floats
    bad: npt.NDArray[np.bool_]
    texts: tuple[str, ...] = ()  # of the bad cells, in order


def encoded(column: Any) -> tuple[list[str | None], Ints]:
    """Return the different cells of a column, and which of them each row has."""
    coded = compute.dictionary_encode(compute.cast(column, pa.string()), "encode")
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False)


def numbers(column: Any) -> Cells:
    """Return a column as float64, whatever its type in the file."""
    try:
        values = compute.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _carefully(column)
    return _finite(np.asarray(values, dtype=np.float64), column)


def _carefully(column: Any) -> Cells:
    texts = pd.Series(compute.cast(column, pa.string()).to_pylist(), dtype=object)
    stripped = texts.map(_plain, na_action="ignore")
    values = pd.to_numeric(stripped, errors="coerce").to_numpy(dtype=np.float64)
    return _finite(values, column, texts.notna().to_numpy())


def _plain(text: str) -> str:
    text = text.strip()
    return text.replace(",", "") if _GROUPED.match(text) else text


def _finite(values: Floats, column: Any, told: npt.NDArray[np.bool_] | None = None) -> Cells:
    """Call infinities bad, and NaN bad where the cell held something else."""
    bad = np.isinf(values)
    if told is not None:
        bad |= np.isnan(values) & told
    values = np.where(bad, np.nan, values)
    where = np.flatnonzero(bad).tolist()
    return Cells(values, bad, tuple(str(column[at].as_py()) for at in where))
