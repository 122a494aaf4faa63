"""The file that may hold settings beside the environment: ``.env`` in the working folder.

What the environment says goes before what the file says. ``TEZI_ENV_FILE`` names another
file; an empty name means none.
"""

import os
import stat
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from dashboard.core.errors import InputError

NAME = "TEZI_ENV_FILE"
DEFAULT = ".env"
PREFIX = "TEZI_"
TESTS = "TEZI_TEST_"  # what the tests are told by
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def env_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file to read, or None where there is none.

    Raises
    ------
    InputError
        If others may read it, or the one that was named is not there.
    """
    named = environment.get(NAME)
    if named == "":
        return None
    file = Path(named or DEFAULT)
    if not file.is_file():
        if named:
            raise InputError(f"{NAME} names {file}, which is no file.")
        return None
    rights = stat.S_IMODE(file.stat().st_mode)
    if os.name == "posix" and rights & OTHERS and _holds_settings(file):
        raise InputError(
            f"{file} may hold secrets, and others may read it ({rights:o}): run "
            f"`chmod 600 {file}`; if somebody may have read it, change what it holds."
        )
    return file


def unknown_names(known: set[str], environment: Mapping[str, str], file: Path | None) -> list[str]:
    """Return a sentence for each ``TEZI_`` variable that no setting has: a slip of the pen."""
    said = set(environment) | (set(dotenv_values(file)) if file else set())
    sentences = []
    for name in sorted(said - known - {NAME}):
        if name.upper().startswith(PREFIX) and not name.startswith(TESTS):
            near = get_close_matches(name.upper(), known, 1)
            meant = f": did you mean {near[0]}?" if near else ": the README lists them."
            sentences.append(f"{name} is no setting{meant}")
    return sentences


def _holds_settings(file: Path) -> bool:
    try:
        return any(name.startswith(PREFIX) for name in dotenv_values(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as settings: {error}.") from error
