"""One measured number, and the target it is held against."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of one run.

    `at_least` and `at_most` are targets; without either the number is told for its own
    sake. Ratios are how many times the peer we are, measured in the same run.
    """

    subject: str
    what: str
    value: float
    unit: str
    digits: int = 0
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Say whether the target is met; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON prints."""
        return {
            "subject": self.subject,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "met": self.is_met,
        }


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie, the nearest above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
