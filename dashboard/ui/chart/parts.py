"""What can be switched on and off on the chart, under the ids that a selection holds.

A section's own lines have the section's id, a group of them ``pivots:CPR``, and a pane
``momentum:RSI``. The volume of the bars is the chart's own pane.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard.core.signal import Signal
from dashboard.core.view import Event, Level, Line, Pane, Zone

VOLUME = "volume"
Drawn = Line | Level | Zone | Event


@dataclass(frozen=True, slots=True)
class Part:
    """One switch: a section under its id with only what the switch draws in its view.

    `pane` is what it opens below the candles, None where it draws over them.
    """

    section: str
    label: str
    signal: Signal
    pane: Pane | None = None


def parts_of(signals: Mapping[str, Signal]) -> dict[str, Part]:
    """Return every switch by its id, in display order."""
    return {key: part for name, one in signals.items() for key, part in _parts(name, one).items()}


def over_volume(signals: Mapping[str, Signal]) -> dict[str, Pane]:
    """Return by section what is drawn over the bars of volume."""
    return {
        name: item
        for name, signal in signals.items()
        for item in signal.view
        if isinstance(item, Pane) and item.over_volume
    }


def _parts(name: str, signal: Signal) -> dict[str, Part]:
    groups: dict[str, list[Drawn]] = {}
    panes = []
    for item in signal.view:
        if isinstance(item, Drawn):
            groups.setdefault(item.group, []).append(item)
        elif isinstance(item, Pane) and not item.over_volume:
            panes.append(item)
    found = {}
    for group in sorted(groups, key=bool):  # the section's own first
        key = f"{name}:{group}" if group else name
        label = group or signal.title
        found[key] = Part(name, label, replace(signal, view=tuple(groups[group])))
    for pane in panes:
        found[f"{name}:{pane.label}"] = Part(
            name, pane.label, replace(signal, view=(pane,)), pane=pane
        )
    return found
