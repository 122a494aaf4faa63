"""What one check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. Only a PROBLEM keeps Tezi from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, what to do about it."""

    level: Level
    what: str
    found: str
    do: str = ""


def ok(what: str, found: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(Level.OK, what, found)


def warning(what: str, found: str, do: str) -> Finding:
    """Return something to see to some day."""
    return Finding(Level.WARNING, what, found, do)


def problem(what: str, found: str, do: str) -> Finding:
    """Return something that keeps Tezi from working."""
    return Finding(Level.PROBLEM, what, found, do)
