"""Choose the real parts: the one place that joins pipeline, feeds and storage.

The page, the command line and notebooks start here; tests may hand in others.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.auth.accounts import Accounts
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import MINUTE_S, Clock, bar_index, day_start_s
from dashboard.core.errors import InputError
from dashboard.core.kite import KiteApi
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS, VIX, Source, Universe
from dashboard.core.ports import Store
from dashboard.core.table import DAY_S, Columns
from dashboard.operations.kite_session import KiteSessions
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.days import Tools
from dashboard.pipeline.opening import DAILY_BARS, stored_past
from dashboard.pipeline.past import Past
from dashboard.pipeline.past_volume import SESSIONS, joined, running
from dashboard.pipeline.rolling import expired_yesterday, monthly_expiries
from dashboard.pipeline.series import WARMUP_BARS
from dashboard.settings import Settings
from dashboard.signals import load_signals
from feeds.mock.feed import MockFeed
from feeds.wire import decode_lenient, decode_many
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.kite_grants import SqlGrants
from storage.sealing import Seal, load_key

HISTORY_SESSIONS = 35  # 400 half-hour bars
SEED_LABEL = "seed "


def make_tools(store: Store) -> Tools:
    """Return what desks, replays and notebooks work with."""
    return Tools(store, load_calendar(), decode_lenient, load_signals(), past_of, decode_many)


def make_kite_apis(settings: Settings, clock: Clock) -> dict[str, KiteApi]:
    """Return Kite's REST interface for each API key, in the order of the settings."""
    if not settings.kite_keys:
        return {}
    from feeds.kite_rest import KiteRest  # brings Kite's client, which few commands need

    pairs = zip(settings.kite_keys, settings.kite_secrets, strict=True)
    return {key: KiteRest(key, secret, clock, settings.kite_endpoints) for key, secret in pairs}


def make_kite_sessions(
    settings: Settings, apis: Mapping[str, KiteApi], database: Database, clock: Clock
) -> KiteSessions | None:
    """Return the owner of all keys' sessions; None where no API key is set.

    Raises
    ------
    InputError
        If the file that opens kept tokens cannot be used.
    StoreError
        If the database cannot be read.
    """
    if not apis:
        return None
    return KiteSessions(apis, SqlGrants(database, load_key(settings.home)), clock)


def make_accounts(settings: Settings, database: Database, clock: Clock) -> Accounts:
    """Return the use cases of accounts.

    Raises
    ------
    InputError
        If the file that opens sealed secrets cannot be used.
    StoreError
        If the database cannot be read.
    """
    return Accounts(SqlAccounts(database), clock, seal=Seal(load_key(settings.home)))


def past_of(store: Store, universe: Universe, day: date, source: Source) -> Past:
    """Return what came before a day: stored sessions, or the generator's own for its days."""
    if source is not Source.MOCK:
        return stored_past(store, universe, day, source)
    return generated_past(day, seed_of(store, day))


def seed_of(store: Store, day: date) -> int:
    """Return the seed a stored generated day was made with.

    Raises
    ------
    InputError
        If its tape does not say.
    """
    for label in store.day(day, Source.MOCK).labels:
        if label.startswith(SEED_LABEL):
            return int(label.removeprefix(SEED_LABEL).split()[0])
    raise InputError(f"The generated day {day} does not say its seed: generate it again")


@lru_cache(maxsize=4)
def generated_past(day: date, seed: int) -> Past:
    """Return the sessions before a generated day, as the generator imagines them."""
    feed = MockFeed(day, seed, load_calendar())
    history = feed.history(HISTORY_SESSIONS)
    tokens = followed(feed.universe, day)
    warmup = {
        (token, name): _resampled(history[token], minutes)[-WARMUP_BARS:]
        for token in tokens
        if token in history
        for name, minutes in TIMEFRAMES.items()
    }
    daily = {}
    for name in UNDERLYINGS:
        index = feed.universe.index(name)
        if index is not None and index.token in history:
            daily[name] = _daily(history[index.token]).iloc[-DAILY_BARS:]
    vix = feed.universe.index(VIX)
    if vix is not None and vix.token in history:
        daily[VIX] = _daily(history[vix.token])
    volume = _past_volume(feed.universe, day, history)
    rolled = frozenset(name for name in UNDERLYINGS if expired_yesterday(name, day))
    return Past(warmup, daily, volume, rolled=rolled)


def _past_volume(
    universe: Universe, day: date, history: Mapping[int, npt.NDArray[np.void]]
) -> dict[str, Columns]:
    """Return what the near months traded by each minute of the sessions before.

    The generator's history is that of today's near month: the sessions since it became so.
    """
    found = {}
    for name in UNDERLYINGS:
        future = universe.future(name, day)
        bars = history.get(future.token) if future else None
        if bars is not None and len(bars):
            rolled = max((e for e in monthly_expiries(name) if e < day), default=None)
            if rolled is not None:
                bars = bars[bars["start"] >= day_start_s(rolled) + DAY_S]
            days = np.unique(_sessions(bars))[-SESSIONS:]
            parts = (bars[_sessions(bars) == one] for one in days)
            totals = (running(part["start"], part["volume"], expired=False) for part in parts)
            known = [one for one in totals if one is not None]
            if known:
                found[name] = joined(known)
    return found


def _resampled(minutes: npt.NDArray[np.void], length: int) -> npt.NDArray[np.void]:
    """Return bars of `length` minutes, anchored at each session's first bar."""
    if length == 1 or not len(minutes):
        return minutes
    session = _sessions(minutes)
    first = np.searchsorted(session, session)
    bucket = (minutes["start"] - minutes["start"][first]) // (length * MINUTE_S)
    begins = np.flatnonzero(np.r_[True, (np.diff(session) != 0) | (np.diff(bucket) != 0)])
    ends = np.r_[begins[1:], len(minutes)] - 1
    bars = minutes[begins].copy()
    bars["high"] = np.maximum.reduceat(minutes["high"], begins)
    bars["low"] = np.minimum.reduceat(minutes["low"], begins)
    bars["close"], bars["oi"] = minutes["close"][ends], minutes["oi"][ends]
    bars["volume"] = np.add.reduceat(minutes["volume"], begins)
    bars["n"] = np.add.reduceat(minutes["n"], begins)
    return bars


def _sessions(bars: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Return a number that is the same for the bars of one date in IST."""
    days = (bars["start"] + 19_800) // 86_400  # IST is 5 h 30 min ahead, all year
    numbers: npt.NDArray[np.int64] = days.astype(np.int64)
    return numbers


def _daily(minutes: npt.NDArray[np.void]) -> pd.DataFrame:
    begins = np.flatnonzero(np.r_[True, np.diff(_sessions(minutes)) != 0])
    ends = np.r_[begins[1:], len(minutes)] - 1
    return pd.DataFrame(
        {
            "open": minutes["open"][begins],
            "high": np.maximum.reduceat(minutes["high"], begins),
            "low": np.minimum.reduceat(minutes["low"], begins),
            "close": minutes["close"][ends],
            "official": False,
        },
        index=bar_index(minutes["start"][begins]).normalize(),
    )
