"""Health that cannot lie: every step with its last event's age, its rate and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.core.kite import ConnectionStatus, SessionStatus

FLOWING, LATE, DOWN, OFF = "flowing", "late", "down", "off"
WORST_FIRST = (DOWN, LATE, FLOWING, OFF)


@dataclass(frozen=True, slots=True)
class Stage:
    """The health of one step of the flow."""

    name: str  # Socket, Feed, Decode, Bars, Chain, Signals, Tape, Store
    state: str  # "flowing" | "late" | "down" | "off" (nothing to do: not now, not in this day)
    detail: str  # one sentence for the tooltip
    age_s: float | None = None  # of its last event
    rate: float | None = None  # events a second, lately
    todo: str = ""  # what a person should do, where anything


def worst(stages: Sequence[Stage]) -> str:
    """Return the worst state of all: one stage that is behind is all of them."""
    found = {stage.state for stage in stages}
    return next((state for state in WORST_FIRST if state in found), OFF)


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that operations did or saw, at an instant of their clock."""

    at_ns: int
    what: str


@dataclass(frozen=True, slots=True)
class DayReport:
    """What a finished live day was: written once, after its reconciliation."""

    day: str  # ISO date
    written_ns: int
    figures: Mapping[str, int | float | str | None]  # by title, in the order to be shown
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationsStatus:
    """Operations at one moment: all that the status page, `tezi doctor` and the API show."""

    at_ns: int
    mode: str  # live, mock or replay
    phase: str  # what should be running now, as `dashboard.operations.plan` names it
    sentence: str  # "Market open · F&O to 15:40 IST"
    next_sentence: str  # "15:45 recording ends"
    sessions: tuple[SessionStatus, ...] = ()
    connections: tuple[ConnectionStatus, ...] = ()
    stages: tuple[Stage, ...] = ()
    subscribed: Mapping[str, int] = field(default_factory=dict)  # instruments by underlying
    transitions: tuple[Transition, ...] = ()  # of today, oldest first
    problems: tuple[str, ...] = ()  # each says what is wrong and what to do
    reports: tuple[DayReport, ...] = ()  # latest first
