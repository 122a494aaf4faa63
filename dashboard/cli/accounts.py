"""`tezi accounts`: who may sign in, from a terminal of the machine that Tezi runs on.

Whoever has this terminal has the database too, so nobody is asked who they are. A running
Tezi takes over within seconds what is done here. Passwords are typed, never given as an
argument: those are kept by shells and shown to others by the system.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from rich.markup import escape

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Role
from dashboard.auth.records import AccountInfo
from dashboard.cli.console import out
from dashboard.composition import make_accounts
from dashboard.core.clock import SystemClock, from_ns
from dashboard.core.errors import InputError
from dashboard.core.wording import DASH
from dashboard.settings import Settings
from storage.schema import open_database

USUAL_ADDRESS = "http://localhost:5006"  # of the page, where TEZI_PUBLIC_URL names no other

app = typer.Typer(no_args_is_help=True, help="See and change who may sign in to Tezi.")

Name = Annotated[str, typer.Argument(help="User name.")]


@app.command("list")
def list_accounts() -> None:
    """List the accounts: role, second factor, when each was last seen."""
    with _accounts() as (accounts, _):
        known = accounts.accounts()
    if not known:
        out.print("There is no account yet: start Tezi, which prints a link for the owner's.")
    for each in known:
        out.print(escape(_line(each)), highlight=False, soft_wrap=True)


@app.command()
def invite(
    role: Annotated[Role, typer.Option(help="What the account will be for.")],
) -> None:
    """Print a one-time link by which somebody makes their own account; good for 72 hours."""
    with _accounts() as (accounts, settings):
        token = accounts.invite(None, role)
    address = settings.public_url.rstrip("/") or USUAL_ADDRESS
    out.print(f"{escape(address)}/welcome?token={token}", highlight=False, soft_wrap=True)


@app.command("set-role")
def set_role(name: Name, role: Annotated[Role, typer.Argument(help="The new role.")]) -> None:
    """Give an account another role."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        accounts.set_role(None, account.id, role)
    _say(f"{account.name} is {role.value} now.")


@app.command()
def disable(name: Name) -> None:
    """Shut an account out; its sessions and API keys end."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        accounts.set_disabled(None, account.id, True)
    _say(f"{account.name} is shut out; sessions and API keys were ended.")


@app.command()
def enable(name: Name) -> None:
    """Let an account in again; it signs in anew, and makes new API keys."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        accounts.set_disabled(None, account.id, False)
    _say(f"{account.name} may sign in.")


@app.command("set-password")
def set_password(name: Name) -> None:
    """Ask for a new password of an account and end its sessions."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        accounts.change_password(account.name, password)
    _say(f"The password of {account.name} was changed; its sessions were ended.")


@app.command("remove-code")
def remove_code(name: Name) -> None:
    """Ask an account for one-time codes no more, as where the authenticator app was lost."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        was_on = accounts.remove_totp_of(account.name)
    words = "signs in without a code now" if was_on else "was not asked for codes"
    _say(f"{account.name} {words}.")


@app.command("end-sessions")
def end_sessions(name: Name) -> None:
    """End every session of an account, pages and programs alike; API keys stay."""
    with _accounts() as (accounts, _):
        account = _named(accounts, name)
        ended = accounts.end_all_sessions(account.id)
    _say(f"Sessions of {account.name} that were ended: {ended}.")


@app.command("rotate-keys")
def rotate_keys() -> None:
    """Sign tokens with a new key from now on; those of before stay good until they are over."""
    with _accounts() as (accounts, _):
        kid = accounts.rotate_signing_key()
    _say(f"Tokens are signed with key {kid} now.")


@contextmanager
def _accounts() -> Iterator[tuple[Accounts, Settings]]:
    settings = Settings.from_env()
    settings.make_home()
    with closing(open_database(settings.url_of_database)) as database:
        yield make_accounts(settings, database, SystemClock()), settings


def _named(accounts: Accounts, name: str) -> AccountInfo:
    wanted = name.strip().casefold()
    for each in accounts.accounts():
        if each.name.casefold() == wanted:
            return each
    raise InputError(f"There is no account {name!r}: `tezi accounts list` shows those there are.")


def _line(each: AccountInfo) -> str:
    seen = f"{from_ns(each.last_seen_ns):%d %b %Y %H:%M} IST" if each.last_seen_ns else DASH
    words = [f"{each.name:<32}", f"{each.role.value:<10}", f"last seen {seen}"]
    if each.has_totp:
        words.append("one-time codes")
    if each.disabled:
        words.append("shut out")
    return "  ".join(words)


def _say(sentence: str) -> None:
    out.print(escape(sentence), highlight=False, soft_wrap=True)
