"""Bring the sessions before a first live day from Kite's historical candles.

Sections need four hundred bars and sixty sessions before they say anything at 09:15. What
the store lacks of them is fetched once and kept as tapes of bars, like any imported file:
replay and live then see the same past. Options cannot be had again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import structlog

from dashboard.core.calendar import Calendar
from dashboard.core.clock import IST, SECOND_NS, day_start_s, to_ns
from dashboard.core.errors import CalendarError, ImportFileError
from dashboard.core.kite import Grant, KiteApi
from dashboard.core.market import Instrument, Kind, Source
from dashboard.core.ports import Store
from dashboard.core.table import DAY_S
from dashboard.pipeline.hours import trading_hours
from feeds.importers.bar_day import DayBars, clean_day
from feeds.importers.bar_rows import ABSENT, PRICES, ROW
from feeds.importers.bar_ticks import bar_ticks
from feeds.importers.days import Tape, digest, recorded, write
from feeds.importers.framing import frames, opening
from feeds.importers.missing import without_bars
from feeds.importers.report import Tally

log = structlog.get_logger(__name__)

SESSIONS = 60
LABEL = "Kite historical"
CONNECTION = 0
PAISE = 100
MIDNIGHT = time(tzinfo=IST)

Bars = npt.NDArray[np.void]


def lacking_sessions(
    store: Store, calendar: Calendar, day: date, count: int = SESSIONS
) -> list[date]:
    """Return which of the last `count` trading days before `day` are not stored, oldest first."""
    stored = {one.day for one in store.days() if one.source is not Source.MOCK}
    found: list[date] = []
    try:
        for _ in range(count):
            day = calendar.previous_trading_day(day)
            if day not in stored:
                found.append(day)
    except CalendarError:
        pass  # the calendar begins here: nothing before it is asked for
    return found[::-1]


def fetch_sessions(
    api: KiteApi,
    grant: Grant,
    store: Store,
    calendar: Calendar,
    instruments: Sequence[Instrument],
    days: Sequence[date],
) -> list[date]:
    """Fetch 1m candles of `instruments` on `days` and keep them; return the days written.

    It blocks while Kite answers. A day of which Kite has nothing is left out.

    Raises
    ------
    KiteError
        If Kite refuses; nothing is written then.
    StoreError
        If the store refuses; the days before are kept.
    """
    if not days:
        return []
    start = datetime.combine(days[0], MIDNIGHT)
    end = datetime.combine(days[-1], MIDNIGHT) + timedelta(days=1)
    candles = {
        one: api.candles(grant.access_token, one.token, "1m", start, end) for one in instruments
    }
    tally = Tally()
    for day in days:
        tape = _tape(day, candles, calendar, tally)
        if tape is not None:
            write(tape, store, tally, replace=False)
    return [one.day for one in tally.days]


def _tape(
    day: date, candles: Mapping[Instrument, Bars], calendar: Calendar, tally: Tally
) -> Tape | None:
    """Return one day's candles as a tape, None if there are none that can be believed."""
    midnight = day_start_s(day)
    own = {
        one: bars[(bars["start"] >= midnight) & (bars["start"] < midnight + DAY_S)]
        for one, bars in candles.items()
    }
    instruments = sorted((one for one, bars in own.items() if len(bars)), key=lambda i: i.symbol)
    if not instruments:
        return None
    rows = np.concatenate([_rows(place, own[one]) for place, one in enumerate(instruments)])
    try:
        bars = clean_day(day, rows, instruments, calendar, tally)
    except ImportFileError as error:
        log.warning("session left out", day=str(day), reason=str(error))
        return None
    fidelity = f"{bars.minutes}m bars"
    ticks = bar_ticks(bars, instruments, carries_volume=True)
    opens = min(calendar.session(day, i.segment).open for i in instruments)
    return Tape(
        info=recorded(day, fidelity, LABEL, digest(fidelity, instruments, _contents(bars))),
        instruments=instruments,
        frames=[[opening(to_ns(opens) // SECOND_NS, CONNECTION)], *frames(ticks, CONNECTION)],
        rows=len(bars.rows),
        ticks=len(ticks),
        gaps=without_bars(bars, instruments, trading_hours(calendar, day)),
    )


def _rows(place: int, bars: Bars) -> npt.NDArray[np.void]:
    rows = np.zeros(len(bars), dtype=ROW)
    rows["time"], rows["who"] = bars["start"], place
    for name in PRICES:
        rows[name] = np.rint(bars[name] * PAISE)
    for name in ("volume", "oi"):
        rows[name] = np.where(np.isfinite(bars[name]), np.nan_to_num(bars[name]), ABSENT)
    return rows


def _contents(bars: DayBars) -> list[npt.NDArray[np.int64]]:
    count = int(bars.rows["who"].max()) + 1
    names = ("time", *PRICES, "volume", "oi")
    parts = (bars.rows[bars.rows["who"] == who] for who in range(count))
    return [np.stack([rows[name] for name in names]) for rows in parts]


def followed_kinds(instruments: Sequence[Instrument]) -> list[Instrument]:
    """Return those of which sections read past sessions: indices and futures."""
    return [i for i in instruments if i.kind in (Kind.INDEX, Kind.FUTURE)]
