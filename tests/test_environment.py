"""environment.yml installs what pyproject.toml pins, for people who use conda."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def pip_section(environment: dict[str, Any]) -> list[str]:
    return next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))


def test_it_pins_the_same_versions(project: dict[str, Any], environment: dict[str, Any]):
    groups = project["dependency-groups"]
    pinned = [*project["project"]["dependencies"], *groups["dev"], *groups["lab"]]
    assert sorted(pip_section(environment)) == sorted([*pinned, "--editable ."])


def test_it_brings_what_the_tests_need(environment: dict[str, Any]):
    names = {re.split(r"[=\[]", requirement)[0] for requirement in pip_section(environment)}
    assert {"pytest", "pytest-randomly", "nbval", "hypothesis", "playwright", "ruff"} <= names


def test_it_says_how_to_run_and_test_without_uv():
    words = (ROOT / "environment.yml").read_text("utf-8")
    assert "#     panel serve app.py --show" in words
    assert "#     pytest" in words


def test_every_direct_dependency_is_pinned_exactly(project: dict[str, Any]):
    groups = project["dependency-groups"].values()
    for requirement in [*project["project"]["dependencies"], *(r for g in groups for r in g)]:
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+", requirement), requirement


def test_it_asks_for_a_python_that_the_project_accepts(
    project: dict[str, Any], environment: dict[str, Any]
):
    asked = next(d for d in environment["dependencies"] if str(d).startswith("python>="))
    assert asked.removeprefix("python").startswith(project["project"]["requires-python"])


def test_it_names_one_channel_and_no_address(environment: dict[str, Any]):
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert "://" not in (ROOT / "environment.yml").read_text("utf-8")
