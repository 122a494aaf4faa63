"""Python, the pinned packages, the start-up hook and app.py."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path

from dashboard.cli.checks.finding import Finding, ok, problem, warning

OLDEST_PYTHON = (3, 11)
PACKAGE = "tezi"
HOOK = "dashboard.serve_hook"
REINSTALL = "install again with `uv sync`"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)$")


def check_python() -> Finding:
    """Look at the version of Python."""
    if sys.version_info < OLDEST_PYTHON:
        return problem("Python", platform.python_version(), "use Python 3.11 or newer")
    return ok("Python", f"{platform.python_version()} ({sys.executable})")


def check_packages() -> Finding:
    """Compare the installed versions with those Tezi was tested with."""
    try:
        pins = dict(_pins())
    except PackageNotFoundError:
        return problem("Packages", "Tezi itself is not installed", f"in its folder, {REINSTALL}")
    found = {name: _installed(name) for name in pins}
    missing = [name for name, here in found.items() if here is None]
    if missing:
        return problem("Packages", f"not installed: {', '.join(missing)}", REINSTALL)
    other = [f"{n} {here}, not {pins[n]}" for n, here in found.items() if here != pins[n]]
    if other:
        return warning("Packages", "; ".join(other), f"if anything misbehaves, {REINSTALL}")
    return ok("Packages", f"all {len(pins)} as pinned")


def check_hook() -> Finding:
    """See that plain ``panel serve app.py`` starts Tezi, sign-in first."""
    hooks = [point.value for point in entry_points(group="panel.auth")]
    if HOOK not in hooks:
        return problem("Sign-in", "the start-up hook is not installed; the page refuses", REINSTALL)
    return ok("Sign-in", "in front of `panel serve app.py`")


def check_app(app: Path) -> Finding:
    """See that the page's script is there."""
    if not app.is_file():
        return problem(
            "Page", f"{app} is missing", "run from a checkout of Tezi: the page is not in packages"
        )
    return ok("Page", str(app))


def _pins() -> Iterator[tuple[str, str]]:
    """Yield name and version of each package that is pinned exactly."""
    for line in requires(PACKAGE) or ():
        found = PIN.match(line.replace(" ", ""))
        if found:
            yield found.group(1), found.group(2)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
