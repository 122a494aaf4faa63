"""User names: what is accepted as one."""

import re

from dashboard.core.errors import InputError

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,30})[a-z0-9]")


def check_name(name: str) -> str:
    """Return the user name in lower case.

    Raises
    ------
    InputError
        If it is not 3 to 32 letters, digits, dots, dashes or underscores.
    """
    name = name.strip().casefold()
    if not NAME.fullmatch(name):
        raise InputError(
            "The user name needs 3 to 32 letters a-z, digits, dots, dashes or underscores, "
            "and starts and ends with a letter or digit."
        )
    return name
