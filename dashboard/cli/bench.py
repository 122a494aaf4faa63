"""`tezi bench`: how fast and how small, against real peers, in one run."""

from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table

from dashboard.cli.console import out, progress_bar

API_S, API_QUICK_S = 60.0, 20.0  # of each load

if TYPE_CHECKING:
    from dashboard.bench.figure import Figure


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Smaller parts, fewer rounds.")] = False,
    whole_day: Annotated[
        bool, typer.Option("--whole-day", help="Replay the whole generated day.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser", help="Also time ticks to the page, in Chromium.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Only a live process against an exchange, at full rate.")
    ] = False,
    api: Annotated[
        bool, typer.Option("--api", help="Only the API: 500 sockets, requests, sign-ins.")
    ] = False,
    minutes: Annotated[float, typer.Option(help="How long, with --live.")] = 10.0,
    tiny: Annotated[bool, typer.Option("--tiny", hidden=True)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure this machine: decode, instruments, storage, replay, seek, sections and the page.

    Ratios compare with Kite's own client on the same messages in the same run; they hold
    where absolute times do not. A generated day is made in a temporary folder; what is
    stored stays untouched.
    """
    from dashboard.bench import sizes  # the heavy parts are for this command alone
    from dashboard.bench.machine import machine
    from dashboard.bench.run import run

    size = sizes.TINY if tiny else sizes.QUICK if quick else sizes.USUAL
    size = sizes.WHOLE if whole_day else size
    here = machine()
    with progress_bar("Measuring") as report:
        if live:
            from dashboard.bench.live import measure_live

            report(0.0, "a live process")
            figures = measure_live(60 * minutes)
        elif api:
            from dashboard.bench.api import measure_api

            seconds = API_QUICK_S if quick else API_S
            figures = measure_api(seconds, lambda words: report(0.0, words))
        else:
            subjects = run(size, report, browser=browser)
            figures = [figure for subject in subjects for figure in subject]
    if as_json:
        shown = {"machine": here, "part": size.part, "figures": [f.as_dict() for f in figures]}
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return
    out.print(_table(figures))
    out.print(
        f"\n{here['processor']}, {here['cores']} cores, load {here['load']} at the start; "
        f"Python {here['python']}, {here['system']}.\nReplayed: {size.part} of a generated "
        "day of 442 instruments. Ratios and rates of a core are by processor time.",
        highlight=False,
    )


def _table(figures: "list[Figure]") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Subject", no_wrap=True)
    table.add_column("What")
    for heading in ("Measured", "Target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Met")
    before = ""
    for figure in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.is_met]
        subject = figure.subject if figure.subject != before else ""
        measured = f"{figure.value:,.{figure.digits}f} {figure.unit}"
        table.add_row(subject, figure.what, measured, _target(figure), met)
        before = figure.subject
    return table


def _target(figure: "Figure") -> str:
    if figure.at_least is not None:
        return f">= {figure.at_least:,.6g}"
    return f"<= {figure.at_most:,.6g}" if figure.at_most is not None else ""
