"""The time machine: day, transport, time, speed; and the days that can be opened."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from dashboard.core.clock import day_start_s
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import (
    Chip,
    chip,
    clock_text,
    day_text,
    fidelity_chips,
    plural,
    seconds_of_day,
    short_age,
    to_json,
)
from dashboard.ui.present_header import HIDDEN_DAY
from dashboard.ui.selection import Selection

SOURCE_CHIPS = {
    Source.LIVE: chip("RECORDED LIVE", "accent"),
    Source.RECORDED: chip("RECORDED"),
    Source.MOCK: chip("GENERATED", "mock"),
}
HIDDEN_DAYS = "Blind: stored days are hidden. Show the day to open one."
EMPTY = (
    "<b>No recorded day yet</b><span>A generated day is playing. Import bars to open a real"
    " one:</span><code>uv run tezi import bars FILE</code>"
)
MEGABYTE = 1_000_000


def machine_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the bar at the foot of the page. `at` and `edge` are in seconds of the day."""
    at_edge = snapshot.source is Source.LIVE and not snapshot.replay
    return {
        "status": snapshot.status,
        "playing": snapshot.status == "playing",
        "speed": snapshot.speed,
        "blind": selection.blind,
        "day": _day(snapshot, selection),
        "chips": _chips(snapshot, selection),
        "time": clock_text(snapshot.at),
        "at": round(seconds_of_day(snapshot.at)),
        "edge": snapshot.timeline.edge - day_start_s(snapshot.day),
        "at_edge": at_edge,
        "edge_text": f"at the live edge, {short_age(snapshot.feed_age_s)}" if at_edge else "",
        "can_live": selection.can_live and snapshot.replay,
    }


def _day(snapshot: Snapshot, selection: Selection) -> str:
    if selection.blind:
        return HIDDEN_DAY
    if snapshot.source is not Source.LIVE or snapshot.replay:
        return day_text(snapshot.day)
    has_come = snapshot.at.date() == snapshot.day  # a desk may wait for its day
    return ("Today, " if has_come else "Next, ") + day_text(snapshot.day)


def _chips(snapshot: Snapshot, selection: Selection) -> list[Chip]:
    chips = [_progress(snapshot)] if snapshot.status == "loading" else []
    if snapshot.status == "ended":
        chips.append(chip("ENDED", "outline"))
    if snapshot.source is Source.MOCK:
        chips.append(SOURCE_CHIPS[Source.MOCK])
    chips += fidelity_chips(snapshot.fidelity)
    if not selection.blind:
        chips.append(chip(f"{snapshot.instruments} inst"))
    gaps = _gaps_seen(snapshot, selection)
    if gaps:
        chips.append(chip(plural(gaps, "gap").upper(), "warning"))
    return chips


def _progress(snapshot: Snapshot) -> Chip:
    share = "" if snapshot.progress is None else f" {snapshot.progress:.0%}"
    return chip(f"LOADING{share}", "accent")


def _gaps_seen(snapshot: Snapshot, selection: Selection) -> int:
    now = snapshot.at.timestamp()
    return sum(1 for began, _, _ in snapshot.timeline.gaps if not selection.blind or began <= now)


def days_pane(
    days: Iterable[DaySummary], opened: tuple[date, Source] | None = None, *, blind: bool = False
) -> str:
    """Return the JSON of the day picker, latest first; a blind visit is told of no day at all."""
    if blind:
        return to_json({"days": [], "empty": HIDDEN_DAYS})
    return to_json({"days": [_listed(day, opened) for day in days], "empty": EMPTY})


def _listed(day: DaySummary, opened: tuple[date, Source] | None) -> dict[str, Any]:
    chips = [SOURCE_CHIPS[day.source], *fidelity_chips(day.fidelity)]
    if day.gaps:
        chips.append(chip(plural(len(day.gaps), "gap").upper(), "warning"))
    words = [day.day.isoformat(), day_text(day.day), *(c["text"] for c in chips), *day.underlyings]
    return {
        "id": f"{day.day.isoformat()} {day.source.value}",
        "date": day.day.isoformat(),
        "source": day.source.value,
        "text": day_text(day.day),
        "chips": chips,
        "sub": plural(day.instruments, "instrument"),
        "size": _size(day.stored_bytes),
        "title": "\n".join([", ".join(day.underlyings), *day.notes]),
        "find": " ".join(words).lower(),
        "current": opened == (day.day, day.source),
    }


def _size(stored_bytes: int) -> str:
    return f"{stored_bytes / MEGABYTE:.1f} MB"
