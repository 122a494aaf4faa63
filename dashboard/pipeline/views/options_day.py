"""One expiry through the day: worked out once for each closed minute, then kept."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS, from_seconds, to_ns
from dashboard.core.errors import CalendarError
from dashboard.core.market import Floats, Segment
from dashboard.options.black76 import RATE, years_to_expiry
from dashboard.options.chain import ChainHistory
from dashboard.options.forward import parity_forward
from dashboard.options.implied import implied_volatility
from dashboard.options.ratios import max_pain, put_call_ratio
from dashboard.options.strikes import atm_strike
from dashboard.pipeline.chains import Chain
from dashboard.pipeline.hours import CLOSED, CONTINUOUS, Hours
from dashboard.pipeline.options_view import OptionsDay

SMILE_BEFORE = 60  # minutes
SILENT_MINUTES = 5  # without a change of any price or volume: what prices say is unknown
COLUMNS = ("pcr_oi", "pcr_volume", "max_pain", "atm", "forward", "straddle")


@dataclass(frozen=True, slots=True)
class Base:
    """The open interest that changes are counted from, and since when that is.

    `first` holds the day's first open interest and last price of calls and puts, for a
    recording that lacks yesterday's prices; `first_words` says when that was.
    """

    call: Floats
    put: Floats
    words: str
    first: tuple[tuple[Floats, Floats], tuple[Floats, Floats]]
    first_words: str


def base_of(chain: Chain, history: ChainHistory) -> Base:
    """Return yesterday's open interest; where no source gave it, the day's first."""
    before = [
        np.array([chain.previous_oi.get(int(row), np.nan) for row in rows])
        for rows in (chain.calls, chain.puts)
    ]
    nothing = np.full(len(chain.strikes), np.nan)
    first, words = ((nothing, nothing), (nothing, nothing)), ""
    if len(history):
        call, put = (
            (history.side("oi", kind)[0].copy(), history.side("ltp", kind)[0].copy())
            for kind in ("CE", "PE")
        )
        first, words = (call, put), f"{from_seconds(int(history.starts[0]) + MINUTE_S):%H:%M}"
    if not all(np.isnan(side).all() for side in before):
        return Base(before[0], before[1], "the previous close", first, words)
    return Base(first[0][0], first[1][0], words, first, words)


@dataclass
class DayOfOptions:
    """The minutes of one chain, extended as they close; made anew for another chain."""

    chain: Chain
    hours: Hours
    instant_s: float  # from `expiry_s`
    _seen: int = 0  # snapshots taken in
    _last_start: int = 0
    _rows: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    _day: OptionsDay | None = None
    base: Base | None = None

    def now(self) -> OptionsDay | None:
        """Return the day so far, None before a minute has closed."""
        history = self.chain.stacked()
        if len(history) and (len(history), int(history.starts[-1])) == (
            self._seen,
            self._last_start,
        ):
            return self._day
        self.base = base_of(self.chain, history)
        if not len(history):
            return None
        self._take(self._open(history), history)
        return self._day

    def _open(self, history: ChainHistory) -> ChainHistory:
        """Leave out minutes in which nothing trades."""
        traded = np.flatnonzero(self.hours.segments[Segment.FNO].state(history.starts) != CLOSED)
        if not len(traded):
            return history.rows(0, 0)
        return history.rows(int(traded[0]), int(traded[-1]) + 1)

    def _take(self, minutes: ChainHistory, whole: ChainHistory) -> None:
        known = len(self._rows["atm"])
        if len(whole) < self._seen:
            known, self._rows = 0, {name: [] for name in COLUMNS}
        for at in range(known, len(minutes)):
            for name, value in self._minute(minutes, at).items():
                self._rows[name].append(value)
        self._seen, self._last_start = len(whole), int(whole.starts[-1])
        self._day = self._made(minutes) if len(minutes) else None

    def _minute(self, minutes: ChainHistory, at: int) -> dict[str, float]:
        """Return what one minute needs a search for; volatilities are solved together."""
        call_oi, put_oi = (minutes.side("oi", kind)[at] for kind in ("CE", "PE"))
        call, put = (minutes.side("ltp", kind)[at] for kind in ("CE", "PE"))
        spot = float(minutes.header("spot")[at])
        discount = math.exp(-RATE * self._years(int(minutes.starts[at])))
        forward, _ = parity_forward(minutes.strikes, call, put, spot, discount)
        frozen = self._index_is_frozen(int(minutes.starts[at]))
        money = forward if frozen and math.isfinite(forward) else spot
        atm = atm_strike(minutes.strikes, money)
        place = np.searchsorted(minutes.strikes, atm) if math.isfinite(atm) else 0
        return {
            "pcr_oi": put_call_ratio(call_oi, put_oi),
            "pcr_volume": put_call_ratio(
                minutes.side("volume", "CE")[at], minutes.side("volume", "PE")[at]
            ),
            "max_pain": max_pain(minutes.strikes, call_oi, put_oi, spot),
            "atm": atm,
            "forward": forward,
            "straddle": float(call[place] + put[place]) if math.isfinite(atm) else math.nan,
        }

    def _years(self, start: int) -> float:
        return float(years_to_expiry(self.instant_s - start - MINUTE_S))

    def _index_is_frozen(self, start: int) -> bool:
        state = self.hours.segments[Segment.INDEX].state(np.array([start]))
        return int(state[0]) != CONTINUOUS

    def _made(self, minutes: ChainHistory) -> OptionsDay:
        assert self.base is not None
        columns = {name: np.array(values) for name, values in self._rows.items()}
        forward = columns.pop("forward")
        silent = _is_silent(minutes)
        forward[silent] = columns["straddle"][silent] = np.nan
        fno = self.hours.segments[Segment.FNO]
        before = len(minutes) - 1 - SMILE_BEFORE
        return OptionsDay(
            starts=minutes.starts.copy(),
            strikes=minutes.strikes,
            spot=minutes.header("spot").copy(),
            **columns,
            atm_iv=self._atm_iv(minutes, columns["atm"], forward),
            call_change=minutes.side("oi", "CE") - self.base.call,
            put_change=minutes.side("oi", "PE") - self.base.put,
            base=self.base.words,
            opens=fno.start,
            closes=fno.end,
            smile_start=int(minutes.starts[before]) if before >= 0 else None,
            smile=self._smile(minutes, before, float(forward[before])) if before >= 0 else _NONE,
        )

    def _atm_iv(self, minutes: ChainHistory, atm: Floats, forward: Floats) -> Floats:
        """Return the mean volatility of call and put at the money of each minute, in percent."""
        rows = np.arange(len(atm))
        places = np.searchsorted(minutes.strikes, np.nan_to_num(atm)).clip(
            0, len(minutes.strikes) - 1
        )
        years = years_to_expiry(self.instant_s - minutes.starts - MINUTE_S)
        both = [
            implied_volatility(
                minutes.side("ltp", kind)[rows, places], forward, atm, years, RATE, kind
            )[0]
            for kind in ("CE", "PE")
        ]
        return 100 * (both[0] + both[1]) / 2

    def _smile(self, minutes: ChainHistory, at: int, forward: float) -> Floats:
        """Return the volatilities out of the money at one minute, in percent."""
        years = self._years(int(minutes.starts[at]))
        sides = [
            implied_volatility(
                minutes.side("ltp", kind)[at], forward, minutes.strikes, years, RATE, kind
            )[0]
            for kind in ("PE", "CE")
        ]
        return 100 * np.where(minutes.strikes < forward, sides[0], sides[1])


def _is_silent(minutes: ChainHistory) -> npt.NDArray[np.bool_]:
    """Say which minutes come long after the last change of a price or volume."""
    told = np.zeros(len(minutes))
    for field_name in ("ltp", "volume"):
        for kind in ("CE", "PE"):
            told += np.nansum(minutes.side(field_name, kind), axis=1)
    at = np.arange(len(minutes))
    changed = np.maximum.accumulate(np.where(np.diff(told, prepend=np.nan) != 0, at, 0))
    return np.asarray(at - changed > SILENT_MINUTES)


_NONE = np.empty(0)


def expiry_s(calendar: Calendar, chain: Chain) -> float:
    """Return when a chain expires [s since the epoch], NaN if the calendar does not know."""
    try:
        return to_ns(calendar.expiry_instant(chain.underlying, chain.expiry)) / SECOND_NS
    except CalendarError:
        return math.nan
