"""Steps that raise: told and counted, logged once of a kind, and the other steps go on."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from dashboard.operations.jobs import told

log = structlog.get_logger(__name__)

TODO = "It is tried again every second; if it goes on, restart Tezi: the log names the place."


@dataclass
class Faults:
    """What went wrong in steps, for as long as it goes wrong."""

    _now: dict[str, tuple[str, int]] = field(default_factory=dict)  # by step: what, how often
    _logged: set[tuple[str, type]] = field(default_factory=set)

    def guard(self, step: Callable[[], None]) -> None:
        """Take a step."""
        name = step.__name__.strip("_").replace("_", " ")
        try:
            step()
        except Exception as error:
            _, count = self._now.get(name, ("", 0))
            self._now[name] = told(error), count + 1
            if (name, type(error)) not in self._logged:
                self._logged.add((name, type(error)))
                log.exception("scheduler's step failed", step=name)
        else:
            self._now.pop(name, None)

    def sentences(self) -> list[str]:
        """Return what goes wrong now, with what to do."""
        return [
            f"The scheduler could not {name} ({count} times in a row): {what}. {TODO}"
            for name, (what, count) in self._now.items()
        ]
