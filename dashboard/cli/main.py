"""`tezi`: serve the page, bring days in, look at them, replay them, measure and check."""

import logging
import sys

import typer
from rich.markup import escape

from dashboard.cli import (
    accounts,
    bench,
    catalogue,
    days,
    doctor,
    generate,
    imports,
    kite,
    replay,
    serve,
)
from dashboard.cli.console import errors
from dashboard.core.errors import TeziError
from dashboard.logs import log_to_stderr

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Research desk and time machine for NIFTY, BANKNIFTY and SENSEX.",
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.add_typer(imports.app, name="import")
app.command("generate")(generate.generate)
app.command("days")(days.days)
app.command("replay")(replay.replay)
app.command("prepare")(days.prepare)
app.command("catalogue")(catalogue.catalogue)
app.add_typer(kite.app, name="kite")
app.add_typer(accounts.app, name="accounts")
app.command("bench")(bench.bench)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; what goes wrong on purpose is one sentence, not a traceback."""
    log_to_stderr(logging.WARNING)
    try:
        app()
    except TeziError as error:
        _say(str(error))
        sys.exit(2)
    except OSError as error:  # a pipe that was closed, a disk that went away
        _say(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("stopped; what was complete is kept")
        sys.exit(130)


def _say(sentence: str) -> None:
    errors.print(f"[bold]tezi:[/] {escape(sentence)}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
