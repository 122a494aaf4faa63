"""The days that are stored, and who may sign in."""

from collections.abc import Iterator

from dashboard.cli.checks.finding import Finding, ok, problem, warning
from dashboard.cli.repair import how_to_mend
from dashboard.core.clock import MINUTE_S, SECOND_NS, from_ns
from dashboard.core.errors import StoreError
from dashboard.core.market import Source
from dashboard.core.ports import DaySummary, Gap
from dashboard.pipeline.prepare import Progress
from storage.store import SqlStore

NO_ACCOUNT = "none yet; the first start prints a one-time link for the owner"
MINUTE_NS = MINUTE_S * SECOND_NS
SHOWN = 3  # of what is wrong; the rest is counted


def check_days(store: SqlStore) -> Iterator[Finding]:
    """Count what is stored, and tell what is not prepared."""
    days = store.days()
    if not days:
        yield ok("Days", "none stored yet; a generated day plays until there is one")
        return
    real = sum(day.source is not Source.MOCK for day in days)
    size = sum(day.stored_bytes for day in days) / 1024**2
    words = f"{real} recorded and {len(days) - real} generated, {size:,.0f} MiB of tapes"
    yield ok("Days", f"{words}, {days[-1].day} to {days[0].day}")
    waiting = [day for day in days if not day.prepared]
    if waiting:
        do = f"`tezi prepare {_words(waiting[0])}`, or open them: that prepares them too"
        yield warning("Prepared", f"not yet: {_named([_words(day) for day in waiting])}", do)
    slow = [day for day in days if day.prepared and not _has_checkpoint(store, day)]
    if slow:
        found = f"no checkpoint that can be used: {_named([_words(day) for day in slow])}"
        yield warning("Prepared", found, f"`tezi prepare {_words(slow[0])}`")
    if not waiting and not slow:
        yield ok("Prepared", "every day opens at any minute")


def _has_checkpoint(store: SqlStore, day: DaySummary) -> bool:
    """See that a day opens from a checkpoint at its end; one within a minute has none."""
    first_ns, last_ns = day.first_ns or 0, day.last_ns or 0
    if last_ns // MINUTE_NS == first_ns // MINUTE_NS:
        return True
    try:
        return store.checkpoint(day.day, day.source, last_ns // SECOND_NS) is not None
    except StoreError:  # its digest does not match
        return False


def say_unread(store: SqlStore) -> Iterator[Finding]:
    """Say what was not looked at: reading every tape takes its time."""
    if store.days():
        yield ok("Tapes", "digests not checked; --deep reads them")


def check_tapes(store: SqlStore, progress: Progress) -> Iterator[Finding]:
    """Read every tape from its first message to its last."""
    days = store.days()
    bad = 0
    for number, day in enumerate(days):
        progress(number / len(days), str(day.day))
        found = store.damage(day.day, day.source)
        bad += len(found)
        tapes = store.damaged_tapes(day.day, day.source)
        if found:
            do = f"{how_to_mend(tapes)}; its other minutes play meanwhile"
            yield problem("Tapes", f"{_day(day)}: {_named([_minute(g) for g in found])}", do)
    if days and not bad:
        yield ok("Tapes", f"every minute of {len(days)} days read and matches its digest")


def check_accounts(store: SqlStore) -> Finding:
    """Say who may sign in."""
    count = store.accounts.count_accounts()
    if not count:
        return ok("Accounts", NO_ACCOUNT)
    return ok("Accounts", f"{count} may sign in")


def _words(day: DaySummary) -> str:
    """Return a day as `tezi prepare` takes it."""
    return f"{day.day}{' --mock' * (day.source is Source.MOCK)}"


def _day(day: DaySummary) -> str:
    return f"{day.day} {day.source}"


def _minute(gap: Gap) -> str:
    return f"{from_ns(gap.started_ns):%H:%M} ({gap.reason})"


def _named(words: list[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")
