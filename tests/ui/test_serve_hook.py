"""The start-up hook: which command it answers to, and what it leaves alone."""

import subprocess
import sys

import pytest

from dashboard.serve_hook import is_served
from tests.ui.server import PATIENCE_S, ROOT


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["panel", "serve", "app.py"], True),
        (["/venv/bin/panel", "serve", "--show", "/srv/tezi/app.py", "--port", "80"], True),
        (["panel", "serve", "other.py"], False),
        (["panel", "convert", "app.py"], False),
        (["panel"], False),
        (["pytest", "app.py", "serve"], False),
    ],
)
def test_answers_to_panel_serve_app_only(words: list[str], answer: bool):
    assert is_served(words) is answer


def test_leaves_every_other_use_of_panel_alone():
    code = (
        "import sys, panel.auth\n"
        "from bokeh.command.subcommands.serve import Serve\n"
        "assert 'dashboard.serve_hook' in sys.modules\n"
        "assert 'dashboard.ui.runtime' not in sys.modules\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "assert Serve.invoke.__name__ == 'invoke' and not hasattr(Serve.invoke, '__wrapped__')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert run.stderr == ""
