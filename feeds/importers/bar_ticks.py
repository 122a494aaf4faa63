"""A bar becomes the two to four ticks from which it can be built again.

The open comes in the bar's first second, its extremes after one and two thirds of it (the
one nearer to the open first, the low if both are equally near), and the close in its last
second. So a bar of 5 minutes is whole only when its 5 minutes are over, and nothing of it
is known early; the 1-minute bars inside it are not real, and the tape's fidelity says so.

The bar's volume is spread evenly over its ticks. Its open interest comes with the last one.
A price more than 5 % from the one before it, where no volume vouches for it, is told twice
in two successive seconds: hygiene believes the second.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Instrument, Ints, Kind
from feeds.importers.bar_day import DayBars
from feeds.importers.bar_rows import ABSENT
from feeds.importers.framing import FULL_PACKET, INDEX_PACKET, Ticks

JUMP = 0.05  # the most that hygiene takes from one print
_LAST = 3  # the fourth of open, extreme, extreme, close

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Path:
    """Prints in the order of (instrument, time)."""

    bar: Ints  # row of the bar
    place: Ints  # 0 open, 1 and 2 extremes, 3 close
    time: Ints
    price: Ints  # paise


def bar_ticks(bars: DayBars, instruments: list[Instrument], *, carries_volume: bool) -> Ticks:
    """Return the ticks of a day's bars, ordered by time.

    Indices, and contracts of a file without a volume column, get packets that carry no
    volume: absent is not 0.
    """
    path = _path(bars)
    who = bars.rows["who"][path.bar]
    index = np.array([i.kind is Kind.INDEX for i in instruments], dtype=bool)
    silent = index[who] | (not carries_volume)
    path = _told_twice(path, who, silent)
    who = bars.rows["who"][path.bar]
    silent = index[who] | (not carries_volume)
    volume = _day_volume(bars, path, who)
    tokens = np.array([i.token for i in instruments], dtype=np.int64)
    starts = _starts(who)
    ticks = Ticks(
        time=path.time,
        token=tokens[who],
        length=np.where(silent, INDEX_PACKET, FULL_PACKET).astype(np.uint8),
        price=path.price / 100,
        day_volume=volume.astype(np.float64),
        oi=_oi(bars, path, who).astype(np.float64),
        open=path.price[starts][_group(starts, len(who))] / 100,
        high=_running(np.maximum, path.price, starts) / 100,
        low=_running(np.minimum, path.price, starts) / 100,
        last_trade_time=_traded(path, volume, starts),
    )
    return _by_time(ticks)


def _path(bars: DayBars) -> _Path:
    rows = bars.rows
    low_first = rows["open"] - rows["low"] <= rows["high"] - rows["open"]
    near = np.where(low_first, rows["low"], rows["high"])
    far = np.where(low_first, rows["high"], rows["low"])
    span = bars.ends - rows["time"]
    price = np.stack([rows["open"], near, far, rows["close"]], axis=1)
    time = rows["time"][:, None] + np.stack(
        [np.zeros_like(span), span // 3, 2 * span // 3, span - 1], axis=1
    )
    keep = np.ones(price.shape, dtype=bool)
    keep[:, 1] = near != rows["open"]
    keep[:, 2] = far != rows["close"]
    bar, place = np.nonzero(keep)
    return _Path(bar, place, time[keep], price[keep])


def _told_twice(path: _Path, who: Ints, silent: _Mask) -> _Path:
    """Repeat unvouched jumps one second later; a close is told a second early instead."""
    before = np.roll(path.price, 1)
    jump = silent & (np.abs(path.price - before) > JUMP * before)
    jump[_starts(who)] = False
    if not jump.any():
        return path
    times = 1 + jump.astype(np.int64)
    again = np.concatenate([[False], np.diff(np.repeat(np.arange(len(jump)), times)) == 0])
    bar, place, time, price = (
        np.repeat(column, times) for column in (path.bar, path.place, path.time, path.price)
    )
    early = np.append(again[1:], False) & (place == _LAST)
    late = again & (place != _LAST)
    return _Path(bar, place, time + late - early, price)


def _day_volume(bars: DayBars, path: _Path, who: Ints) -> Ints:
    """Return the session's running total at each tick."""
    volume = np.maximum(bars.rows["volume"], 0)
    total = np.cumsum(volume)
    first = np.searchsorted(path.bar, np.arange(len(volume)))
    count = np.bincount(path.bar, minlength=len(volume))
    nth = np.arange(len(path.bar)) - first[path.bar] + 1
    within = volume[path.bar] * nth // count[path.bar]
    running = (total - volume)[path.bar] + within
    starts = _starts(who)
    base = (total - volume)[path.bar[starts]]
    return np.asarray(running - base[_group(starts, len(who))], dtype=np.int64)


def _oi(bars: DayBars, path: _Path, who: Ints) -> Ints:
    """Return OI as known at each tick: the bar's own from its last tick on, 0 before any."""
    final = np.append(np.diff(path.bar) != 0, True)
    own = bars.rows["oi"][path.bar]
    told = final & (own != ABSENT)
    starts = _starts(who)
    source = np.maximum.accumulate(np.where(told, np.arange(len(own)), -1))
    known = source >= starts[_group(starts, len(who))]
    return np.where(known, own[source], 0)


def _traded(path: _Path, volume: Ints, starts: Ints) -> Ints:
    """Return when volume last grew, 0 before it did."""
    grew = np.diff(volume, prepend=0) > 0
    grew[starts] = volume[starts] > 0
    return _running(np.maximum, np.where(grew, path.time, 0), starts)


def _starts(who: Ints) -> Ints:
    return np.flatnonzero(np.diff(who, prepend=-1))


def _group(starts: Ints, count: int) -> Ints:
    return np.searchsorted(starts, np.arange(count), side="right") - 1


def _running(extreme: np.ufunc, values: Ints, starts: Ints) -> Ints:
    parts = np.split(values, starts[1:])
    return np.concatenate([extreme.accumulate(part) for part in parts])


def _by_time(ticks: Ticks) -> Ticks:
    order = np.lexsort((ticks.token, ticks.time))
    columns = {f.name: getattr(ticks, f.name) for f in fields(ticks)}
    return Ticks(**{k: v[order] for k, v in columns.items() if v is not None})
