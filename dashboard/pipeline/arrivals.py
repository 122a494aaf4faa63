"""Messages as they reach the pipeline, some of them decoded already.

A tape has many messages at hand, and reading them together costs half of reading each by
itself. What comes off a connection arrives alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import Frame, TickBatch

GROUP = 16  # messages read together: their columns still fit the processor's cache
GRACE_S = 2  # into a minute, in which the bars of the one before are still open

ManyDecoder = Callable[[Sequence[bytes]], list[TickBatch | None]]


class Arrival(NamedTuple):
    """One message, with its ticks if they are known before its turn."""

    frame: Frame
    batch: TickBatch | None = None


def groups(
    frames: Iterable[Frame], decode_many: ManyDecoder | None = None
) -> Iterator[list[Arrival]]:
    """Yield frames in their order, as many together as may be read and taken together.

    Without `decode_many` they come one by one. A group ends where a minute does, and where
    its seconds of grace do: what lies between needs every message looked at by itself.
    """
    if decode_many is None:
        for frame in frames:
            yield [Arrival(frame)]
        return
    for _, part in groupby(frames, _stretch):
        while group := list(islice(part, GROUP)):
            batches = decode_many([frame.payload for frame in group])
            yield [Arrival(*pair) for pair in zip(group, batches, strict=True)]


def _stretch(frame: Frame) -> tuple[int, bool]:
    """Return the minute of arrival, and whether the bars of the one before are closed."""
    minute, second = divmod(frame.received_ns // SECOND_NS, MINUTE_S)
    return minute, second > GRACE_S
