"""The doctor: a line for each thing looked at, and a code that scripts can ask."""

import os
import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from dashboard.cli.checks import folder, installation, port
from dashboard.cli.checks.database import check_file, sqlite_file
from dashboard.cli.checks.finding import Level
from dashboard.cli.checks.market import check_calendar
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ManualClock
from tests.cli.conftest import Tezi


def test_a_new_machine_has_no_problem_and_nothing_is_made(tezi: Tezi, home: Path):
    ran = tezi("doctor")
    assert ran.code == 0
    assert "problem" not in ran.words
    assert "made at the first use" in ran.words
    assert "one-time link" in ran.words
    assert not home.exists()


def test_a_used_machine_is_looked_through(tezi: Tezi, generated: Path):
    generated.chmod(0o700)
    ran = tezi("doctor", "--deep")
    assert ran.code == 0
    for words in (
        "private and writable",
        "the newest",
        "free to write",
        "0 recorded and 1 generated",
        "every day opens at any minute",
        "every minute of 1 days read",
        "none yet; the first start prints a one-time link",
    ):
        assert words in ran.words


def test_settings_with_which_tezi_would_not_start_are_problems(
    tezi: Tezi, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TEZI_KITE_API_KEY", "your_api_key")
    monkeypatch.setenv("TEZI_KITE_API_SECRET", "")
    ran = tezi("doctor")
    assert ran.code == 1
    assert "problem Settings TEZI_KITE_API_KEY is set and TEZI_KITE_API_SECRET is not" in ran.words
    assert "→ set both, or neither" in ran.words
    assert "TEZI_KITE_API_KEY looks like a placeholder" in ran.words


def test_right_settings_are_shown_without_a_secret(tezi: Tezi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_KITE_API_KEY", "kitekeyalpha0001")
    monkeypatch.setenv("TEZI_KITE_API_SECRET", "s3cr3tofalpha000000000000000001")
    ran = tezi("doctor")
    assert ran.code == 0
    assert "Kite's API keys: …0001" in ran.words
    assert "alpha" not in ran.words


def test_a_key_of_kite_s_tokens_that_others_can_read_is_a_problem(tezi: Tezi, generated: Path):
    (generated / "kite.key").write_text("not looked at")
    (generated / "kite.key").chmod(0o644)
    ran = tezi("doctor")
    assert ran.code == 1
    assert "others may read it (644): run" in ran.words
    assert "kite.key`" in ran.words


def test_a_damaged_chunk_is_found_on_demand(tezi: Tezi, generated: Path):
    with closing(sqlite3.connect(generated / "tezi.sqlite")) as db, db:
        last = "(SELECT max(minute) FROM chunk)"
        db.execute(f"UPDATE chunk SET payload = zeroblob(100) WHERE minute = {last}")  # noqa: S608
    plain = tezi("doctor")
    assert plain.code == 0
    assert "digests not checked; --deep reads them" in plain.words
    deep = tezi("doctor", "--deep")
    assert deep.code == 1
    assert "2026-08-18 MOCK: 09:19" in deep.words
    assert "`tezi generate 2026-08-18 --seed 1 --replace` makes the day anew" in deep.words
    assert "digests not checked" not in deep.words


@pytest.mark.parametrize(
    "change", ["DELETE FROM checkpoint", "UPDATE checkpoint SET payload = zeroblob(9)"]
)
def test_a_prepared_day_without_checkpoints_is_a_warning(tezi: Tezi, generated: Path, change: str):
    with closing(sqlite3.connect(generated / "tezi.sqlite")) as db, db:
        assert db.execute(change).rowcount > 5
    ran = tezi("doctor")
    assert ran.code == 0
    assert "no checkpoint that can be used: 2026-08-18 --mock" in ran.words
    assert "`tezi prepare 2026-08-18 --mock`" in ran.words
    assert "every day opens" not in ran.words
    tezi("prepare", "2026-08-18", "--mock")
    assert "every day opens at any minute" in tezi("doctor").words


def test_a_file_that_is_no_database_is_a_problem(tezi: Tezi, home: Path):
    home.mkdir(mode=0o700)
    (home / "tezi.sqlite").write_text("to be, or not to be " * 100)
    ran = tezi("doctor")
    assert ran.code == 1
    assert "cannot be read: file is not a database" in ran.words


def test_somebody_elses_database_is_a_problem(tmp_path: Path):
    file = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE recipe (name TEXT)")
    found = {one.what: one for one in check_file(file)}
    assert found["Schema"].level is Level.PROBLEM
    assert "not a database of Tezi's" in found["Schema"].found


def test_a_newer_schema_asks_for_an_update(generated: Path):
    file = generated / "tezi.sqlite"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    found = {one.what: one for one in check_file(file)}
    assert (found["Schema"].level, found["Schema"].do) == (Level.PROBLEM, "update Tezi")


def test_a_writer_elsewhere_is_a_warning(generated: Path):
    file = generated / "tezi.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = {one.what: one for one in check_file(file)}
        other.execute("ROLLBACK")
    assert found["Lock"].level is Level.WARNING


def test_only_sqlite_has_a_file():
    assert sqlite_file("sqlite:////data/tezi.sqlite") == Path("/data/tezi.sqlite")
    assert sqlite_file("postgresql://desk@host/tezi") is None
    assert sqlite_file("nonsense") is None


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX's")
def test_a_folder_that_others_can_read_is_a_warning(tmp_path: Path):
    tmp_path.chmod(0o755)
    found = folder.check_folder(tmp_path)
    assert found.level is Level.WARNING
    assert found.do == f"chmod 700 {tmp_path}"


def test_a_file_in_the_folders_place_is_a_problem(tmp_path: Path):
    (tmp_path / "home").write_text("mine")
    assert folder.check_folder(tmp_path / "home").level is Level.PROBLEM


@pytest.mark.parametrize(
    ("free_mib", "level"), [(100, Level.PROBLEM), (1000, Level.WARNING), (9000, Level.OK)]
)
def test_little_room_is_told_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, level: Level
):
    usage = shutil.disk_usage(tmp_path)._replace(free=free_mib * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert folder.check_room(tmp_path).level is level


@pytest.mark.parametrize(
    ("now", "level", "words"),
    [
        (datetime(2026, 8, 18, 10, tzinfo=IST), Level.OK, "INDEX CONTINUOUS · FNO CONTINUOUS"),
        (datetime(2026, 8, 18, 15, 36, tzinfo=IST), Level.OK, "INDEX DERIV_ONLY · FNO CONTINUOUS"),
        (datetime(2026, 11, 19, 10, tzinfo=IST), Level.OK, "CONTINUOUS"),
        (datetime(2026, 11, 21, 10, tzinfo=IST), Level.WARNING, "CLOSED"),
        (datetime(2027, 1, 4, 10, tzinfo=IST), Level.PROBLEM, "does not cover 2027-01-04"),
    ],
)
def test_the_end_of_the_calendar_is_seen_six_weeks_ahead(now: datetime, level: Level, words: str):
    found = check_calendar(load_calendar(), ManualClock(now))
    assert found.level is level
    assert words in found.found


def test_a_port_is_free_or_somebody_elses():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number = taken.getsockname()[1]
        assert port.check_port(number).level is Level.OK  # bound, and nobody listens
        taken.listen()
        taken.settimeout(0.1)
        found = port.check_port(number)
    assert found.level is Level.WARNING
    assert f"--port {number + 10}" in found.do


def test_other_versions_are_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(installation, "requires", lambda _: ["panel==1.0", "pyjwt[crypto]==2.15.1"])
    found = installation.check_packages()
    assert found.level is Level.WARNING
    assert "not 1.0" in found.found


def test_a_missing_package_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(installation, "requires", lambda _: ["no-such-package-here==1.0"])
    assert installation.check_packages().level is Level.PROBLEM


def test_a_page_that_is_missing_is_a_problem(tmp_path: Path):
    assert installation.check_app(tmp_path / "app.py").level is Level.PROBLEM


def test_the_sign_in_hook_is_installed():
    assert installation.check_hook().level is Level.OK
