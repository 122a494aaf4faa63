"""What commands share: the two consoles, progress bars, the store of the settings."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.settings import Settings
from storage.store import SqlStore, open_store

out = Console()
errors = Console(stderr=True)


@contextmanager
def the_store() -> Iterator[SqlStore]:
    """Open the store that the settings name, for as long as the block lasts."""
    settings = Settings.from_env()
    settings.make_home()
    with closing(open_store(settings.url_of_database)) as store:
        yield store


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """Show a bar on the error stream while something takes its time."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=errors, transient=True) as bars:
        task = bars.add_task(title, total=1.0, words="")

        def report(share: float, words: str) -> None:
            bars.update(task, completed=share, words=words)

        yield report


def a_day(text: str) -> date:
    """Read a date as people type it, 2026-08-18."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-08-18") from None


def a_time(text: str, day: date) -> datetime:
    """Read a time of `day` in IST, 13:42 or 13:42:18."""
    try:
        return datetime.combine(day, time.fromisoformat(text), tzinfo=IST)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as 13:42 or 13:42:18") from None


def source_of(store: SqlStore, day: date, *, mock: bool) -> Source:
    """Return which of a day's worlds is meant: the recorded one unless told otherwise.

    Raises
    ------
    StoreError
        If nothing of the day is stored.
    """
    return store.day(day, Source.MOCK if mock else None).source
