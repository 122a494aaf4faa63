"""Look at the whole configuration before anything starts, and list all that is wrong.

Settings are read one by one in `dashboard.settings`; what they mean together is looked at
here. Nothing of a secret is ever in a sentence, not even its end: it may be a short one.
"""

import os
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from dashboard.core.errors import InputError
from dashboard.core.market import UNDERLYINGS
from dashboard.deployment import problems_of_deployment
from dashboard.env_file import env_file, unknown_names
from dashboard.operations.notify import is_readable
from dashboard.placeholders import PLACEHOLDER, SHORTEST, is_here
from dashboard.settings import Mode, Settings, variable

KEY, SECRET = variable("kite_api_key"), variable("kite_api_secret")
ON_A_KEY = 9000  # instruments: three connections of 3,000
BESIDES_OPTIONS = 10  # indices and futures
KINDS = 2  # a call and a put on each strike


def read_configuration() -> Settings:
    """Return the settings from the environment.

    Raises
    ------
    InputError
        If anything is wrong with them: a line for each problem, every one of them.
    """
    settings, wrong = Settings.read()
    known = {variable(name) for name in Settings.model_fields}
    file = None if "env_file" in wrong else env_file()
    problems = [
        *wrong.values(),
        *unknown_names(known, os.environ, file),
        *problems_of(settings),
    ]
    if problems:
        raise InputError("\n".join(problems))
    return settings


def problems_of(settings: Settings) -> list[str]:
    """Return a sentence for each thing that is wrong with settings that can be read."""
    return [
        *_of_credentials(settings),
        *_of_addresses(settings),
        *_of_size(settings),
        *_of_notices(settings),
        *problems_of_deployment(settings),
    ]


def _of_credentials(settings: Settings) -> Iterator[str]:
    keys, secrets = settings.kite_keys, settings.kite_secrets
    if settings.mode is Mode.LIVE and not keys and not secrets:
        yield (
            f"TEZI_MODE=live needs {KEY} and {SECRET}: set both, or choose auto, mock or replay."
        )
    if keys and not secrets:
        yield f"{KEY} is set and {SECRET} is not: set both, or neither."
    elif secrets and not keys:
        yield f"{SECRET} is set and {KEY} is not: set both, or neither."
    elif len(keys) != len(secrets):
        yield (
            f"{KEY} names {len(keys)} and {SECRET} {len(secrets)}: give each key its secret, "
            "in the same order."
        )
    yield from _of_values(KEY, keys)
    yield from _of_values(SECRET, secrets)
    if len(set(keys)) < len(keys):
        yield f"{KEY} names the same key twice: name each once."


def _of_values(name: str, values: Sequence[str]) -> Iterator[str]:
    for number, value in enumerate(values, 1):
        which = f"{name}, number {number}," if len(values) > 1 else name
        if not value:
            yield f"{which} is empty: take out the comma too many, or put the value there."
        elif PLACEHOLDER.search(value):
            yield f"{which} looks like a placeholder: take the value from your Kite Connect app."
        elif len(value) < SHORTEST:
            yield f"{which} is too short: copy the whole value from your Kite Connect app."
        elif not re.fullmatch(r"[\x21-\x7e]+", value):
            yield f"{which} holds a space or a sign that no key has: copy the value again."


def _of_addresses(settings: Settings) -> Iterator[str]:
    for name, schemes in (
        ("kite_rest", ("https", "http")),
        ("kite_login", ("https", "http")),
        ("kite_socket", ("wss", "ws")),
    ):
        yield from _of_address(variable(name), getattr(settings, name), schemes)
    if settings.public_url:
        yield from _of_address(
            variable("public_url"), settings.public_url, ("https", "http"), may_be_plain=True
        )


def _of_address(
    name: str, address: str, schemes: tuple[str, str], *, may_be_plain: bool = False
) -> Iterator[str]:
    secure, plain = schemes
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in schemes or re.search(r"\s", address):
        yield f"{name} is no address: it begins with {secure}:// and names a host."
        return
    if parts.username is not None or parts.query or parts.fragment:
        yield f"{name} may hold no user name, no ? and no #: leave them out."
    if parts.scheme == plain and not may_be_plain and not is_here(host):
        yield f"{name} would send secrets in clear: use {secure}://, or an address of this machine."


def _of_size(settings: Settings) -> Iterator[str]:
    of_one = settings.strikes * settings.expiries * KINDS
    wanted = of_one * len(UNDERLYINGS) + BESIDES_OPTIONS
    carried = ON_A_KEY * max(len(settings.kite_keys), 1)
    if wanted > carried:
        yield (
            f"TEZI_STRIKES and TEZI_EXPIRIES ask for {wanted:,} instruments, and Kite carries "
            f"{carried:,}: lower one, or add an API key."
        )


def _of_notices(settings: Settings) -> Iterator[str]:
    addresses = settings.notify_addresses
    for number, address in enumerate(addresses, 1):
        if not is_readable(address):
            which = f", number {number} of {len(addresses)}," if len(addresses) > 1 else ""
            yield (
                f"TEZI_NOTIFY_URLS{which} is no address that apprise knows: see its list of "
                "services, and mind the part before ://."
            )
