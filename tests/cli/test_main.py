"""Every command says what it is for, and what goes wrong is one sentence."""

import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from dashboard.cli import console
from storage.store import open_store
from tests.cli.conftest import Tezi

COMMANDS = (
    ("serve", "Serve the page"),
    ("generate", "Generate a coherent day"),
    ("days", "List the stored days"),
    ("replay", "the same digest"),
    ("prepare", "bars, chain and checkpoints"),
    ("catalogue", "formula, source, parameters"),
    ("kite", "Sign in to Kite"),
    ("bench", "Measure this machine"),
    ("doctor", "Check the installation"),
)


@pytest.mark.parametrize(("command", "purpose"), COMMANDS)
def test_a_command_says_what_it_is_for(tezi: Tezi, command: str, purpose: str):
    ran = tezi(command, "--help")
    assert ran.code == 0
    assert purpose in ran.words


@pytest.mark.parametrize(("kind", "purpose"), [("bars", "Import bars"), ("chain", "snapshots")])
def test_an_import_says_what_it_is_for(tezi: Tezi, kind: str, purpose: str):
    ran = tezi("import", kind, "--help")
    assert ran.code == 0
    assert purpose in ran.words
    assert "Parquet" in ran.words


def test_without_words_it_lists_its_commands(tezi: Tezi):
    ran = tezi()
    assert all(command in ran.words for command, _ in COMMANDS)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["replay", "2026-08-18"], "There is no recording of 2026-08-18"),
        (["replay", "18-08-2026"], "is no date; write it as 2026-08-18"),
        (["replay", "2026-08-18", "--until", "9"], "is no time; write it as 13:42"),
        (["replay", "2026-08-18", "--speed", "0"], "A speed of '0' is unknown"),
        (["replay", "2026-08-18", "--speed", "nan"], "A speed of 'nan' is unknown"),
        (["replay", "2026-08-18", "--speed", "quick"], "A speed of 'quick' is unknown"),
        (["prepare", "2026-08-18"], "There is no recording of 2026-08-18"),
        (["generate", "2026-08-15"], "2026-08-15 has no trading"),
        (["generate", "2026-01-26"], "2026-01-26 has no trading"),
        (["generate", "2035-01-01"], "calendar does not cover 2035-01-01"),
        (["generate", "2026-08-18", "--until", "25:00"], "'25:00' is no time"),
        (["generate", "2026-08-18", "--until", "08:59"], "Nothing comes before 09:00"),
        (["generate", "2026-08-18", "--seed", "-1"], "--seed"),
    ],
)
def test_bad_words_are_answered_in_a_sentence(tezi: Tezi, words: list[str], sentence: str):
    ran = tezi(*words)
    assert ran.code == 2
    assert sentence in ran.words
    assert not ran.out
    assert "Traceback" not in ran.err


def test_a_locked_database_is_told_and_unchanged(
    tezi: Tezi, generated: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(console, "open_store", partial(open_store, lock_timeout_s=0.1))
    other = sqlite3.connect(generated / "tezi.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ran = tezi("prepare", "2026-08-18", "--mock")
    other.execute("ROLLBACK")
    other.close()
    assert ran.code == 2
    assert "another process holds the database: this step was not written" in ran.words
    assert "no gaps" in tezi("days").words


def test_a_home_that_is_a_file_is_told(tezi: Tezi, home: Path):
    home.write_text("mine")
    ran = tezi("days")
    assert ran.code == 2
    assert f"TEZI_HOME {home} cannot be made" in ran.words


def test_a_file_that_is_no_database_is_told(tezi: Tezi, home: Path):
    home.mkdir()
    (home / "tezi.sqlite").write_text("to be, or not to be " * 100)
    ran = tezi("days")
    assert ran.code == 2
    assert "the file is not a database" in ran.words


def test_a_setting_that_cannot_be_used_is_named(tezi: Tezi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_MODE", "quick")
    ran = tezi("days")
    assert ran.code == 2
    assert "TEZI_MODE cannot be used" in ran.words


def test_the_installed_command_leaves_with_the_same_code(home: Path):
    words = [sys.executable, "-m", "dashboard.cli.main", "replay", "2026-08-18"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "There is no recording of 2026-08-18" in " ".join(ran.stderr.split())
