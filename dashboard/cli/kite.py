"""`tezi kite`: sign in to Kite from a terminal, see where each key stands, sign out.

What is done here is taken over by a running Tezi within seconds: both use one database.
"""

import webbrowser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer
from rich.markup import escape

from dashboard.cli.console import out
from dashboard.cli.kite_listening import Answer, listening
from dashboard.composition import make_kite_apis, make_kite_sessions
from dashboard.configuration import read_configuration
from dashboard.core.clock import SystemClock
from dashboard.core.errors import InputError
from dashboard.core.kite import SessionState, SessionStatus
from dashboard.operations.kite_session import KiteSessions
from dashboard.settings import Settings
from storage.schema import open_database

USUAL_ADDRESS = "http://localhost:5006"  # of the page, where TEZI_PUBLIC_URL names no other
CALLBACK = "/kite/callback"
WHO = "the terminal"
NO_KEY = (
    "No API key of Kite's is set: set TEZI_KITE_API_KEY and TEZI_KITE_API_SECRET; README.md says "
    "how to get them."
)
WAITING = "\nWaiting for Kite to lead your browser back here. Ctrl-C ends it."
HOW_TO_PASTE = "\nThen paste the address to which Kite led you, or the request token in it."
STYLES = {
    SessionState.VALID: "green",
    SessionState.EXPIRED: "yellow",
    SessionState.REFRESHING: "yellow",
    SessionState.REQUIRED: "bold red",
}

app = typer.Typer(no_args_is_help=True, help="Sign in to Kite, see where each key stands.")

WhichKey = Annotated[str, typer.Option("--key", help="API key or its end, where several are set.")]


@app.command()
def login(
    key: WhichKey = "",
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open Kite's page in the browser.")
    ] = False,
    redirect: Annotated[
        str, typer.Option(help="Redirect URL of your Kite Connect app.", show_default=False)
    ] = "",
) -> None:
    """Sign in to Kite and keep the token for the day."""
    settings = read_configuration()
    back = urlsplit(redirect or f"{settings.public_url.rstrip('/') or USUAL_ADDRESS}{CALLBACK}")
    with _sessions(settings) as sessions, listening(back) as wait:
        address = sessions.begin_sign_in(key, WHO)
        out.print("Sign in at Kite:\n", highlight=False)
        out.print(escape(address), highlight=False, soft_wrap=True)
        out.print(HOW_TO_PASTE if wait is None else WAITING, highlight=False)
        if open_browser:
            webbrowser.open(address)
        answer = _pasted(_state_of(address)) if wait is None else wait()
        _say(sessions.complete(answer.request_token, answer.state, WHO))


@app.command()
def status() -> None:
    """Ask Kite about kept tokens and say where each key stands; exits with 1 if one lacks."""
    with _sessions(read_configuration()) as sessions:
        sessions.look()
        found = sessions.statuses()
    for each in found:
        _say(each)
    if any(each.state is not SessionState.VALID for each in found):
        raise typer.Exit(1)


@app.command()
def logout(key: WhichKey = "") -> None:
    """Forget a key's token; Kite itself ends it at 06:00 IST."""
    with _sessions(read_configuration()) as sessions:
        _say(sessions.sign_out(key))


@contextmanager
def _sessions(settings: Settings) -> Iterator[KiteSessions]:
    clock = SystemClock()
    apis = make_kite_apis(settings, clock)
    if not apis:
        raise InputError(NO_KEY)
    settings.make_home()
    with closing(open_database(settings.url_of_database)) as database:
        sessions = make_kite_sessions(settings, apis, database, clock)
        if sessions is None:
            raise InputError(NO_KEY)
        yield sessions


def _pasted(state: str) -> Answer:
    """Ask for what Kite sent. A bare token was fetched by whoever began: it has their state."""
    text = str(typer.prompt("Address or request token")).strip()
    if "request_token=" not in text and "://" not in text:
        return Answer(text, state)
    return Answer.read(urlsplit(text).query)


def _state_of(address: str) -> str:
    """Return the state that Kite was asked to hand back."""
    back = parse_qs(urlsplit(address).query).get("redirect_params", [""])[0]
    return parse_qs(back).get("state", [""])[0]


def _say(status: SessionStatus) -> None:
    style = STYLES[status.state]
    out.print(
        f"{escape(status.key)}  [{style}]{status.state.value}[/]  {escape(status.reason)}",
        highlight=False,
        soft_wrap=True,
    )
