"""Minutes without continuous trading: the pre-open, rests between windows, the end."""

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Phase
from dashboard.core.market import Floats, Ints
from feeds.mock.day import Plan
from feeds.mock.draws import Stream, generator, remembering
from feeds.mock.grid import SLOTS
from feeds.mock.units import TICK_PAISE, whole
from feeds.mock.universe import N_FUTURES

SECONDS = SLOTS // 2
RARE = 60  # one contract in so many is sent each second
UNCERTAINTY = 0.003  # of the indicative price when the pre-open begins
HEARTBEAT_SLOTS = 6  # three seconds
AFTER_CLOSE_SLOTS = 22  # heartbeats for eleven seconds more, so that the last bars close
PRE_OPEN = (Phase.PRE_OPEN, Phase.PRE_OPEN_BUFFER)
_Bools = npt.NDArray[np.bool_]


def is_pre_open(plan: Plan, minute: int) -> bool:
    """Say whether the indices are in their pre-open."""
    return plan.grid.index[minute] in PRE_OPEN


def is_matched(plan: Plan, minute: int) -> bool:
    """Say whether the opening auctions are over."""
    return plan.grid.index[minute] is Phase.PRE_OPEN_BUFFER


def indicative(plan: Plan) -> Ints:
    """Return the indices' pre-open prices in paise by slot, (4, p * SLOTS), p minutes.

    They wander in to the opening price, which is known once orders are matched.
    """
    minutes = [m for m in range(len(plan.grid)) if is_pre_open(plan, m)]
    open_minutes = sum(not is_matched(plan, m) for m in minutes)
    slots = np.arange(len(minutes) * SLOTS)
    left: Floats = np.maximum(1 - slots / max(open_minutes * SLOTS, 1), 0)
    draw = generator(plan.seed, plan.grid.day, Stream.PRE_OPEN)
    noise = remembering(draw.normal(0, 0.1, (3, len(slots))), 0.995, axis=1)
    ticks = whole(
        plan.index.open[:3, None] / TICK_PAISE * (1 + UNCERTAINTY * left * np.tanh(noise))
    )
    fear = np.full((1, len(slots)), plan.index.close[3])
    return np.concatenate([ticks * TICK_PAISE, fear])


def contracts_sent(plan: Plan, minute: int, first: bool) -> _Bools:
    """Return which contracts a quiet minute's slots carry, (SLOTS, n).

    All of them once, as after a subscription; then a few each second, and the futures
    once a minute.
    """
    draw = generator(plan.seed, plan.grid.day, Stream.PRE_OPEN, minute + 1)
    sent = np.zeros((SLOTS, len(plan.contracts)), bool)
    sent[::2] = draw.integers(0, RARE, (SECONDS, sent.shape[1])) == 0
    sent[0, :N_FUTURES] = True
    if first:
        sent[0] = True
    return sent


def index_sent() -> _Bools:
    """Return that all indices are sent once a second, (SLOTS, 4)."""
    sent = np.zeros((SLOTS, 4), bool)
    sent[::2] = True
    return sent


def heartbeats(plan: Plan, minute: int) -> list[int]:
    """Return the slots of a quiet minute that hold a heartbeat."""
    end = AFTER_CLOSE_SLOTS if minute == len(plan.grid) - 1 else SLOTS
    return list(range(1, end, HEARTBEAT_SLOTS))
