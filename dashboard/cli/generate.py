"""`tezi generate`: a whole day of a market that never was, marked MOCK for good."""

from datetime import date, datetime
from typing import Annotated

import typer

from dashboard.cli.console import a_day, a_time, out, progress_bar, the_store
from dashboard.composition import make_tools
from dashboard.core.calendar import load_calendar
from dashboard.core.errors import DuplicateError, InputError
from dashboard.core.market import Segment, Source
from dashboard.generating import generate_day
from dashboard.pipeline.prepare import prepare_day


def generate(
    day: Annotated[str, typer.Argument(help="A trading day, as 2026-08-18.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same day.")] = 1,
    until: Annotated[str | None, typer.Option(help="Stop at this time, as 10:30.")] = None,
    replace: Annotated[bool, typer.Option(help="Replace a generated day of that date.")] = False,
) -> None:
    """Generate a coherent day: indices, futures and 432 options, tick by tick."""
    which = a_day(day)
    end = a_time(until, which) if until else None
    _check_end(which, end)
    with the_store() as store:
        tools = make_tools(store)
        try:
            with progress_bar("Generating") as report:
                generate_day(tools, which, seed, end, replace=replace, progress=report)
        except DuplicateError:
            raise DuplicateError(
                f"A generated day {which} is stored already: --replace makes it anew"
            ) from None
        with progress_bar("Preparing") as report:
            prepare_day(
                store,
                which,
                Source.MOCK,
                tools.calendar,
                tools.decoder,
                report,
                decode_many=tools.decode_many,
            )
        done = store.day(which, Source.MOCK)
    out.print(
        f"Generated {which} with seed {seed}: {done.ticks:,} ticks of {done.instruments} "
        f"instruments, {done.stored_bytes / max(1, done.ticks):.1f} bytes a tick.",
        highlight=False,
    )


def _check_end(day: date, end: datetime | None) -> None:
    """Refuse an end before the day begins: there would be nothing to keep."""
    calendar = load_calendar()
    windows = [w for segment in Segment for w in calendar.session(day, segment).windows]
    begins = min((window.start for window in windows), default=None)
    if end is not None and begins is not None and end <= begins:
        raise InputError(f"Nothing comes before {begins:%H:%M} on {day}: say a later --until")
