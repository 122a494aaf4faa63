"""Volume profile of the near-month future's session: where its volume was traded.

Prices are cut into bins [k B, (k + 1) B) of B = 5 INR for NIFTY, 10 for BANKNIFTY, 20 for
SENSEX. Where no underlying is named the session's first close tells: 5 below 35,000, 10
below 65,000, else 20, which fits the years 2024 to 2026. A bar's volume is spread evenly
over its range from low to high; without a range it falls into one bin. These are bars: what
traded at each tick's own price would be known better, and is not what this shows.

    poc         midpoint of the bin of the largest volume              [INR]
    val, vah    lower and upper edge of the value area                 [INR]

Of bins that are equally large the one nearest the middle of the traded range is the POC,
then the lower one. The value area holds 70 percent of the volume. It grows from the POC by
comparing the next two rows above with the next two below and taking the larger pair (above,
if equal); one row at a time would give another area.

The profile is developing: bar t sees bars 1..t of its date, and what it said stays. The
prior day's is the whole session before, if the bars hold it but for five minutes at either
end; of a part of a session there is no prior profile. Where today's bars
begin more than five minutes after the open the profile is that of a part of the session: it
is flagged ``gap_in_window`` and its strength is at most 50.

Source: J. P. Steidlmayer, Market Profile (Chicago Board of Trade, 1985), here with volume
in place of half-hour letters. The state (beyond the value area) and its strength are
conventions; being accepted there takes the closes of two whole 5 minutes.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    day_of_last,
    days_of,
    first_of_day,
    goes_on,
    last_row,
    prices,
    session_spans,
    starts_s,
)
from dashboard.core.clock import from_seconds
from dashboard.core.errors import InputError
from dashboard.core.hours import is_whole, prior_day
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import (
    GAP_CAP,
    Inputs,
    PriceLevel,
    Signal,
    Stance,
    Verdict,
    insufficient,
)
from dashboard.core.table import Columns, Row
from dashboard.core.view import Level, Number, Zone
from dashboard.core.wording import RANGE, clock_time, number
from dashboard.signals.vwap import bar_length, begins_late, is_thin, lacks_volume, session_of_last

BINS = {"NIFTY": 5.0, "BANKNIFTY": 10.0, "SENSEX": 20.0}  # INR
BIN_BELOW = ((35_000.0, 5.0), (65_000.0, 10.0), (math.inf, 20.0))  # of an unnamed underlying
VALUE_SHARE = 0.70
MIN_BARS = 30  # of the session, before there is a state
ACCEPTANCE_S, ACCEPTANCE_BARS = 5 * 60, 2  # closes beyond the value area
EQUAL = 1e-9  # relative; closer than this is the same
REMEMBERED = 128  # sessions
LOOKED_BACK = 15  # bars, at most, that a remembered session may lack
NOTHING = (math.nan, math.nan, math.nan)
NO_AREAS = np.empty((0, 3))
Area = tuple[float, float, float]  # poc, vah, val [INR]


@dataclass
class Profile:
    """The volume of each bin so far.

    `volumes[i]` [units] is that of bin `lowest + i`; `size` is B [INR]; `top` and `bottom`
    are the highest and lowest traded price [INR].
    """

    size: float
    lowest: int = 0
    volumes: list[float] = field(default_factory=list)
    top: float = -math.inf
    bottom: float = math.inf
    area: Area = NOTHING

    def copy(self) -> "Profile":
        """Return one that may be added to."""
        return replace(self, volumes=self.volumes.copy())

    def add(self, high: float, low: float, volume: float) -> Area:
        """Return POC, VAH and VAL after a bar; one without known volume changes nothing."""
        if volume > 0:  # also false for NaN
            self._spread(high, low, volume)
            self.area = self._area()
        return self.area

    def _spread(self, high: float, low: float, volume: float) -> None:
        size = self.size
        first = math.floor(low / size + EQUAL)
        last = max(first, math.ceil(high / size - EQUAL) - 1)  # none of it is above an edge
        self.top, self.bottom = max(self.top, high), min(self.bottom, low)
        self._reach(first, last)
        if first == last:
            self.volumes[first - self.lowest] += volume
            return
        density = volume / (high - low)
        for k in range(first, last + 1):
            self.volumes[k - self.lowest] += density * (
                min(high, (k + 1) * size) - max(low, k * size)
            )

    def _reach(self, first: int, last: int) -> None:
        """Make room for the bins from `first` to `last`."""
        if not self.volumes:
            self.lowest = first
        if first < self.lowest:
            self.volumes[:0] = [0.0] * (self.lowest - first)
            self.lowest = first
        self.volumes += [0.0] * (last + 1 - self.lowest - len(self.volumes))

    def _area(self) -> Area:
        """Return the POC and the edges of the value area."""
        poc = self._largest()
        first, last = value_area(self.volumes, poc)
        size, lowest = self.size, self.lowest
        return (lowest + poc + 0.5) * size, (lowest + last + 1) * size, (lowest + first) * size

    def _largest(self) -> int:
        """Return the largest bin; of equals the nearest to mid-range, then the lower one."""
        largest = max(self.volumes)
        least, first = largest * (1 - EQUAL), self.volumes.index(largest)
        if (
            max(self.volumes[:first], default=0.0)
            < least
            > max(self.volumes[first + 1 :], default=0.0)
        ):
            return first  # nearly always, and found without a look at each bin here
        found = [at for at, volume in enumerate(self.volumes) if volume >= least]
        middle = (self.top + self.bottom) / 2 / self.size - self.lowest - 0.5
        return min(found, key=lambda at: (round(abs(at - middle), 9), at))


def value_area(volumes: list[float], poc: int) -> tuple[int, int]:
    """Return the first and last bin of the value area round `poc`."""
    first = last = poc
    end, held = len(volumes), volumes[poc]
    wanted = VALUE_SHARE * sum(volumes) * (1 - EQUAL)
    above, below = sum(volumes[last + 1 : last + 3]), sum(volumes[max(first - 2, 0) : first])
    while held < wanted:
        if first == 0 or (last + 1 < end and above >= below * (1 - EQUAL)):
            held += above
            last = min(last + 2, end - 1)
            above = sum(volumes[last + 1 : last + 3])
        else:
            held += below
            first = max(first - 2, 0)
            below = sum(volumes[max(first - 2, 0) : first])
    return first, last


Key = tuple[float, bytes]  # size of the bins, bars
Developed = tuple[Profile, Floats]  # after the last bar; POC, VAH and VAL after each


class Sessions:
    """Profiles by the bars they were made from.

    A minute after the last reading all but one bar of a session are the same, so that the
    profile that is remembered needs that one added. What is remembered is the result of
    the very bars of its key: it changes the cost of an answer, never the answer.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Key, Developed] = OrderedDict()
        self._lock = Lock()  # readings are made in more than one thread

    def areas(self, size: float, bars: Floats) -> Floats:
        """Return POC, VAH and VAL [INR] after each of `bars`, shape (n, 3).

        `bars` has a row each of high, low and volume, shape (n, 3).
        """
        key = (size, bars.tobytes())
        found = self._find(key)
        if found is None:
            profile, areas = self._shorter(size, bars)
            profile = profile.copy()
            fresh = [profile.add(*bar) for bar in bars[len(areas) :].tolist()]
            found = profile, np.concatenate((areas, fresh))
            with self._lock:
                self._known[key] = found
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return found[1]

    def _shorter(self, size: float, bars: Floats) -> Developed:
        """Return what is remembered of most of the bars, or nothing."""
        for lacking in range(1, min(LOOKED_BACK, len(bars) - 1) + 1):
            found = self._find((size, bars[:-lacking].tobytes()))
            if found is not None:
                return found
        return Profile(size), NO_AREAS

    def _find(self, key: Key) -> Developed | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)


SESSIONS = Sessions()


def calculate(bars: Bars, underlying: str | None = None) -> Bars:
    """Return the developing profile of each bar's session, and the prior day's.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        Bars of a future, indexed by start (Asia/Kolkata, increasing); ``high``, ``low``,
        ``close`` in INR; ``volume`` in units traded within the bar.
    underlying : str, optional
        Its name, which sets the size of the bins.

    Returns
    -------
    DataFrame, shape (n, 7), same index
        ``poc vah val`` and ``prior_poc prior_vah prior_val`` in INR; ``poc_age_s``, for how
        many seconds the POC has been where it is. NaN until the session's first trade, and
        where the prior session is not known as a whole.

    Raises
    ------
    InputError
        If volume was never quoted, as for a cash index, or a price is unknown.
    """
    volume = column(bars, "volume")
    if len(bars) and np.isnan(volume).all():
        raise InputError("A profile needs volume, and a cash index has none: use its future")
    high, low, close = prices(bars, "high", "low", "close")
    starts, days = starts_s(bars), days_of(bars)
    table = np.full((7, len(bars)), np.nan)
    trades = np.column_stack((high, low, volume))
    prior: tuple[int, Floats] | None = None
    for first, end in session_spans(days):
        size = BINS.get(underlying or "") or _bin_size(float(close[first]))
        areas = SESSIONS.areas(size, trades[first:end])
        table[:3, first:end] = areas.T
        table[3, first:end] = _age(table[0, first:end], starts[first:end])
        day = int(days[first])
        if prior is not None and prior_day(day) in (None, prior[0]):
            table[4:, first:end] = prior[1][:, None]
        closed = int(starts[end - 1]) + bar_length(starts[first:end])
        whole = is_whole(day, int(starts[first]), closed, Segment.FNO)
        prior = (day, areas[-1]) if whole else None
    names = ("poc", "vah", "val", "poc_age_s", "prior_poc", "prior_vah", "prior_val")
    return as_table(dict(zip(names, table, strict=True)), bars)


def of_last(bars: Columns, underlying: str | None) -> tuple[Floats, Area]:
    """Return POC, VAH and VAL after each bar of the last session, shape (n, 3), and prior ones.

    They are what `calculate` gives.
    """
    high, low, close = prices(bars, "high", "low", "close")
    trades = np.column_stack((high, low, column(bars, "volume")))
    first, prior = first_of_day(bars), NOTHING
    size = BINS.get(underlying or "")
    if first:
        earlier = bars.rows(0, first)
        begun = first_of_day(earlier)
        starts, day = earlier.starts[begun:], day_of_last(earlier)
        closed = int(starts[-1]) + bar_length(starts)
        told = prior_day(day_of_last(bars)) in (None, day)
        if told and is_whole(day, int(starts[0]), closed, Segment.FNO):
            bins = size or _bin_size(float(close[begun]))
            poc, vah, val = SESSIONS.areas(bins, trades[begun:first])[-1].tolist()
            prior = poc, vah, val
    areas = SESSIONS.areas(size or _bin_size(float(close[first])), trades[first:])
    return areas, prior


def resume(table: Columns, bars: Columns, underlying: str | None = None) -> Row | None:
    """Return the last bar's row; the prior session is the one of the bar before."""
    if not goes_on(table, bars):
        return None
    high, low, close = prices(bars, "high", "low", "close")
    first = first_of_day(bars)
    size = BINS.get(underlying or "") or _bin_size(float(close[first]))
    trades = np.column_stack((high[first:], low[first:], column(bars, "volume")[first:]))
    poc, vah, val = SESSIONS.areas(size, trades)[-1].tolist()
    before, passed = table.last, float(bars.starts[-1] - table.starts[-1])
    age = before["poc_age_s"] + passed if poc == before["poc"] else 0.0
    now = {"poc": poc, "vah": vah, "val": val, "poc_age_s": math.nan if math.isnan(poc) else age}
    return Row(before | now)


def _bin_size(price: float) -> float:
    return next(size for limit, size in BIN_BELOW if price < limit)


def _age(poc: Floats, starts: Ints) -> Floats:
    """Return the seconds since the bar at which the POC came to where it is."""
    moved = np.ones(len(poc), dtype=bool)
    moved[1:] = poc[1:] != poc[:-1]
    since = np.maximum.accumulate(np.where(moved, starts, 0))
    return np.where(np.isnan(poc), np.nan, starts - since)


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side of the value area the close is on."""
    bars = inputs.future
    assert bars is not None
    today = session_of_last(bars)
    last = last_row(table)
    poc, vah, val = last["poc"], last["vah"], last["val"]
    if not math.isfinite(poc):
        return insufficient("No volume yet in this session")
    if len(today) < MIN_BARS:
        return insufficient(f"{len(today)} of {MIN_BARS} bars of the session")
    if is_thin(today, inputs.timeframe):
        return insufficient("Thin: median volume 0 in 30 minutes", "thin")
    close = float(column(today, "close")[-1])
    sides = _sides(column(today, "close"), table, len(today))
    side = int(sides[-1])
    flags, levels = _flags(last, today, sides), _levels(last)
    since = clock_time(from_seconds(int(starts_s(today)[-1]) - int(last["poc_age_s"])))
    if side == 0:
        reason = f"In {number(val, 0)}{RANGE}{number(vah, 0)}; POC since {since}"
        return Verdict(Stance.NEUTRAL, 0.0, reason, flags, levels)
    edge, name = (vah, "> VAH") if side > 0 else (val, "< VAL")
    reason = f"{number(close)} {name} {number(edge, 0)}; POC since {since}"
    stance = Stance.BULLISH if side > 0 else Stance.BEARISH
    strength = min(100 * abs(close - edge) / (vah - val), GAP_CAP if begins_late(today) else 100.0)
    return Verdict(stance, strength, reason, flags, levels)


def _sides(close: Floats, table: AnyBars, count: int) -> Ints:
    """Return +1 for each of today's closes above its value area, -1 below it, 0 inside."""
    vah, val = column(table, "vah")[-count:], column(table, "val")[-count:]
    above, below = close > vah * (1 + EQUAL), close < val * (1 - EQUAL)
    return above.astype(np.int64) - below.astype(np.int64)


def _flags(last: dict[str, float], today: AnyBars, sides: Ints) -> tuple[str, ...]:
    flags = ["gap_in_window"] if begins_late(today) else []
    if sides[-1] and _is_accepted(sides, starts_s(today)):
        flags.append("accepted")
    if last["poc_age_s"] == 0:
        flags.append("fresh_poc_move")
    high, low = float(column(today, "high").max()), float(column(today, "low").min())
    for name in ("poc", "vah", "val"):
        price = last[f"prior_{name}"]
        if price > high or price < low:  # false for NaN
            flags.append(f"naked_prior_{name}")
    if lacks_volume(today):
        flags.append("volume_unknown")
    return tuple(flags)


def _is_accepted(sides: Ints, starts: Ints) -> bool:
    """Say whether the last two whole 5 minutes closed on the side of the last bar."""
    block = starts // ACCEPTANCE_S
    size = int(np.diff(starts).min(initial=ACCEPTANCE_S))
    closing = np.append(block[1:] != block[:-1], (starts[-1] + size) % ACCEPTANCE_S == 0)
    closes = sides[closing][-ACCEPTANCE_BARS:]
    return len(closes) == ACCEPTANCE_BARS and bool((closes == sides[-1]).all())


def _levels(last: dict[str, float]) -> tuple[PriceLevel, ...]:
    names = {"POC": "poc", "VAH": "vah", "VAL": "val"}
    prior = {f"Prior {label}": f"prior_{name}" for label, name in names.items()}
    return tuple(PriceLevel(label, last[name]) for label, name in (names | prior).items())


SIGNAL = Signal(
    title="Volume profile",
    order=80,
    needs=("future",),
    optional=("underlying",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("poc", "POC", digits=1),
        Number("vah", "VAH", digits=0),
        Number("val", "VAL", digits=0),
        Level("poc", "POC"),
        Level("prior_poc", "Prior POC"),
        Zone("val", "vah"),
    ),
    timeframes=("1m",),
)
