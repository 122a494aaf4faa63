"""The command line, run in this process, and a generated morning to work on."""

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboard.cli.main import main

Tezi = Callable[..., "Ran"]


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Return what was printed as one line: where it was wrapped does not matter."""
        return " ".join((self.out + self.err).split())


@pytest.fixture
def tezi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tezi:
    """Return what runs `tezi` with some words."""

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["tezi", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return Ran(int(left.value.code or 0), printed.out, printed.err)

    return run


def flip_a_byte(home: Path) -> None:
    """Damage the largest chunk that is stored, by one byte of its payload."""
    with closing(sqlite3.connect(home / "tezi.sqlite")) as db, db:
        number, payload = db.execute(
            "SELECT rowid, payload FROM chunk ORDER BY length(payload) DESC, rowid LIMIT 1"
        ).fetchone()
        at = len(payload) // 2
        changed = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
        db.execute("UPDATE chunk SET payload = ? WHERE rowid = ?", (changed, number))


@pytest.fixture(scope="session")
def generated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which 2026-08-18 was generated until 09:20."""
    folder = tmp_path_factory.mktemp("generated") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEZI_HOME", str(folder))
        patch.setattr(sys, "argv", ["tezi", "generate", "2026-08-18", "--until", "09:20"])
        with pytest.raises(SystemExit) as left:
            main()
    assert not left.value.code
    return folder


@pytest.fixture
def generated(generated_once: Path, home: Path) -> Path:
    """Return this test's own home, with the generated morning in it."""
    shutil.copytree(generated_once, home)
    return home
