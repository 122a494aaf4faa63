"""`tezi serve`: the same as ``panel serve app.py``, from any folder."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import dashboard
from dashboard.core.errors import InputError

APP = Path(dashboard.__file__).resolve().parents[1] / "app.py"


def serve(
    port: Annotated[int, typer.Option(help="Port of the page.")] = 5006,
    show: Annotated[bool, typer.Option(help="Open it in the browser.")] = False,
) -> None:
    """Serve the page; stop it with Ctrl-C."""
    if not APP.exists():
        raise InputError(f"There is no {APP.name} beside the package: run from a checkout of Tezi")
    panel = shutil.which("panel", path=str(Path(sys.executable).parent)) or "panel"
    words = [panel, "serve", str(APP), "--port", str(port)]
    os.execv(panel, [*words, "--show"] if show else words)  # noqa: S606 - our own words
