"""After the close: hold the day against the exchange's own candles, and complete it.

Compared is what sections read: the indices, the VIX and the futures that are followed, in
their hours of continuous trading. What Kite's candles say of the closing auction is neither
compared nor added: index bars of it are drawn and never read (SIGNALS 1). Options that were
not received cannot be had again: they stay gaps.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import structlog

from dashboard.core.clock import SECOND_NS, Clock, from_seconds
from dashboard.core.errors import KiteError, KiteTokenError
from dashboard.core.health import DayReport
from dashboard.core.kite import Grant, KiteApi
from dashboard.core.market import TIMEFRAMES, BarFlag, Instrument, Segment, Source, Universe
from dashboard.core.ports import BAR_DTYPE, Store
from dashboard.core.table import DAY_S
from dashboard.operations.comparing import Bars, Comparison, compare
from dashboard.operations.day_report import Account, day_report, symbol_of
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.hours import CONTINUOUS, Hours
from dashboard.pipeline.notes import read_backfill
from dashboard.pipeline.series import SeriesBook

ROUNDS = 2  # an instrument whose candles could not be had is tried once more, after the others

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CandleReconciler:
    """A `Reconciler` of the days in `store`.

    Readings of the day stay as they were: they say what was known then.
    """

    store: Store
    clock: Clock

    def reconcile(
        self,
        api: KiteApi,
        grant: Grant,
        day: date,
        hours: Hours,
        instruments: Collection[Instrument],
    ) -> DayReport:
        """Compare, add what is missing (labelled, never overwriting), report. Blocks.

        It may be done again: then there is less to add. What could not be compared, because
        Kite refused some instruments, is a remark.

        Raises
        ------
        KiteTokenError
            If the token is dead. Nothing was added.
        KiteError
            If no candles at all could be had: try again later, or report `unreconciled`.
        StoreError
            If the day is not stored, or the database refused.
        """
        universe = Universe(tuple(instruments))
        segments = followed(universe, day)
        stored = self._stored(day, hours, segments)
        theirs, refused = _candles(api, grant, hours, segments)
        found = tuple(
            compare(token, _continuous(stored["1m"][token], hours, segments[token]), candles)
            for token, candles in theirs.items()
        )
        added = self._add(day, hours, segments, stored, found)
        log.info("reconciled", day=str(day), instruments=len(found), added=added)
        remarks = [f"No candles of {symbol_of(universe, t)}: {why}" for t, why in refused.items()]
        return self._report(day, hours, universe, found, remarks)

    def unreconciled(
        self, day: date, hours: Hours, instruments: Collection[Instrument], why: str
    ) -> DayReport:
        """Report a day that could not be compared, and why, in a sentence. Blocks shortly."""
        return self._report(day, hours, Universe(tuple(instruments)), None, [why])

    def _stored(
        self, day: date, hours: Hours, tokens: Collection[int], names: Collection[str] = TIMEFRAMES
    ) -> dict[str, dict[int, Bars]]:
        until = hours.midnight + DAY_S
        return {n: self.store.bars(day, Source.LIVE, list(tokens), n, until) for n in names}

    def _add(
        self,
        day: date,
        hours: Hours,
        segments: Mapping[int, Segment],
        stored: Mapping[str, Mapping[int, Bars]],
        found: Sequence[Comparison],
    ) -> int:
        """Put in what is missing here, with the longer bars it belongs to; return how much."""
        missing = np.concatenate([np.empty(0, BAR_DTYPE), *(one.missing_here for one in found)])
        book = SeriesBook(segments, hours)  # fills a finished day as it fills a live one
        for name, bars in stored.items():
            book.restore(name, bars)
        over = {segment: hours.segments[segment].end for segment in Segment}
        changed = book.fill(missing, over)
        return self.store.fill_bars(day, Source.LIVE, changed) if changed else 0

    def _report(
        self,
        day: date,
        hours: Hours,
        universe: Universe,
        found: tuple[Comparison, ...] | None,
        remarks: Sequence[str],
    ) -> DayReport:
        every = self._stored(day, hours, universe.tokens.tolist(), ["1m"])["1m"]
        bars = np.concatenate([np.empty(0, BAR_DTYPE), *every.values()])
        filled = bars[(bars["flags"] & BarFlag.BACKFILLED) != 0]
        noted = self._noted(day, hours)
        in_the_day = np.isin(filled[["token", "start"]], noted[["token", "start"]])
        account = Account(
            summary=self.store.day(day, Source.LIVE),
            universe=universe,
            bars=len(bars),
            found=found,
            filled_in_the_day=int(in_the_day.sum()),
            filled_after=filled[~in_the_day],
            remarks=tuple(remarks),
        )
        return day_report(account, self.clock.now_ns())

    def _noted(self, day: date, hours: Hours) -> Bars:
        """Return the candles that the tape holds: they were filled while the day went on."""
        notes = self.store.notes(day, Source.LIVE, (hours.midnight + DAY_S) * SECOND_NS)
        candles = (read_backfill(note.payload) for note in notes)
        return np.concatenate([np.empty(0, BAR_DTYPE), *candles])


def _candles(
    api: KiteApi, grant: Grant, hours: Hours, segments: Mapping[int, Segment]
) -> tuple[dict[int, Bars], dict[int, str]]:
    """Return the exchange's minutes by token, and why there are none of some."""
    found: dict[int, Bars] = {}
    refused: dict[int, KiteError] = {}
    for _ in range(ROUNDS):
        for token in [t for t in segments if t not in found]:
            try:
                found[token] = _minutes(api, grant, hours, token, segments[token])
                refused.pop(token, None)
            except KiteTokenError:
                raise
            except KiteError as error:
                refused[token] = error
    if refused and not found:
        raise next(iter(refused.values()))
    return found, {token: str(error) for token, error in refused.items()}


def _minutes(api: KiteApi, grant: Grant, hours: Hours, token: int, segment: Segment) -> Bars:
    of = hours.segments[segment]
    if not of.windows:
        return np.empty(0, BAR_DTYPE)
    start, end = from_seconds(of.start), from_seconds(of.end)
    candles = api.candles(grant.access_token, token, "1m", start, end)
    candles = _continuous(candles[candles["token"] == token], hours, segment)
    _, first = np.unique(candles["start"], return_index=True)
    found: Bars = candles[first]
    found["average_price"], found["n"], found["flags"] = np.nan, 0, BarFlag.BACKFILLED
    return found


def _continuous(bars: Bars, hours: Hours, segment: Segment) -> Bars:
    """Return the bars of continuous trading."""
    found: Bars = bars[hours.segments[segment].state(bars["start"]) == CONTINUOUS]
    return found
