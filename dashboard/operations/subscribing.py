"""Which instruments are asked for: round the money as it moves, and all that is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import KiteError, KiteTokenError
from dashboard.core.kite import Grant, KiteApi, TickPool
from dashboard.core.market import INDICES, UNDERLYINGS, Instrument
from dashboard.operations.diary import Diary
from dashboard.operations.health import liquid_of
from dashboard.operations.jobs import Jobs
from dashboard.operations.parts import ContractBook, Recording
from dashboard.operations.plan import DayPhase, Plan

log = structlog.get_logger(__name__)

OWNER = "market"
CENTRE_S = 10.0


@dataclass
class Subscription:
    """Begin a recording with the day's instruments, and keep what is subscribed round the money."""

    clock: Clock
    contracts: ContractBook
    recording: Recording
    pool: TickPool
    jobs: Jobs
    diary: Diary
    tokens: frozenset[int] = frozenset()
    liquid: tuple[Instrument, ...] = ()  # of these every one ought to tick
    _instruments: tuple[Instrument, ...] = ()
    _spots: Mapping[str, float] = field(default_factory=dict)
    _centred: tuple[DayPhase, float] | None = None  # in which phase, and when

    def begin(self, api: KiteApi, grant: Grant, day: date) -> None:
        """Begin the recording of `day`. Blocks.

        Raises
        ------
        KiteTokenError
            If Kite does not take the token.
        StoreError
            If the tape cannot be opened.
        """
        self._spots = _last_prices(api, grant)
        self._instruments = self.contracts.universe(day, self._spots)
        self.contracts.wanted(day, self._spots)  # the first look at a day takes a while
        self.recording.begin(day, self._instruments)
        self._centred = None
        self.diary.note(f"Recording begins with {len(self._instruments):,} instruments")

    def follow(self, plan: Plan) -> None:
        """Subscribe what should be, looked at anew every few seconds and at each phase."""
        day = self.recording.day
        if day is None or self._is_fresh(plan):
            return
        spots = {**self._spots, **self.recording.spots()}
        tokens = self.contracts.wanted(day, spots) | self.recording.shown()
        self.pool.want(OWNER, tokens)
        self.liquid = tuple(liquid_of(self._instruments, spots, plan))
        self._spots, self.tokens = spots, tokens
        if tokens - {one.token for one in self._instruments}:
            self.jobs.begin("recording", self._grow)
        self._centred = plan.phase, self.clock.monotonic()  # only now: what raised is not done

    def counts(self) -> dict[str, int]:
        """Return how many instruments are subscribed, by underlying."""
        found: dict[str, int] = {}
        for one in self._instruments:
            if one.token in self.tokens:
                found[one.underlying] = found.get(one.underlying, 0) + 1
        return found

    def _is_fresh(self, plan: Plan) -> bool:
        if self._centred is None:
            return False
        phase, at_s = self._centred
        return phase is plan.phase and self.clock.monotonic() - at_s < CENTRE_S

    def _grow(self) -> None:
        """Let the day know what the market has come near to."""
        day = self.recording.day
        if day is not None:
            instruments = self.contracts.universe(day, self._spots)
            self.recording.grow(instruments)
            self._instruments = instruments
            self.diary.note(f"The day grew to {len(instruments):,} instruments")


def _last_prices(api: KiteApi, grant: Grant) -> Mapping[str, float]:
    """Return the indices' last prices [INR]; without, options wait for the first ticks."""
    indices = [INDICES[name] for name in UNDERLYINGS]
    try:
        prices = api.last_prices(grant.access_token, indices)
    except KiteTokenError:
        raise
    except KiteError as error:
        log.warning("no last prices", error=str(error))
        return {}
    return {one.underlying: prices[one.token] for one in indices if one.token in prices}
