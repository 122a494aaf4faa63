"""Conventions of the source tree that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dashboard", "feeds", "storage")
SOURCES = sorted([*ROOT.glob("*.py"), *(f for p in PACKAGES for f in (ROOT / p).rglob("*.py"))])
ASSETS = sorted(
    file
    for package in PACKAGES
    for file in (ROOT / package).rglob("*")
    if file.suffix in {".js", ".css", ".html", ".svg"}
)

CLOCK = Path("dashboard/core/clock.py")
HOST_TIME = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "Timestamp.now",
    "Timestamp.today",
    "time.time",
    "time.time_ns",
}
STOPWATCH = {"time.perf_counter", "time.perf_counter_ns"}
ADVICE = re.compile(r"\b(?:buy|sell)(?:s|ing|er|ers)?\b", re.IGNORECASE)
HOST = re.compile(r"""(?:https?|wss?)://[\w.-]+[^\s"'<>)]*|(?<=["'(])//\w[\w.-]*""")
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
DISCOVERS = {
    Path("dashboard/signals/__init__.py"),
    Path("dashboard/options/__init__.py"),
    Path("dashboard/api/routes/__init__.py"),
    Path("dashboard/indicators/__init__.py"),
    Path("dashboard/research/__init__.py"),
}


def relative(file: Path) -> Path:
    return file.relative_to(ROOT)


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), filename=str(file))


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each use of a dotted name as its last two parts, and each import from `time`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ".".join(ast.unparse(node).split(".")[-2:])
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from ((node.lineno, f"time.{name.name}") for name in node.names)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every string of a module that is not a docstring."""
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.lineno, node.value


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(relative(f)))
def test_only_the_clock_reads_the_host_s_time(file: Path):
    if relative(file) == CLOCK:
        return
    forbidden = HOST_TIME if file.name.startswith("bench") else HOST_TIME | STOPWATCH
    found = [f"line {line}: {name}" for line, name in uses(parsed(file)) if name in forbidden]
    assert not found, f"{relative(file)}: take a Clock instead ({found})"


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(relative(f)))
def test_no_text_gives_advice(file: Path):
    # Kite calls the two sides of its order book so; those two words stop inside the feeds
    fields = {"buy", "sell"} if relative(file).parts[0] == "feeds" else set()
    found = [
        f"line {line}: {text[:60]!r}"
        for line, text in texts(parsed(file))
        if ADVICE.search(text) and text not in fields
    ]
    assert not found, f"{relative(file)}: say bullish, bearish, bid or offer ({found})"


def test_no_asset_gives_advice():
    found = [str(relative(file)) for file in ASSETS if ADVICE.search(file.read_text("utf-8"))]
    assert not found


def test_the_page_reaches_no_other_host():
    page = [ROOT / "app.py", *(f for f in SOURCES if f.is_relative_to(ROOT / "dashboard/ui"))]
    found = [
        f"{relative(file)}: {address}"
        for file in [*(f for f in page if f.exists()), *ASSETS]
        for address in HOST.findall(file.read_text("utf-8"))
        if address not in NAMESPACES
    ]
    assert not found


def test_every_signal_has_a_test_of_its_name():
    modules = (ROOT / "dashboard" / "signals").glob("[!_]*.py")
    missing = [m.stem for m in modules if not (ROOT / f"tests/signals/test_{m.name}").exists()]
    assert not missing


def test_packages_are_a_docstring_and_nothing_else():
    for file in SOURCES:
        if file.name == "__init__.py" and relative(file) not in DISCOVERS:
            body = parsed(file).body
            assert len(body) == 1, f"{relative(file)} holds more than a docstring"
            assert ast.get_docstring(parsed(file)), f"{relative(file)} needs a docstring"


# -- the guards themselves -----------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.now(UTC)",
        "import pandas as pd\nx = pd.Timestamp.now()",
        "import time\nx = time.time()",
        "import time\nread = time.time_ns",
        "from time import time",
    ],
)
def test_the_guard_sees_a_reading_of_the_host_s_time(line: str):
    assert any(name in HOST_TIME for _, name in uses(ast.parse(line)))


def test_the_guard_reads_texts_but_not_docstrings_and_field_names():
    source = '"""Nothing to buy."""\nlabel = "Buy now"\nfield = "buy_quantity"\n'
    found = [text for _, text in texts(ast.parse(source)) if ADVICE.search(text)]
    assert found == ["Buy now"]


def test_the_guard_sees_addresses():
    assert HOST.findall('<script src="//cdn.example/x.js">') == ["//cdn.example"]
    assert HOST.findall("@import url(https://fonts.example/a);") == ["https://fonts.example/a"]
    assert HOST.findall("const a = 1 // a comment\n") == []
