"""`tezi import bars` and `tezi import chain`: files become tapes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dashboard.cli.console import a_day, out, progress_bar, the_store
from dashboard.cli.repair import warn_of_damage
from dashboard.composition import make_tools
from dashboard.core.clock import IST
from dashboard.core.errors import CalendarError, DuplicateError, ImportFileError, StoreError
from dashboard.core.market import Source
from dashboard.core.ports import Gap
from dashboard.pipeline.prepare import prepare_day
from feeds.importers.bars import import_bars
from feeds.importers.chain import import_chain
from feeds.importers.report import ImportReport
from storage.store import SqlStore

# The importers speak to whoever calls them from Python; here people type options.
_OPTIONS = (
    (r"as in symbol=<column>", r'--symbol "NIFTY 50" or --column symbol=NAME'),
    (r"as in (\w+)=<column>", r"as in --column \1=NAME"),
    (r"\bsymbol='NIFTY 50'", r'--symbol "NIFTY 50"'),
    (r"\bsymbol='NIFTY'", r"--symbol NIFTY"),
    (r"\bexpiry=(2026-05-26)", r"--expiry \1"),
    (r"\bat=(2026-05-26 10:33)", r'--at "\1"'),
    (r"import again and replace that day", r"import again with --replace"),
    (r"; replace it to have", r"; give --replace to have"),
    (r"^lots is (.*): write", r"--lots is \1: write"),
)

app = typer.Typer(no_args_is_help=True, help="Turn files into tapes.")

File = Annotated[Path, typer.Argument(help="CSV, CSV.gz or Parquet file.")]
Symbol = Annotated[str | None, typer.Option(help="Instrument, if the file does not name it.")]
Replace = Annotated[
    bool, typer.Option(help="Write the file's days anew, in place of what is stored of them.")
]


@app.command("bars")
def bars(
    file: File,
    symbol: Symbol = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Name a column, as close=Last. May be given several times."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of naive times; IST if not given.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Import bars; those rebuilt from the tape equal the file's exactly."""
    columns = _columns(column or [])
    with _in_options(), the_store() as store:
        with progress_bar("Importing") as report:
            result = import_bars(
                file,
                store,
                columns=columns or None,
                symbol=symbol,
                timezone=timezone,
                replace=replace,
                progress=report,
            )
        _finish(store, result)


@app.command("chain")
def chain(
    file: File,
    symbol: Symbol = None,
    expiry: Annotated[str | None, typer.Option(help="Expiry, if the file does not say it.")] = None,
    lots: Annotated[
        str | None, typer.Option(help="What OI and volume count: contracts or units.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When the snapshot was taken (IST), if the file is silent.")
    ] = None,
    with_spot: Annotated[
        bool, typer.Option(help="Also keep the file's spot as index ticks.")
    ] = False,
    replace: Replace = False,
) -> None:
    """Import snapshots of an option chain."""
    day = a_day(expiry) if expiry else None
    taken = _an_instant(at) if at else None
    with _in_options(), the_store() as store:
        with progress_bar("Importing") as report:
            result = import_chain(
                file,
                store,
                symbol=symbol,
                expiry=day,
                lots=lots,
                at=taken,
                with_spot=with_spot,
                replace=replace,
                progress=report,
            )
        _finish(store, result)


def _columns(words: list[str]) -> dict[str, str]:
    """Return the file's own column names by field, from words such as close=Last."""
    for word in words:
        if not all(word.partition("=")):
            raise typer.BadParameter(f"{word!r} names no column; write it as close=Last")
    return dict(word.split("=", 1) for word in words)


def _finish(store: SqlStore, result: ImportReport) -> None:
    """Say what came of the file, and prepare the days that changed."""
    for sentence in result.sentences():
        out.print(escape(_typed(sentence)), highlight=False)
    tools = make_tools(store)
    with progress_bar("Preparing") as report:
        for number, done in enumerate(result.days):
            report(number / len(result.days), str(done.day))
            damaged: list[Gap] = []  # of another tape of that day
            try:
                prepare_day(
                    store,
                    done.day,
                    Source.RECORDED,
                    tools.calendar,
                    tools.decoder,
                    on_damage=damaged.append,
                    decode_many=tools.decode_many,
                )
            except (CalendarError, StoreError) as error:
                raise type(error)(f"{error}. {_kept(result, number)}") from error
            warn_of_damage(store, done.day, Source.RECORDED, damaged)


@contextmanager
def _in_options() -> Iterator[None]:
    """Let errors name the options of the command line."""
    try:
        yield
    except (ImportFileError, DuplicateError) as error:
        raise type(error)(_typed(str(error))) from error


def _typed(sentence: str) -> str:
    """Return a sentence of the importers with what it advises as one types it."""
    for said, typed in _OPTIONS:
        sentence = re.sub(said, typed, sentence)
    return sentence


def _an_instant(text: str) -> datetime:
    """Read a date and a time of day in IST, as 2026-05-26 10:33."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2026-05-26 10:33") from None
    return found if found.tzinfo else found.replace(tzinfo=IST)


def _kept(result: ImportReport, number: int) -> str:
    """Say what is stored, and how to go on, where preparing stops at one of the days."""
    days, at = len(result.days), result.days[number].day
    stored = "1 day is stored" if days == 1 else f"{days} days are stored"
    return (
        f"{stored}, {number} prepared; preparing stopped at {at}: `tezi prepare {at}` goes on "
        "with it, and a day that is opened is prepared too"
    )
