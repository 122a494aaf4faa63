"""`tezi doctor`: what is well, what will be a problem, and what is one already."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dashboard.cli.checks.configuration import check_configuration
from dashboard.cli.checks.database import WHAT, check_file, sqlite_file
from dashboard.cli.checks.days import (
    NO_ACCOUNT,
    check_accounts,
    check_days,
    check_tapes,
    say_unread,
)
from dashboard.cli.checks.finding import Finding, Level, ok, problem
from dashboard.cli.checks.folder import check_folder, check_room
from dashboard.cli.checks.installation import check_app, check_hook, check_packages, check_python
from dashboard.cli.checks.live import Left, check_live, read_left
from dashboard.cli.checks.market import check_calendar
from dashboard.cli.checks.port import check_port
from dashboard.cli.console import out, progress_bar
from dashboard.cli.serve import APP
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SystemClock
from dashboard.core.errors import TeziError
from dashboard.settings import Mode, Settings
from storage.store import open_store

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also read every tape and check its digests.")
    ] = False,
) -> None:
    """Check the installation, the data and the calendar; exits with 1 if there is a problem."""
    findings = list(_findings(Settings.from_env(), deep=deep))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        words = escape(finding.found) + (f"\n[bold]→ {escape(finding.do)}[/]" if finding.do else "")
        level = f"[{STYLES[finding.level]}]{finding.level}[/]"
        table.add_row(level, finding.what, words)
    out.print(table, highlight=False)
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(1)


def _findings(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    yield check_python()
    yield check_packages()
    yield check_hook()
    yield check_app(APP)
    yield from check_configuration(settings)
    yield check_folder(settings.home)
    yield check_room(settings.home)
    yield from _database(settings, deep=deep)
    yield check_calendar(load_calendar(), SystemClock())
    yield check_port()


def _database(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    """Check the database's file, and what is in it if it can be opened as it is."""
    file = sqlite_file(settings.url_of_database)
    found = list(check_file(file)) if file else []
    yield from found
    is_new = len(found) == 1 and found[0].level is Level.OK
    if is_new:
        yield ok("Accounts", NO_ACCOUNT)
        yield from _live(settings, Left())
        return
    if any(finding.level is not Level.OK for finding in found):
        return
    try:
        with closing(open_store(settings.url_of_database)) as store:
            if file is None:
                yield ok(WHAT, f"{store.name} opens")
            yield from check_days(store)
            if deep:
                with progress_bar("Reading tapes") as report:
                    yield from list(check_tapes(store, report))
            else:
                yield from say_unread(store)
            yield check_accounts(store)
            yield from _live(settings, read_left(store, SystemClock()))
    except TeziError as error:
        yield problem(WHAT, str(error), "see to that first")


def _live(settings: Settings, left: Left) -> Iterator[Finding]:
    is_live = bool(settings.kite_keys) and settings.mode in (Mode.AUTO, Mode.LIVE)
    return check_live(left, load_calendar(), SystemClock(), is_live=is_live)
