"""The data folder: whose it is, whether it can be written, how much room there is."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from dashboard.cli.checks.finding import Finding, ok, problem, warning

WHAT = "Data folder"
GIB = 1024**3
LITTLE = 2 * GIB  # about five recorded days of 442 instruments
NOTHING = GIB // 4


def check_folder(home: Path) -> Finding:
    """See that the folder can be written, and by nobody else read."""
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        if not os.access(parent, os.W_OK):
            return problem(WHAT, f"{home} cannot be made", "set TEZI_HOME to a folder of yours")
        return ok(WHAT, f"{home}, made at the first use")
    if not home.is_dir():
        return problem(WHAT, f"{home} is a file", "move it away, or set TEZI_HOME")
    try:
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"tezi")
    except OSError as error:
        do = "give yourself the right to write there, or set TEZI_HOME"
        return problem(WHAT, f"{home} cannot be written ({error.strerror})", do)
    rights = stat.S_IMODE(home.stat().st_mode)
    if os.name == "posix" and rights & 0o077:
        found = f"{home} is open to others ({rights:o}); accounts and keys are in it"
        return warning(WHAT, found, f"chmod 700 {home}")
    return ok(WHAT, f"{home}, private and writable")


def check_room(home: Path) -> Finding:
    """See how much room is left on its disk."""
    folder = home if home.exists() else next(f for f in home.parents if f.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / GIB:,.1f} GiB free"
    if free < NOTHING:
        return problem("Disk", words, "make room: a recorded day takes about 0.4 GiB")
    if free < LITTLE:
        return warning("Disk", words, "make room soon: a recorded day takes about 0.4 GiB")
    return ok("Disk", words)
