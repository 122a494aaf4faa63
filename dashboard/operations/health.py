"""The health of what stands before the desk: scheduler, session, sockets, quotes, database."""

from collections.abc import Mapping, Sequence
from math import isfinite

from dashboard.core.clock import SECOND_NS
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, Stage
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from dashboard.core.market import Instrument, Kind
from dashboard.core.wording import age
from dashboard.operations.plan import Plan

TICK_LATE_S = 5.0  # the scheduler looks once a second
SOCKET_LATE_S = 10.0
FRESH_S = 10.0  # of every liquid instrument in market hours
SIGN_IN = "Sign in to Kite: the button is on this page, or run `tezi kite login`."
WAIT = "It connects again by itself; if it goes on, look at the network."


def scheduler_stage(age_s: float) -> Stage:
    """Return whether the scheduler still looks."""
    if age_s > TICK_LATE_S:
        todo = "Restart Tezi: nothing is kept going while the scheduler stands still."
        return Stage("Scheduler", DOWN, f"Has not looked for {age(age_s)}", age_s, todo=todo)
    return Stage("Scheduler", FLOWING, "Looks once a second", age_s)


def kite_stage(sessions: Sequence[SessionStatus], plan: Plan) -> Stage:
    """Return whether any token may be used."""
    if any(one.state is SessionState.VALID for one in sessions):
        return Stage("Kite", FLOWING, "; ".join(f"{s.key}: {s.reason}" for s in sessions))
    words = "; ".join(f"{one.key} {one.state}: {one.reason}" for one in sessions) or "No API key"
    if not plan.needs_token:
        return Stage("Kite", OFF, words)
    refreshing = any(one.state is SessionState.REFRESHING for one in sessions)
    return Stage("Kite", LATE if refreshing else DOWN, words, todo=SIGN_IN)


def socket_stage(
    connections: Sequence[ConnectionStatus], plan: Plan, now_ns: int, rate: float | None
) -> Stage:
    """Return the worst of the connections that should carry instruments."""
    used = [one for one in connections if one.tokens]
    if not plan.needs_feed:
        return Stage("Socket", OFF, "Nothing is to be received now")
    if not used:
        return Stage("Socket", DOWN, "No connection to Kite is open", todo=SIGN_IN)
    heard = [one.last_ns for one in used if one.last_ns is not None]
    age_s = max(0.0, (now_ns - min(heard)) / SECOND_NS) if len(heard) == len(used) else None
    broken = [one for one in used if one.state in ("waiting", "refused", "closed")]
    if broken:
        first = broken[0]
        words = f"{len(broken)} of {len(used)} connections are down. {first.reason}"
        todo = SIGN_IN if first.state == "refused" else WAIT
        return Stage("Socket", DOWN, words, age_s, rate, todo)
    silent = [one for one in used if one.state != "flowing"]
    if plan.expects_ticks and silent:
        words = f"{len(silent)} of {len(used)} connections bring no ticks yet"
        return Stage("Socket", LATE, words, age_s, rate, WAIT)
    if plan.expects_ticks and (age_s is None or age_s > SOCKET_LATE_S):
        told = "No message yet" if age_s is None else f"No message for {age(age_s)}"
        return Stage("Socket", LATE, told, age_s, rate, WAIT)
    tokens = sum(one.tokens for one in used)
    return Stage("Socket", FLOWING, f"{tokens:,} instruments on {len(used)}", age_s, rate)


def quotes_stage(ages_s: Mapping[int, float], liquid: Sequence[Instrument], plan: Plan) -> Stage:
    """Return whether every liquid instrument ticked within the last ten seconds."""
    if not plan.expects_ticks:
        return Stage("Quotes", OFF, "Nothing trades now")
    known = [(ages_s[one.token], one) for one in liquid if one.token in ages_s]
    if not known:
        return Stage("Quotes", LATE, "No liquid instrument is subscribed", todo=WAIT)
    oldest_s, worst = max(known, key=lambda pair: pair[0])
    stale = sum(age_s > FRESH_S for age_s, _ in known)
    shown_s = oldest_s if isfinite(oldest_s) else None
    if stale:
        since = f"for {age(oldest_s)}" if shown_s is not None else "yet"
        words = f"{stale} of {len(known)} are stale: {worst.symbol} has not ticked {since}"
        return Stage("Quotes", LATE, words, shown_s, todo=WAIT)
    return Stage("Quotes", FLOWING, f"{len(known)} liquid instruments tick", shown_s)


def liquid_of(
    instruments: Sequence[Instrument], spots: Mapping[str, float], plan: Plan, strikes: int = 2
) -> list[Instrument]:
    """Return what ought to tick every few seconds: indices, near futures, options at the money.

    In the closing auction the index is frozen by rule and is left out. BSE's futures are thin
    and are left out always.
    """
    index_trades = plan.phase == "continuous"
    found = [one for one in instruments if one.kind is Kind.INDEX and index_trades]
    for name, spot in spots.items():
        own = [one for one in instruments if one.underlying == name and one.expiry is not None]
        futures = [one for one in own if one.kind is Kind.FUTURE and one.exchange == "NFO"]
        found += sorted(futures, key=lambda i: i.expiry or plan.day)[:1]
        nearest = min((i.expiry for i in own if i.is_option and i.expiry), default=None)
        options = [i for i in own if i.is_option and i.expiry == nearest]
        found += sorted(options, key=lambda i: abs((i.strike or 0.0) - spot))[: 2 * strikes]
    return found
