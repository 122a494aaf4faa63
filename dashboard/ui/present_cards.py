"""One section card: state of the last closed bar, numbers of the forming one."""

from typing import Any

from dashboard.core.market import TIMEFRAMES, Source
from dashboard.core.signal import Reading, Signal, Stance
from dashboard.core.view import Number
from dashboard.core.wording import DASH
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import WORDS, Chip, chip, closed_text, known, spaced_age, without_month
from dashboard.ui.present_flags import QUIET_FLAGS, WARNING_FLAGS, flag_words
from dashboard.ui.present_readings import (
    final_of,
    forming_of,
    is_absent,
    of_earlier_day,
    outlived,
    state_of,
)
from dashboard.ui.present_wide import FIXED, widened
from dashboard.ui.selection import Selection

BLOCKS = 5
WIDE = tuple(FIXED)
STALE_S = 60.0  # younger ones are called stale for what they say, not for their age
WARMING_NUMBERS = 2  # beside the warm-up bar
NONE_TODAY = "No bar of today has closed yet"


def card_of(snapshot: Snapshot, selection: Selection, name: str) -> dict[str, Any]:
    """Return one card."""
    card = _card(snapshot, selection, name)
    if name in WIDE:
        card |= widened(name, card, final_of(snapshot, selection, name))
    return card | {"say": _instead(card)}


def _card(snapshot: Snapshot, selection: Selection, name: str) -> dict[str, Any]:
    signal = snapshot.signals[name]
    final, forming = final_of(snapshot, selection, name), forming_of(snapshot, selection, name)
    mock = [chip("MOCK", "mock")] if snapshot.source is Source.MOCK else []
    base = {
        "id": name,
        "title": signal.title,
        "wide": name in WIDE,
        "mocked": bool(mock),
        "stale": False,
        "chips": mock,
    }
    if final is None and snapshot.status == "loading":
        return base | _waiting("loading", "Loading day", signal)
    if final is None and is_absent(snapshot, selection.underlying):
        reason = f"No {selection.underlying} in this recording"
        return base | _waiting("absent", "Not in recording", signal, reason)
    if final is None:
        return base | _waiting("insufficient", "Insufficient", signal, _why_none(snapshot))
    if outlived(snapshot, signal, final):
        return base | _waiting("insufficient", "Insufficient", signal, NONE_TODAY)
    card = base | _judged(snapshot, selection, signal, final, forming)
    card["chips"] = [*mock, *_chips(signal, selection, final)]
    return card


def _waiting(state: str, word: str, signal: Signal, reason: str = "") -> dict[str, Any]:
    return {
        "state": state,
        "word": word,
        "label": f"{signal.title}: {word}",
        "blocks": None,
        "strength": "",
        "numbers": [],
        "warmup": None,
        "reason": reason,
        "full": reason,
        "certainty": None,
        "age": "",
        "age_title": "",
    }


def _why_none(snapshot: Snapshot) -> str:
    return "This desk stopped" if snapshot.status == "failed" else "No bar has closed yet"


def _judged(
    snapshot: Snapshot,
    selection: Selection,
    signal: Signal,
    final: Reading,
    forming: Reading | None,
) -> dict[str, Any]:
    state, word = state_of(final)
    certain = state in ("bullish", "bearish", "neutral")
    reason = without_month(final.reason) if selection.blind else final.reason
    lead = f"{WORDS[final.state]}: " if certain else ""
    return {
        "state": state,
        "word": word,
        "label": f"{signal.title}: {word}" + (f", {final.strength:.0f}" if certain else ""),
        "blocks": blocks(final.strength) if certain else None,
        "strength": f"{final.strength:.0f}" if certain else "",
        "numbers": _card_numbers(signal, state, final, forming),
        "warmup": _warmup(state, final),
        "reason": reason,
        "full": lead + reason,
        "stale": "stale" in final.flags,
        **_certainty(snapshot, selection, final, forming),
    }


def blocks(strength: float) -> int:
    """Return how many of the five blocks a strength of 0..100 fills; none only for 0."""
    return max(1, round(strength / 100 * BLOCKS)) if strength > 0 else 0


def _card_numbers(
    signal: Signal, state: str, final: Reading, forming: Reading | None
) -> list[dict[str, Any]]:
    if not _has_numbers(state, final):
        return []
    numbers = numbers_of(signal, final, forming)
    return numbers[:WARMING_NUMBERS] if _warmup(state, final) else numbers


def _has_numbers(state: str, final: Reading) -> bool:
    return state not in ("absent", "failed") and bool(final.values)


def numbers_of(signal: Signal, final: Reading, forming: Reading | None) -> list[dict[str, Any]]:
    """Return the key numbers; those of a forming bar are marked provisional."""
    source = final if forming is None else forming
    return [
        {
            "label": part.label,
            "text": number_text(part, source.values.get(part.column)),
            "provisional": forming is not None,
            "title": _number_title(part, source),
        }
        for part in signal.view
        if isinstance(part, Number)
    ]


def number_text(part: Number, value: float | str | None) -> str:
    """Return a key number with its unit, or a dash."""
    if isinstance(value, str):
        return value
    if value is None:
        return DASH
    return known(value, part.digits, signed=part.signed) + part.unit


def _number_title(part: Number, reading: Reading) -> str:
    if reading.values.get(part.column) is not None:
        return part.label
    return f"{part.label} is not known: {reading.reason}"


def _instead(card: dict[str, Any]) -> str:
    """Return the reason where a card has nothing else to show in its second row."""
    shown = any(card.get(part) for part in ("numbers", "bars", "ruler", "warmup"))
    return "" if shown else str(card["reason"])


def _warmup(state: str, final: Reading) -> dict[str, Any] | None:
    have, need = final.warmup.have, final.warmup.need
    if state != "insufficient" or "not_in_recording" in final.flags or have >= need:
        return None
    return {"text": f"{have} of {need}", "percent": round(100 * have / need)}


def _certainty(
    snapshot: Snapshot, selection: Selection, final: Reading, forming: Reading | None
) -> dict[str, Any]:
    closed = closed_text(final.asof, snapshot.day, blind=selection.blind) if final.asof else ""
    old_s = (snapshot.at - final.asof).total_seconds() if final.asof else 0.0
    if "stale" in final.flags and old_s > STALE_S:
        title = f"Stale: from the bar closed {closed}"
        return {"certainty": "final", "age": spaced_age(old_s), "age_title": title}
    if forming is not None and _has_numbers(state_of(final)[0], final):
        title = f"State and reason of the bar closed {closed}; numbers still forming"
        mark = closed if of_earlier_day(snapshot, final) else "forming"
        return {"certainty": "forming", "age": mark, "age_title": title}
    minutes = TIMEFRAMES.get(final.timeframe, 0)
    title = f"Final: {minutes}m bar closed {closed}" if closed else ""
    return {"certainty": "final" if closed else None, "age": closed, "age_title": title}


def _chips(signal: Signal, selection: Selection, final: Reading) -> list[Chip]:
    chips = [chip("STALE", "warning")] if "stale" in final.flags else []
    if final.timeframe != selection.timeframe:
        chips.append(chip(final.timeframe.upper(), "outline", "This section has no other"))
    shown = [flag for flag in final.flags if flag not in QUIET_FLAGS]
    if final.state is Stance.INSUFFICIENT:
        shown = []
    chips += [
        chip(word, "warning" if flag in WARNING_FLAGS else "", meaning)
        for flag, (word, meaning) in ((flag, flag_words(flag)) for flag in shown)
    ]
    return chips
