"""Everything a scheduler drives, in memory: it notes what was asked of it and when."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ManualClock, from_ns
from dashboard.core.errors import KiteError, KiteTokenError
from dashboard.core.health import DayReport, OperationsStatus, Stage
from dashboard.core.kite import ConnectionStatus, Grant, SessionState, SessionStatus
from dashboard.core.market import INDICES, Instrument
from dashboard.core.ports import BAR_DTYPE
from dashboard.operations.parts import Parts
from dashboard.operations.scheduler import Scheduler
from tests.pipeline.frames import FUTURE

KEY = "api-key-0001"
TUESDAY = date(2026, 8, 18)


@dataclass
class World:
    """The fakes share a clock and one list of what happened: (time of day, what)."""

    clock: ManualClock
    happened: list[tuple[str, str]] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.happened.append((f"{from_ns(self.clock.now_ns()):%H:%M:%S}", what))


@dataclass
class FakeApi:
    world: World
    api_key: str = KEY
    failure: Exception | None = None
    prices: dict[int, float] = field(default_factory=lambda: {256265: 24_500.0})

    def last_prices(self, token: str, instruments: Sequence[Instrument]) -> dict[int, float]:
        if self.failure:
            raise self.failure
        return self.prices


@dataclass
class FakeSessions:
    world: World
    state: SessionState = SessionState.VALID
    looks: int = 0
    grant: Grant = field(default_factory=lambda: Grant(KEY, "token-1", "AB1234", 1))

    def statuses(self) -> tuple[SessionStatus, ...]:
        return (SessionStatus("…0001", self.state, 0, f"It is {self.state}."),)

    def grants(self) -> tuple[Grant, ...]:
        return (self.grant,) if self.state is SessionState.VALID else ()

    def look(self) -> None:
        self.looks += 1

    def confirmed(self, api_key: str) -> None:
        self.state = SessionState.VALID

    def refused(self, api_key: str, reason: str) -> None:
        self.state = SessionState.REQUIRED

    def listen(self, listener: Callable[[], None]) -> None: ...


@dataclass
class FakeContracts:
    world: World
    known: set[date] = field(default_factory=set)
    fails: list[Exception] = field(default_factory=list)
    instruments: tuple[Instrument, ...] = (INDICES["NIFTY"], FUTURE)
    tokens: frozenset[int] = frozenset({256265, FUTURE.token})

    def has(self, day: date) -> bool:
        return day in self.known

    def fetch(self, api: FakeApi, grant: Grant, day: date) -> None:
        self.world.note("dump asked for")
        if self.fails:
            raise self.fails.pop(0)
        self.known.add(day)

    def universe(self, day: date, spots: Mapping[str, float]) -> tuple[Instrument, ...]:
        return self.instruments

    def wanted(self, day: date, spots: Mapping[str, float]) -> frozenset[int]:
        return self.tokens

    def remarks(self, day: date) -> tuple[str, ...]:
        return ()


@dataclass
class FakeHistory:
    world: World
    count: int = 0

    def fetch(self, api: FakeApi, grant: Grant, day: date) -> int:
        self.world.note("history asked for")
        return self.count


@dataclass
class FakePool:
    world: World
    granted: list[tuple[str, ...]] = field(default_factory=list)
    tokens: frozenset[int] = frozenset()
    checks: int = 0
    expected: bool = False
    state: str = "flowing"
    ages: dict[int, float] = field(default_factory=dict)

    def grant(self, grants: Collection[Grant]) -> None:
        self.granted.append(tuple(grant.access_token for grant in grants))
        self.world.note("connect" if grants else "disconnect")

    def want(self, owner: str, tokens: Collection[int]) -> None:
        self.tokens = frozenset(tokens)

    def expect_ticks(self, expected: bool) -> None:
        if expected != self.expected:
            self.world.note(f"ticks expected: {expected}")
        self.expected = expected

    def check(self) -> None:
        self.checks += 1

    def connections(self) -> tuple[ConnectionStatus, ...]:
        if not (self.granted and self.granted[-1]):
            return ()
        now = self.world.clock.now_ns()
        return (ConnectionStatus(0, "…0001", self.state, 2, 0, now, 1, 0, "It was lost"),)

    def ages_s(self) -> dict[int, float]:
        return self.ages

    def close(self) -> None:
        self.world.note("pool closed")


@dataclass
class FakeRecording:
    world: World
    day: date | None = None
    is_lost: bool = False
    left: set[date] = field(default_factory=set)
    fails: list[Exception] = field(default_factory=list)
    known: tuple[Instrument, ...] = ()
    grown: int = 0
    seen: dict[str, float] = field(default_factory=dict)
    looked_at: frozenset[int] = frozenset()

    def begin(self, day: date, instruments: Sequence[Instrument]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.world.note("begin")
        self.day, self.known = day, tuple(instruments)

    def grow(self, instruments: Sequence[Instrument]) -> None:
        self.grown += 1
        self.known = tuple(instruments)

    def spots(self) -> Mapping[str, float]:
        return self.seen

    def shown(self) -> frozenset[int]:
        return self.looked_at

    def missing(self, now_s: int) -> dict[int, tuple[tuple[int, int], ...]]:
        return {}

    def backfill(self, bars: np.ndarray) -> None: ...

    def stages(self) -> tuple[Stage, ...]:
        return (Stage("Tape", "flowing", "Written now"),) if self.day else ()

    def finish(self) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.world.note("finish")
        self.day = None

    def close(self) -> None:
        self.world.note("left to another")
        self.day = None

    def refresh(self) -> None:
        self.world.note("refresh")

    def instruments(self, day: date) -> tuple[Instrument, ...]:
        return self.known

    def has_left(self, day: date) -> bool:
        return day in self.left

    def finish_left(self, day: date) -> None:
        self.world.note(f"finish {day}")


@dataclass
class FakeFiller:
    world: World
    times: list[str] = field(default_factory=list)

    def fill(self, api: FakeApi, grant: Grant, recording: FakeRecording, now_s: int) -> int:
        self.times.append(f"{from_ns(self.world.clock.now_ns()):%H:%M:%S}")
        return len(np.empty(0, BAR_DTYPE))


@dataclass
class FakeReconciler:
    world: World
    failure: KiteError | None = None

    def reconcile(self, api, grant, day, hours, instruments) -> DayReport:
        if self.failure:
            raise self.failure
        self.world.note("reconcile")
        return DayReport(str(day), 1, {"bars": 2})

    def unreconciled(self, day, hours, instruments, why: str) -> DayReport:
        self.world.note("report without Kite")
        return DayReport(str(day), 1, {}, (why,))


@dataclass
class FakeNotifier:
    world: World
    told: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, title: str, text: str) -> None:
        self.world.note("called")
        self.told.append((title, text))


@dataclass
class FakeLease:
    world: World
    free: bool = True
    failure: Exception | None = None
    takes_s: float = 0.0
    is_local: bool = False

    def hold(self) -> bool:
        self.world.clock.advance(self.takes_s)
        if self.failure:
            raise self.failure
        return self.free

    def holder_now(self) -> str | None:
        return "process 7" if self.failure is None and not self.free else "this one"

    def release(self) -> None:
        self.world.note("released")


@dataclass
class FakeJournal:
    world: World
    beats: list[OperationsStatus] = field(default_factory=list)
    kept: list[DayReport] = field(default_factory=list)
    failure: Exception | None = None

    def beat(self, status: OperationsStatus) -> None:
        if self.failure:
            raise self.failure
        self.beats.append(status)

    def last(self) -> OperationsStatus | None:
        return self.beats[-1] if self.beats else None

    def report(self, report: DayReport) -> None:
        self.kept.insert(0, report)

    def reports(self, count: int) -> tuple[DayReport, ...]:
        return tuple(self.kept[:count])


class House:
    """A scheduler over fakes; jobs run at once unless `run` says otherwise."""

    def __init__(self, clock: str, day: date = TUESDAY, run=None) -> None:
        at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=IST)
        self.clock = ManualClock(at)
        self.world = World(self.clock)
        self.api, self.sessions = FakeApi(self.world), FakeSessions(self.world)
        self.contracts, self.history = FakeContracts(self.world), FakeHistory(self.world)
        self.pool, self.recording = FakePool(self.world), FakeRecording(self.world)
        self.filler, self.reconciler = FakeFiller(self.world), FakeReconciler(self.world)
        self.notifier, self.lease = FakeNotifier(self.world), FakeLease(self.world)
        self.journal = FakeJournal(self.world)
        self.scheduler = Scheduler(
            self.clock,
            load_calendar(),
            Parts(
                {KEY: self.api},
                self.sessions,
                self.contracts,
                self.history,
                self.pool,
                self.recording,
                self.filler,
                self.reconciler,
                self.notifier,
                self.lease,
                self.journal,
            ),
            run=run or (lambda work: work()),
        )

    def until(self, clock: str) -> None:
        """Let the scheduler look once a second until a time of the day, that second included."""
        end = datetime.fromisoformat(f"{from_ns(self.clock.now_ns()).date()}T{clock}")
        while from_ns(self.clock.now_ns()) <= end.replace(tzinfo=IST):
            self.scheduler.tick()
            self.clock.advance(1)

    def when(self, what: str) -> list[str]:
        """Return the times at which something happened."""
        return [at for at, name in self.world.happened if name == what]


DEAD = KiteTokenError("Kite does not take the token")
