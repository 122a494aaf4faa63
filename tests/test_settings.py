"""Settings: offline by default, each with its sentence, refused by name."""

from pathlib import Path

import pytest

from dashboard.core.errors import InputError
from dashboard.core.kite import Endpoints
from dashboard.settings import Mode, Settings, variable


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


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_MODE", "fast")
    monkeypatch.setenv("TEZI_STRIKES", "many")
    monkeypatch.setenv("TEZI_EXPIRIES", "0")
    with pytest.raises(InputError) as refused:
        Settings.from_env()
    assert str(refused.value).splitlines() == [
        "TEZI_MODE cannot be used: Input should be 'auto', 'live', 'mock' or 'replay'.",
        "TEZI_STRIKES cannot be used: Input should be a valid integer, unable to parse string "
        "as an integer.",
        "TEZI_EXPIRIES cannot be used: Input should be greater than or equal to 1.",
    ]


def test_what_cannot_be_used_is_the_default_for_those_who_look_further(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("TEZI_STRIKES", "1000")
    monkeypatch.setenv("TEZI_EXPIRIES", "3")
    settings, wrong = Settings.read()
    assert (settings.strikes, settings.expiries) == (36, 3)
    assert list(wrong) == ["strikes"]


def test_keys_and_secrets_keep_their_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_KITE_API_KEY", " first , second")
    monkeypatch.setenv("TEZI_KITE_API_SECRET", "one,,three")
    settings = Settings.from_env()
    assert settings.kite_keys == ("first", "second")
    assert settings.kite_secrets == ("one", "", "three")


def test_kite_is_where_it_is_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    assert Settings.from_env().kite_endpoints == Endpoints(
        "https://api.kite.trade", "https://kite.zerodha.com/connect/login", "wss://ws.kite.trade"
    )
    monkeypatch.setenv("TEZI_KITE_SOCKET", "ws://127.0.0.1:7000")
    assert Settings.from_env().kite_endpoints.socket == "ws://127.0.0.1:7000"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        (" , ", ()),
        ("json://a", ("json://a",)),
        ("json://a, tgram://b/c ,", ("json://a", "tgram://b/c")),
        ("mailto://x.in?to=a@x.in,b@x.in,json://a", ("mailto://x.in?to=a@x.in,b@x.in", "json://a")),
        ("nonsense", ("nonsense",)),
    ],
)
def test_addresses_are_separated_by_commas_which_they_may_hold(
    monkeypatch: pytest.MonkeyPatch, text: str, addresses: tuple[str, ...]
):
    monkeypatch.setenv("TEZI_NOTIFY_URLS", text)
    assert Settings.from_env().notify_addresses == addresses


def test_no_secret_is_shown_by_settings_or_their_errors(monkeypatch: pytest.MonkeyPatch):
    for name in ("TEZI_KITE_API_KEY", "TEZI_KITE_API_SECRET", "TEZI_NOTIFY_URLS"):
        monkeypatch.setenv(name, "hush-hush")
    assert "hush" not in repr(Settings.from_env()) + str(Settings.from_env())
    monkeypatch.setenv("TEZI_MODE", "hush")
    with pytest.raises(InputError) as refused:
        Settings.from_env()
    assert "hush" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_every_setting_is_explained_in_the_readme():
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`{variable(name)}`" not in readme]
    assert not missing


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
