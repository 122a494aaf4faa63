"""Which readings a person looks at, and the word of their state."""

from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.core.signal import Reading, Signal
from dashboard.core.view import Level, Line, Zone
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import STATES, WORDS
from dashboard.ui.selection import Selection

NOT_YET = " yet"  # ends the reason of an input that may still come


def timeframe_of(signal: Signal, selection: Selection) -> str:
    """Return the chosen timeframe, or the section's own where it has no other."""
    return signal.nearest(selection.timeframe)


def final_of(snapshot: Snapshot, selection: Selection, name: str) -> Reading | None:
    """Return the reading of the last closed bar."""
    frame = timeframe_of(snapshot.signals[name], selection)
    return snapshot.final.get((selection.underlying, name, frame))


def forming_of(snapshot: Snapshot, selection: Selection, name: str) -> Reading | None:
    """Return the forming bar's reading if it is newer than the last closed one's."""
    frame = timeframe_of(snapshot.signals[name], selection)
    forming = snapshot.provisional.get((selection.underlying, name, frame))
    final = final_of(snapshot, selection, name)
    if forming is None or forming.final or forming.bar_ts is None:
        return None
    if final is not None and final.bar_ts is not None and forming.bar_ts <= final.bar_ts:
        return None
    return forming


def is_absent(snapshot: Snapshot, underlying: str) -> bool:
    """Say whether a recording has nothing of an underlying, though it has of others.

    The shared live desk is no recording: there a price may still come.
    """
    live = snapshot.source is Source.LIVE and not snapshot.replay
    quote = snapshot.indices.get(underlying)
    if live or not snapshot.final or (quote is not None and quote.price is not None):
        return False
    return all(of != underlying for of, _, _ in snapshot.final)


def outlived(snapshot: Snapshot, signal: Signal, reading: Reading) -> bool:
    """Say whether a session-anchored section still tells of an earlier session.

    Before today's first bar has closed the last closed bar is of an earlier day. What begins
    anew with each session (levels and zones of today, anchored lines) says nothing yet.
    """
    return of_earlier_day(snapshot, reading) and is_anchored(signal)


def of_earlier_day(snapshot: Snapshot, reading: Reading) -> bool:
    """Say whether the reading's bar closed before the snapshot's day."""
    return reading.asof is not None and reading.asof.astimezone(IST).date() < snapshot.day


def is_anchored(signal: Signal) -> bool:
    """Say whether a section draws what holds for one session only."""
    return any(
        isinstance(part, Level | Zone) or (isinstance(part, Line) and part.anchored)
        for part in signal.view
    )


def state_of(reading: Reading) -> tuple[str, str]:
    """Return the card's state and its word."""
    if "failed" in reading.flags:
        return "failed", "Section failed"
    if "not_in_recording" in reading.flags and not reading.reason.endswith(NOT_YET):
        return "absent", "Not in recording"
    return STATES[reading.state], WORDS[reading.state]
