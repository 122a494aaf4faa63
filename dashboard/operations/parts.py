"""What the scheduler drives. It knows these shapes only; the composition root joins real parts.

Times are aware and Asia/Kolkata, or nanoseconds since the epoch where the name says ``_ns``.
A method that blocks says so: the scheduler calls it in a worker thread, never on the loop.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dashboard.core.health import DayReport, OperationsStatus, Stage
from dashboard.core.kite import Grant, KiteApi, SessionStatus, TickPool
from dashboard.core.market import Instrument
from dashboard.pipeline.hours import Hours

Spans = tuple[tuple[int, int], ...]  # [start, end) in seconds since the epoch, whole minutes


class Sessions(Protocol):
    """The sessions of all API keys: the one owner of their state."""

    def statuses(self) -> tuple[SessionStatus, ...]:
        """Return each key's state, in the order of the settings."""
        ...

    def grants(self) -> tuple[Grant, ...]:
        """Return the tokens that may be used now."""
        ...

    def look(self) -> None:
        """Notice that tokens grew old, and try kept ones. Blocks while Kite answers."""
        ...

    def confirmed(self, api_key: str) -> None:
        """Hear that ticks or a good answer came with a key's token."""
        ...

    def refused(self, api_key: str, reason: str) -> None:
        """Hear that Kite refused a key's token: nothing is retried until a person signs in."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change of a state, in whatever thread made it."""
        ...


class ContractBook(Protocol):
    """The instruments dump of each day, and which of them Tezi takes."""

    def has(self, day: date) -> bool:
        """Say whether the dump of `day` is here."""
        ...

    def fetch(self, api: KiteApi, grant: Grant, day: date) -> None:
        """Fetch, check and keep the dump of `day`. Blocks."""
        ...

    def universe(self, day: date, spots: Mapping[str, float]) -> tuple[Instrument, ...]:
        """Return all that the day's pipeline should know, round these prices [INR]."""
        ...

    def wanted(self, day: date, spots: Mapping[str, float]) -> frozenset[int]:
        """Return the tokens to subscribe, re-centred on these prices [INR]."""
        ...

    def remarks(self, day: date) -> tuple[str, ...]:
        """Return what is lacking or odd about the day's contracts, in sentences."""
        ...


class Recording(Protocol):
    """The live day: its tape and its desk, shared by everyone."""

    @property
    def day(self) -> date | None:
        """Return the day that is being recorded, None while none is."""
        ...

    @property
    def is_lost(self) -> bool:
        """Say whether another process writes the tape now: nothing that comes is kept here."""
        ...

    def begin(self, day: date, instruments: Sequence[Instrument]) -> None:
        """Open the day's tape, or go on with it, and start its desk. Blocks."""
        ...

    def grow(self, instruments: Sequence[Instrument]) -> None:
        """Let the day know further instruments, at once. Blocks."""
        ...

    def spots(self) -> Mapping[str, float]:
        """Return the last prices of the indices that have ticked, by underlying [INR]."""
        ...

    def shown(self) -> frozenset[int]:
        """Return the tokens that somebody looks at: these stay subscribed."""
        ...

    def missing(self, now_s: int) -> Mapping[int, Spans]:
        """Return the minutes of today without a bar, by token, of those that sections read."""
        ...

    def backfill(self, bars: npt.NDArray[np.void]) -> None:
        """Put historical candles (BAR_DTYPE) on the tape and into the day, marked as such."""
        ...

    def stages(self) -> tuple[Stage, ...]:
        """Return the health of what follows the socket: decode to tape."""
        ...

    def finish(self) -> None:
        """Write everything, call the tape complete and prepare the day. Blocks."""
        ...

    def close(self) -> None:
        """Leave the day as it is, to be gone on with, by whichever process. Blocks shortly."""
        ...

    def refresh(self) -> None:
        """Look anew at what came before the day, as when earlier sessions were fetched."""
        ...

    def instruments(self, day: date) -> Sequence[Instrument]:
        """Return what the stored tapes of `day` hold; nothing where there are none."""
        ...

    def has_left(self, day: date) -> bool:
        """Say whether a live tape of `day` is here: what an earlier process left, or finished."""
        ...

    def finish_left(self, day: date) -> None:
        """Finish the tape that an earlier process left, and prepare that day. Blocks."""
        ...


class History(Protocol):
    """The sessions before the first live day."""

    def fetch(self, api: KiteApi, grant: Grant, day: date) -> int:
        """Fetch and prepare what the store lacks of them; return how many came. Blocks."""
        ...


class Filler(Protocol):
    """Fetch what was not received."""

    def fill(self, api: KiteApi, grant: Grant, recording: Recording, now_s: int) -> int:
        """Fill the holes that have not been asked for yet; return how many bars came. Blocks."""
        ...


class Reconciler(Protocol):
    """Hold a finished day against the exchange's own candles."""

    def reconcile(
        self,
        api: KiteApi,
        grant: Grant,
        day: date,
        hours: Hours,
        instruments: Collection[Instrument],
    ) -> DayReport:
        """Compare, add what is missing (labelled, never overwriting), report. Blocks."""
        ...

    def unreconciled(
        self, day: date, hours: Hours, instruments: Collection[Instrument], why: str
    ) -> DayReport:
        """Report a day that could not be compared, and why. Blocks shortly."""
        ...


class Notifier(Protocol):
    """Call a person who may not be looking at the page."""

    def tell(self, title: str, text: str) -> None:
        """Send a notice; never blocks and never raises."""
        ...


class Lease(Protocol):
    """The right to be the only one, kept by renewing it."""

    @property
    def is_local(self) -> bool:
        """Say whether it is kept in a file here: what refuses us refuses everybody."""
        ...

    def hold(self) -> bool:
        """Take or renew it; False while another process has it. Blocks shortly."""
        ...

    def holder_now(self) -> str | None:
        """Return who has it at this moment, None if nobody has. Blocks shortly."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Journal(Protocol):
    """Where operations leave what other processes and later days want to know."""

    def beat(self, status: OperationsStatus) -> None:
        """Keep the present state, in the place of the one before."""
        ...

    def last(self) -> OperationsStatus | None:
        """Return what was kept last, by whichever process."""
        ...

    def report(self, report: DayReport) -> None:
        """Keep a day's report."""
        ...

    def reports(self, count: int) -> tuple[DayReport, ...]:
        """Return the latest reports, newest first."""
        ...


@dataclass(frozen=True)
class Parts:
    """All that the scheduler drives; `apis` are by API key, in the order of the settings."""

    apis: Mapping[str, KiteApi]
    sessions: Sessions
    contracts: ContractBook
    history: History
    pool: TickPool
    recording: Recording
    filler: Filler
    reconciler: Reconciler
    notifier: Notifier
    lease: Lease
    journal: Journal
