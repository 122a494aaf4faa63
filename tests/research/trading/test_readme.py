"""The README's lines about the SDK do what they say."""

import re
from pathlib import Path

import pytest

from dashboard.research.example_server import ExampleServer

README = Path(__file__).resolve().parents[3] / "README.md"
ADDRESS = "http://127.0.0.1:5007"


def test_the_snippet_runs(server: ExampleServer, capsys: pytest.CaptureFixture[str]):
    section = README.read_text("utf-8").split("## From a program\n")[1].split("\n## ")[0]
    (snippet,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert ADDRESS in snippet
    exec(snippet.replace(ADDRESS, server.url), {"key": server.key})  # noqa: S102
    told = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" ")[0] for line in told] == ["NIFTY 50", "NIFTY26AUGFUT"]
