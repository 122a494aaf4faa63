"""Settings: offline by default, each with its sentence, refused by name."""

from pathlib import Path

import pytest

from dashboard.core.errors import InputError
from dashboard.settings import Mode, Settings


def test_works_offline_with_nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("TEZI_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.from_env()
    assert settings.home == tmp_path / ".tezi"
    assert settings.mode is Mode.AUTO
    assert settings.url_of_database == f"sqlite:///{tmp_path}/.tezi/tezi.sqlite"


def test_reads_what_is_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_DATABASE_URL", "postgresql://desk/tezi")
    monkeypatch.setenv("TEZI_MODE", "replay")
    settings = Settings.from_env()
    assert (settings.url_of_database, settings.mode) == ("postgresql://desk/tezi", Mode.REPLAY)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_MODE", "")
    assert Settings.from_env().mode is Mode.AUTO


def test_a_wrong_value_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_MODE", "fast")
    with pytest.raises(InputError, match="TEZI_MODE cannot be used"):
        Settings.from_env()


def test_every_setting_has_a_sentence_and_no_secret_has_a_default():
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name
        if "secret" in name or "password" in name:
            assert field.default is None, name


def test_the_home_is_for_its_owner_alone(home: Path):
    made = Settings.from_env().make_home()
    assert made == home
    assert made.stat().st_mode & 0o077 == 0
    assert (made / "tezi.sqlite").stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_made_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TEZI_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match=r"TEZI_HOME .* cannot be made"):
        Settings.from_env().make_home()
