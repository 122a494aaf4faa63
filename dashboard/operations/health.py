"""The health of what stands before the desk: scheduler, session, sockets, quotes, database."""

from collections.abc import Mapping, Sequence
from math import isfinite

from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import StoreLockedError
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, Stage
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from dashboard.core.market import VIX, Instrument, Kind
from dashboard.core.wording import age
from dashboard.operations.plan import DayPhase, Plan

TICK_LATE_S = 5.0  # the scheduler looks once a second
SOCKET_LATE_S = 10.0
FRESH_S = 10.0  # of every liquid instrument in market hours
VIX_FRESH_S = 60.0  # SIGNALS §22: it is calculated more seldom, and unknown after a minute
DATABASE_LATE_S = 15.0  # something is written every five seconds
ATM_STRIKES = 2  # of an underlying that ought to tick: the two nearest the money
SIGN_IN = "Sign in to Kite: the button is on this page, or run `tezi kite login`."
WAIT = "It connects again by itself; if it goes on, look at the network."
RESTART = "Restart Tezi: nothing is kept going while the scheduler stands still."


def scheduler_stage(age_s: float) -> Stage:
    """Return whether the scheduler still looks."""
    if age_s > TICK_LATE_S:
        return Stage("Scheduler", DOWN, f"Has not looked for {age(age_s)}", age_s, todo=RESTART)
    return Stage("Scheduler", FLOWING, "Looks once a second", age_s)


def calendar_stage(plan: Plan) -> tuple[Stage, ...]:
    """Return that nothing runs because the calendar does not know the day, if that is so."""
    if plan.phase is not DayPhase.UNCOVERED:
        return ()
    todo = "Update Tezi: a newer calendar may know the day. What is recorded stays as it is."
    return (Stage("Calendar", DOWN, plan.sentence, todo=todo),)


def kite_stage(sessions: Sequence[SessionStatus], plan: Plan) -> Stage:
    """Return whether the tokens may be used; one key that is signed out is a part missing."""
    words = "; ".join(f"{one.key} {one.state}: {one.reason}" for one in sessions) or "No API key"
    states = {one.state for one in sessions}
    if states == {SessionState.VALID}:
        return Stage("Kite", FLOWING, words)
    if not plan.needs_token:
        return Stage("Kite", OFF, words)
    if SessionState.REQUIRED not in states and states:
        todo = "Kite is asked by itself; if it goes on, look at the network."
        return Stage("Kite", LATE, words, todo=todo)
    is_part = SessionState.VALID in states
    return Stage("Kite", LATE if is_part else DOWN, words, todo=SIGN_IN)


def socket_stage(
    connections: Sequence[ConnectionStatus],
    sessions: Sequence[SessionStatus],
    plan: Plan,
    now_ns: int,
    rate: float | None,
) -> Stage:
    """Return the worst of the connections that should carry instruments."""
    if not plan.needs_feed:
        return Stage("Socket", OFF, "Nothing is to be received now")
    used = [one for one in connections if one.tokens]
    if not used:
        is_signed_in = any(one.state is SessionState.VALID for one in sessions)
        todo = WAIT if is_signed_in else SIGN_IN
        return Stage("Socket", DOWN, "No connection to Kite is open", todo=todo)
    heard = [one.last_ns for one in used if one.last_ns is not None]
    age_s = max(0.0, (now_ns - min(heard)) / SECOND_NS) if len(heard) == len(used) else None
    state, words, todo = _worst_of(used, plan, age_s)
    return Stage("Socket", state, words, age_s, rate, todo)


def _worst_of(
    used: Sequence[ConnectionStatus], plan: Plan, age_s: float | None
) -> tuple[str, str, str]:
    """Return the state, what it is, and what to do. `age_s` is of the one heard of longest ago."""
    broken = [one for one in used if one.state in ("waiting", "refused", "closed")]
    if broken:
        first = next((one for one in broken if one.state == "refused"), broken[0])
        words = f"{len(broken)} of {len(used)} connections are down. {first.reason}".strip()
        return DOWN, words, SIGN_IN if first.state == "refused" else WAIT
    silent = [one for one in used if one.state != "flowing"]
    if plan.expects_ticks and silent:
        return LATE, f"{len(silent)} of {len(used)} connections bring no ticks yet", WAIT
    if plan.expects_ticks and (age_s is None or age_s > SOCKET_LATE_S):
        return LATE, "No message yet" if age_s is None else f"No message for {age(age_s)}", WAIT
    return FLOWING, f"{sum(one.tokens for one in used):,} instruments on {len(used)}", ""


def quotes_stage(
    ages_s: Mapping[int, float], liquid: Sequence[Instrument], plan: Plan, now_ns: int
) -> Stage:
    """Return whether every liquid instrument ticked within its last seconds.

    Nothing is older than the trading that goes on: at 09:15:00 no quote is ten minutes late.
    """
    if plan.trading_since is None:
        return Stage("Quotes", OFF, "Nothing trades now")
    open_s = max(0.0, (now_ns - to_ns(plan.trading_since)) / SECOND_NS)
    known = [(ages_s[one.token], one) for one in liquid if one.token in ages_s]
    if not known:
        return Stage("Quotes", LATE, "No liquid instrument is subscribed", todo=WAIT)
    stale = [(age_s, one) for age_s, one in known if min(age_s, open_s) > _fresh_s(one)]
    oldest_s, worst = max(stale or known, key=lambda pair: pair[0])
    shown_s = oldest_s if isfinite(oldest_s) else None
    if stale:
        since = "yet" if shown_s is None else f"for {age(oldest_s)}"
        words = f"{len(stale)} of {len(known)} are stale: {worst.symbol} has not ticked {since}"
        return Stage("Quotes", LATE, words, shown_s, todo=WAIT)
    return Stage("Quotes", FLOWING, f"{len(known)} liquid instruments tick", shown_s)


def _fresh_s(one: Instrument) -> float:
    return VIX_FRESH_S if one.underlying == VIX else FRESH_S


def liquid_of(
    instruments: Sequence[Instrument], spots: Mapping[str, float], plan: Plan
) -> list[Instrument]:
    """Return what ought to tick every few seconds: indices, near futures, options at the money.

    In the closing auction the index is frozen by rule and is left out. BSE's futures are thin
    and are left out always.
    """
    index_trades = plan.phase is DayPhase.CONTINUOUS
    found = [one for one in instruments if one.kind is Kind.INDEX and index_trades]
    for name, spot in spots.items():
        own = [one for one in instruments if one.underlying == name and one.expiry is not None]
        futures = [one for one in own if one.kind is Kind.FUTURE and one.exchange == "NFO"]
        found += sorted(futures, key=lambda i: i.expiry or plan.day)[:1]
        nearest = min((i.expiry for i in own if i.is_option and i.expiry), default=None)
        options = [i for i in own if i.is_option and i.expiry == nearest]
        found += sorted(options, key=lambda i: abs((i.strike or 0.0) - spot))[: 2 * ATM_STRIKES]
    return found


def database_stage(age_s: float, took_s: float | None, failure: Exception | None) -> Stage:
    """Return whether the database takes what is written.

    Parameters
    ----------
    age_s : float
        Seconds since something was last written to it and read back.
    took_s : float or None
        Seconds that this took, None before the first time.
    failure : Exception or None
        Why the last attempt failed, if it did.
    """
    if isinstance(failure, StoreLockedError) and age_s <= DATABASE_LATE_S:
        failure = None  # somebody writes something large: what waits is written after it
    if failure is not None:
        is_busy = isinstance(failure, StoreLockedError)
        todo = (
            "Look for another program that writes the database for long, and end it."
            if is_busy
            else "Make the database writable: `tezi doctor` says what stands in its way."
        )
        return Stage("Database", LATE if is_busy else DOWN, str(failure), age_s, todo=todo)
    if age_s > DATABASE_LATE_S:
        todo = "Look at the disk: the database answers too slowly."
        return Stage("Database", LATE, f"No write for {age(age_s)}", age_s, todo=todo)
    if took_s is None:
        return Stage("Database", FLOWING, "Not written to yet", age_s)
    return Stage(
        "Database", FLOWING, f"Written {age(age_s)} ago, in {took_s * 1000:,.0f} ms", age_s
    )
