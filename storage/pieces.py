"""A row of byte strings in one: each is preceded by its length (u32, little-endian)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt


class Writer:
    """Gather pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def raw(self, piece: bytes) -> None:
        """Add bytes."""
        self._pieces += [len(piece).to_bytes(4, "little"), piece]

    def array(self, values: npt.NDArray[Any]) -> None:
        """Add numbers, little-endian as the machine has them."""
        self.raw(values.tobytes())

    def joined(self) -> bytes:
        """Return everything."""
        return b"".join(self._pieces)


class Reader:
    """Take pieces back in the same order; ValueError where they end too soon."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        self._at = 0

    def raw(self) -> memoryview:
        """Return the next piece."""
        start = self._at + 4
        size = int.from_bytes(self._data[self._at : start], "little")
        if start + size > len(self._data):
            raise ValueError(f"a piece of {size} bytes does not fit at byte {start}")
        self._at = start + size
        return self._data[start : self._at]

    def array(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return the next piece as numbers."""
        return np.frombuffer(self.raw(), dtype)

    def rest(self) -> Iterator[memoryview]:
        """Yield every piece that is left."""
        while self._at < len(self._data):
            yield self.raw()
