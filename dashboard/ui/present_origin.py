"""Where a reading comes from: inputs, votes, what was said before, the same in a notebook."""

from typing import Any

from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.core.signal import Reading, Signal, Stance
from dashboard.core.view import Number
from dashboard.core.wording import DASH, short_date
from dashboard.pipeline.bars import PATIENCE_S
from dashboard.pipeline.snapshot import Explained, InputView, Snapshot
from dashboard.signals.confluence import GROUPS
from dashboard.signals.momentum import WEIGHTS
from dashboard.ui.phrases import (
    STATES,
    WORDS,
    clock_text,
    closed_text,
    known,
    minute_text,
    plural,
    without_month,
)
from dashboard.ui.present_cards import number_text
from dashboard.ui.present_readings import final_of
from dashboard.ui.selection import Selection

LAST_STATES = 7
NUMBERS = 2  # beside each earlier state
TOO_FEW = "Less than half of its group's shares had a vote"
OF_DAYS = ("daily", "vix_daily")
INPUTS = {
    "index": ("Index", "bar"),
    "future": ("Front future", "bar"),
    "next_future": ("Next month's future", "bar"),
    "index_15m": ("Index, 15 minutes", "bar"),
    "vix": ("India VIX", "bar"),
    "daily": ("Earlier sessions", "session"),
    "vix_daily": ("Earlier sessions, India VIX", "session"),
    "past_volume": ("Earlier volume by the minute", "minute"),
    "chain": ("Option chain", "row"),
    "votes": ("What the others said", "bar"),
}
MOMENTUM = {
    "rsi": ("RSI", "rsi14", 1),
    "macd": ("MACD histogram", "macd_hist", 2),
    "roc": ("ROC", "roc10", 2),
}

Table = dict[str, Any]


def inputs_table(explained: Explained, snapshot: Snapshot, selection: Selection) -> Table:
    """Return which instruments the section was given, how much of them, and up to when."""
    rows = [_input(one, snapshot, selection) for one in explained.inputs]
    return {"head": ["input", "of", "known", "last"], "rows": rows}


def _input(one: InputView, snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    title, unit = INPUTS.get(one.name, (one.name, "row"))
    of = without_month(one.instrument) if selection.blind else one.instrument
    if one.rows is None:
        return {"cells": [title, of, DASH, DASH], "title": one.missing}
    count = plural(one.rows, unit) if one.rows < 1000 else f"{known(one.rows, 0)} {unit}s"
    return {"cells": [title, of, count, _last(one, snapshot, selection)], "title": ""}


def _last(one: InputView, snapshot: Snapshot, selection: Selection) -> str:
    if one.last is None:
        return DASH
    if one.name in OF_DAYS:
        return "earlier day" if selection.blind else short_date(one.last)
    return closed_text(one.last, snapshot.day, blind=selection.blind)


def votes_table(
    name: str, final: Reading, snapshot: Snapshot, selection: Selection
) -> Table | None:
    """Return what a section adds up, where it adds votes."""
    signals = snapshot.signals
    if name == "momentum":
        rows = [_vote(key, final) for key in MOMENTUM]
        rows.append({"cells": ["Score", "", "", _signed(final.values.get("momentum_score"))]})
        return {"head": ["vote of", "number", "weight", "vote"], "rows": rows}
    if name == "confluence":
        rows = [
            {
                "cells": [
                    signals[member].title if member in signals else member,
                    group,
                    f"{share:g}",
                    _signed(value),
                ]
            }
            | {"side": _side(value), "title": _no_vote(member, value, snapshot, selection)}
            for group, (_, shares) in GROUPS.items()
            for member, share in shares.items()
            for value in [final.values.get(member)]
        ]
        rows.append({"cells": ["Total", "", "", _signed(final.values.get("total"))]})
        return {"head": ["section", "group", "share", "adds"], "rows": rows}
    return None


def _no_vote(
    member: str, value: float | str | None, snapshot: Snapshot, selection: Selection
) -> str:
    """Return why a section adds nothing that is known; "" if it does."""
    if isinstance(value, float) or member not in snapshot.signals:
        return ""
    reading = final_of(snapshot, selection, member)
    if reading is None or reading.state is not Stance.INSUFFICIENT:
        return TOO_FEW
    return without_month(reading.reason) if selection.blind else reading.reason


def _vote(key: str, final: Reading) -> dict[str, Any]:
    title, column, digits = MOMENTUM[key]
    value, vote = final.values.get(column), final.values.get(f"{key}_vote")
    number = known(value, digits) if isinstance(value, float) else DASH
    cells = [title, number, f"{WEIGHTS[key]:g}", _signed(vote, 0)]
    return {"cells": cells, "side": _side(vote)}


def _signed(value: float | str | None, digits: int = 2) -> str:
    return known(value, digits, signed=True) if isinstance(value, float) else DASH


def _side(value: float | str | None) -> str:
    if not isinstance(value, float) or not value:
        return "neutral"
    return "bullish" if value > 0 else "bearish"


def states_table(
    explained: Explained, signal: Signal, snapshot: Snapshot, selection: Selection
) -> Table:
    """Return the last bars of today at which the state changed, newest first."""
    parts = [part for part in signal.view if isinstance(part, Number)][:NUMBERS]
    changes = _changes(explained.history)[-LAST_STATES:]
    return {
        "head": ["closed", "state", "strength", *(part.label for part in parts)],
        "rows": [
            {
                "cells": [
                    closed_text(one.asof, snapshot.day, blind=selection.blind) if one.asof else "",
                    WORDS[one.state],
                    DASH if one.state is Stance.INSUFFICIENT else f"{one.strength:.0f}",
                    *(number_text(part, one.values.get(part.column)) for part in parts),
                ],
                "state": STATES[one.state],
                "title": without_month(one.reason) if selection.blind else one.reason,
            }
            for one in reversed(changes)
        ],
    }


def _changes(history: tuple[Reading, ...]) -> list[Reading]:
    """Return the first bar of each state."""
    changes: list[Reading] = []
    for one in history:
        if not changes or one.state is not changes[-1].state:
            changes.append(one)
    return changes


def notebook(final: Reading, snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the lines that give this reading in a notebook; a blind day has no date to name."""
    mock = ", mock=True" if snapshot.source is Source.MOCK else ""
    day = "…" if selection.blind else f'"{snapshot.day.isoformat()}"'
    said = final.state.value
    if final.state not in (Stance.INSUFFICIENT, Stance.NEUTRAL):
        said += f", {final.strength:.0f}"
    lines = (
        "from dashboard.research.client import open_day\n\n"
        f'moment = open_day({day}{mock}).at("{_known_at(final, snapshot)}")\n'
        f'moment.reading("{final.id}", "{final.underlying}", "{final.timeframe}")  # {said}'
    )
    return {"lines": lines, "copy": not selection.blind}


def _known_at(final: Reading, snapshot: Snapshot) -> str:
    """Return the first moment of the day at which the reading is surely there."""
    if final.asof is None or final.asof.astimezone(IST).date() != snapshot.day:
        return clock_text(snapshot.at)
    return f"{minute_text(final.asof)}:{PATIENCE_S:02}"
