"""Fetch what was not received: historical candles for the minutes of today without a bar.

A minute may lack its bar because nothing was received, or because nothing was traded in it.
Only Kite knows which, so it is asked, and once more later: its candles may lag. A minute that
has none by then had no trade, and is not asked for again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import structlog

from dashboard.core.clock import MINUTE_S, from_seconds
from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError
from dashboard.core.kite import Grant, KiteApi
from dashboard.core.ports import BAR_DTYPE
from dashboard.operations.parts import Recording, Spans

SETTLES_S = 15  # seconds after a minute's end before its candle is asked for
AGAIN_S = 300  # seconds after which a candle that did not come is asked for once more
TRIES = 2
BACKOFF_S = 5  # after the first failure; it doubles with each
LONGEST_BACKOFF_S = 300

Bars = npt.NDArray[np.void]
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Asked:
    """When a minute was last asked for, and how often an answer came."""

    at_s: int
    answers: int = 1


@dataclass(slots=True)
class _Day:
    """What was asked for on one day; nothing of it matters to the next."""

    day: date
    asked: dict[int, dict[int, _Asked]] = field(default_factory=dict)  # by token and minute
    failures: dict[int, int] = field(default_factory=dict)  # by token
    failed_in_a_row: int = 0
    wait_until_s: float = 0.0


class CandleFiller:
    """A `Filler` that remembers what it asked for."""

    def __init__(self) -> None:
        self._now: _Day | None = None

    def fill(self, api: KiteApi, grant: Grant, recording: Recording, now_s: int) -> int:
        """Fill the holes that have not been asked for yet; return how many bars came. Blocks.

        One request spans all due minutes of an instrument: requests are what Kite counts.
        When Kite refuses, what came before is handed over and the rest is left for later.

        Raises
        ------
        KiteTokenError
            If the token is dead; what came before is handed over.
        """
        if recording.day is None:
            return 0
        now = self._today(recording.day)
        if now_s < now.wait_until_s:
            return 0
        missing = {t: _settled(spans, now_s) for t, spans in recording.missing(now_s).items()}
        came: dict[int, Bars] = {}
        answered: dict[int, list[int]] = {}
        try:
            for token, minutes in _due(now, missing, now_s):
                candles = _ask(api, grant, token, minutes)
                came[token] = only_missing(candles, token, missing[token])
                answered[token] = minutes
                now.failed_in_a_row, now.failures[token] = 0, 0
        except KiteTokenError:
            raise
        except KiteError as error:
            _put_off(now, token, error, now_s)
        finally:  # also on the way out with a dead token: nothing that came is lost
            count = _hand_over(recording, came)
            for token, minutes in answered.items():
                _note(now, token, minutes, now_s)
        return count

    def _today(self, day: date) -> _Day:
        if self._now is None or self._now.day != day:
            self._now = _Day(day)
        return self._now


def only_missing(candles: Bars, token: int, minutes: Iterable[int]) -> Bars:
    """Return those candles of an instrument whose minute is among `minutes`, in order."""
    wanted = np.isin(candles["start"], np.array(list(minutes), dtype=np.int64))
    kept = candles[wanted & (candles["token"] == token)]
    _, first = np.unique(kept["start"], return_index=True)
    found: Bars = kept[first]
    return found


def _settled(spans: Spans, now_s: int) -> list[int]:
    """Return the minutes [s] of spans whose candles are final by now, in order."""
    minutes = sorted({m for start, end in spans for m in range(start, end, MINUTE_S)})
    return [minute for minute in minutes if minute + MINUTE_S + SETTLES_S <= now_s]


def _due(
    now: _Day, missing: Mapping[int, list[int]], now_s: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield the minutes to ask for by token; one that failed comes after the others."""
    for token in sorted(missing, key=lambda token: (now.failures.get(token, 0), token)):
        asked = now.asked.get(token, {})
        minutes = [m for m in missing[token] if _is_due(asked.get(m), now_s)]
        if minutes:
            yield token, minutes


def _is_due(before: _Asked | None, now_s: int) -> bool:
    return before is None or (before.answers < TRIES and now_s - before.at_s >= AGAIN_S)


def _ask(api: KiteApi, grant: Grant, token: int, minutes: list[int]) -> Bars:
    start, end = from_seconds(minutes[0]), from_seconds(minutes[-1] + MINUTE_S)
    return api.candles(grant.access_token, token, "1m", start, end)


def _hand_over(recording: Recording, came: Mapping[int, Bars]) -> int:
    bars = np.concatenate([np.empty(0, BAR_DTYPE), *came.values()])
    if len(bars):
        recording.backfill(bars)
        log.info("Minutes are filled", bars=len(bars), instruments=len(came))
    return len(bars)


def _note(now: _Day, token: int, minutes: Iterable[int], now_s: int) -> None:
    """Remember that an answer came for these minutes."""
    asked = now.asked.setdefault(token, {})
    for minute in minutes:
        before = asked.get(minute)
        asked[minute] = _Asked(now_s, before.answers + 1 if before else 1)


def _put_off(now: _Day, token: int, error: KiteError, now_s: int) -> None:
    """Leave everything that is missing for later, this instrument last."""
    now.failures[token] = now.failures.get(token, 0) + 1
    wait_s = min(BACKOFF_S * 2.0**now.failed_in_a_row, LONGEST_BACKOFF_S)
    if isinstance(error, KiteLimitError):
        wait_s = max(wait_s, error.wait_s)
    now.failed_in_a_row += 1
    now.wait_until_s = now_s + wait_s
    log.warning("Filling is put off", token=token, wait_s=wait_s, error=str(error))
