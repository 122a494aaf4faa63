"""Start-up looks at the whole configuration and lists every problem at once."""

from pathlib import Path

import pytest

from dashboard.configuration import problems_of, read_configuration
from dashboard.core.errors import InputError
from dashboard.settings import Settings

KEY, OTHER_KEY = "kitekeyalpha0001", "kitekeybravo0002"
SECRET, OTHER_SECRET = "s3cr3tofalpha000000000000000001", "s3cr3tofbravo000000000000000002"
BOTH = {"kite_api_key": KEY, "kite_api_secret": SECRET}


def problems(**values: object) -> list[str]:
    return problems_of(Settings(**values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"mode": "mock"},
        BOTH,
        {**BOTH, "mode": "live"},
        {"kite_api_key": f"{KEY},{OTHER_KEY}", "kite_api_secret": f"{SECRET}, {OTHER_SECRET}"},
        {"kite_rest": "http://127.0.0.1:7000", "kite_socket": "ws://localhost:7001"},
        {"kite_rest": "http://[::1]:7000", "kite_login": "http://127.0.0.1:7000/connect/login"},
        {"strikes": 400, "expiries": 3},
        {"notify_urls": "json://127.0.0.1:80/path"},
        {"public_url": "https://desk.example"},
        {"public_url": "http://desk.example:5006"},
    ],
)
def test_what_is_right_is_let_through(values: dict[str, object]):
    assert problems(**values) == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"mode": "live"},
            "TEZI_MODE=live needs TEZI_KITE_API_KEY and TEZI_KITE_API_SECRET: set both, or "
            "choose auto, mock or replay.",
        ),
        (
            {"kite_api_key": KEY},
            "TEZI_KITE_API_KEY is set and TEZI_KITE_API_SECRET is not: set both, or neither.",
        ),
        (
            {"kite_api_secret": SECRET, "mode": "live"},
            "TEZI_KITE_API_SECRET is set and TEZI_KITE_API_KEY is not: set both, or neither.",
        ),
        (
            {**BOTH, "kite_api_key": f"{KEY},{OTHER_KEY}"},
            "TEZI_KITE_API_KEY names 2 and TEZI_KITE_API_SECRET 1: give each key its secret, in "
            "the same order.",
        ),
        (
            {"kite_api_key": f"{KEY},{KEY}", "kite_api_secret": f"{SECRET},{OTHER_SECRET}"},
            "TEZI_KITE_API_KEY names the same key twice: name each once.",
        ),
        (
            {"kite_api_key": f"{KEY},", "kite_api_secret": f"{SECRET},{OTHER_SECRET}"},
            "TEZI_KITE_API_KEY, number 2, is empty: take out the comma too many, or put the "
            "value there.",
        ),
        (
            {**BOTH, "kite_api_key": "k1t3"},
            "TEZI_KITE_API_KEY is too short: copy the whole value from your Kite Connect app.",
        ),
        (
            {**BOTH, "kite_api_secret": "with a space in it"},
            "TEZI_KITE_API_SECRET holds a space or a sign that no key has: copy the value again.",
        ),
        (
            {"kite_rest": "http://api.kite.trade"},
            "TEZI_KITE_REST would send secrets in clear: use https://, or an address of this "
            "machine.",
        ),
        (
            {"kite_socket": "https://ws.kite.trade"},
            "TEZI_KITE_SOCKET is no address: it begins with wss:// and names a host.",
        ),
        (
            {"kite_login": "kite.zerodha.com/connect/login"},
            "TEZI_KITE_LOGIN is no address: it begins with https:// and names a host.",
        ),
        (
            {"kite_rest": "https://:443"},
            "TEZI_KITE_REST is no address: it begins with https:// and names a host.",
        ),
        (
            {"kite_rest": "https://host:port"},
            "TEZI_KITE_REST is no address: it begins with https:// and names a host.",
        ),
        (
            {"kite_rest": "https://me:pw@api.kite.trade"},
            "TEZI_KITE_REST may hold no user name, no ? and no #: leave them out.",
        ),
        (
            {"kite_login": "https://kite.example/login?v=3"},
            "TEZI_KITE_LOGIN may hold no user name, no ? and no #: leave them out.",
        ),
        (
            {"public_url": "desk.example"},
            "TEZI_PUBLIC_URL is no address: it begins with https:// and names a host.",
        ),
        (
            {"strikes": 400, "expiries": 12},
            "TEZI_STRIKES and TEZI_EXPIRIES ask for 28,810 instruments, and Kite carries 9,000: "
            "lower one, or add an API key.",
        ),
        (
            {"notify_urls": "json://127.0.0.1, jsn://hush:hush@127.0.0.1"},
            "TEZI_NOTIFY_URLS, number 2 of 2, is no address that apprise knows: see its list of "
            "services, and mind the part before ://.",
        ),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], sentence: str):
    assert problems(**values) == [sentence]


@pytest.mark.parametrize(
    "value",
    [
        "your_api_key",
        "YOUR-KEY-HERE",
        "<api key>",
        "xxxxxxxxxxxxxxxx",
        "0000000000000000",
        "changeme",
        "${KITE_KEY}",
        "my_api_secret",
        "secret",
        "example-key-1234",
    ],
)
def test_a_placeholder_is_seen(value: str):
    (found,) = problems(**{**BOTH, "kite_api_key": value})
    assert found == (
        "TEZI_KITE_API_KEY looks like a placeholder: take the value from your Kite Connect app."
    )


def test_every_problem_is_listed_at_once_and_no_secret_is(monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "TEZI_MODE": "quick",
        "TEZI_STRIKES": "0",
        "TEZI_KITE_API_KEY": "h8sh,h8sh",
        "TEZI_KITE_API_SECRET": "hush your secret",
        "TEZI_KITE_SOCKET": "nowhere",
        "TEZI_NOTIFY_URLS": "hush://hush",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        read_configuration()
    lines = str(refused.value).splitlines()
    assert [line.partition(" ")[0].rstrip(",") for line in lines] == [
        "TEZI_MODE",
        "TEZI_STRIKES",
        "TEZI_KITE_API_KEY",  # two keys and one secret
        "TEZI_KITE_API_KEY",  # too short
        "TEZI_KITE_API_KEY",  # and the other
        "TEZI_KITE_API_SECRET",
        "TEZI_KITE_API_KEY",  # the same twice
        "TEZI_KITE_SOCKET",
        "TEZI_NOTIFY_URLS",
    ]
    for secret in ("h8sh", "hush"):
        assert secret not in str(refused.value)


def test_a_right_configuration_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_KITE_API_KEY", KEY)
    monkeypatch.setenv("TEZI_KITE_API_SECRET", SECRET)
    assert read_configuration().kite_keys == (KEY,)


# -- where settings stand, and what serves other people -----------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, in which a file may hold settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TEZI_ENV_FILE")
    return tmp_path


def write(file: Path, text: str, rights: int = 0o600) -> None:
    file.write_text(text)
    file.chmod(rights)


def test_a_file_says_what_the_environment_does_not(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder / ".env", "TEZI_STRIKES=20\nTEZI_EXPIRIES=3\nOTHER=1\n")
    monkeypatch.setenv("TEZI_STRIKES", "10")
    settings = read_configuration()
    assert (settings.strikes, settings.expiries) == (10, 3)


def test_another_file_may_be_named_and_must_then_be_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    write(folder / "desk.env", "TEZI_STRIKES=20")
    monkeypatch.setenv("TEZI_ENV_FILE", "desk.env")
    assert read_configuration().strikes == 20
    monkeypatch.setenv("TEZI_ENV_FILE", "gone.env")
    with pytest.raises(InputError, match=r"TEZI_ENV_FILE names gone\.env, which is no file"):
        read_configuration()


def test_a_file_that_others_may_read_is_refused(folder: Path):
    write(folder / ".env", "TEZI_KITE_API_SECRET=hush", 0o644)
    with pytest.raises(InputError, match=r"\.env may hold secrets.*\(644\).*chmod 600") as refused:
        read_configuration()
    assert "hush" not in str(refused.value)


def test_a_file_of_others_settings_is_nobodys_business(folder: Path):
    write(folder / ".env", "SOMETHING=else", 0o644)
    assert read_configuration().strikes == 36


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_slip_of_the_pen_is_no_choice(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str):
    if where == "file":
        write(folder / ".env", "TEZI_STRIKE=20")
    else:
        monkeypatch.setenv("TEZI_STRIKE", "20")
    with pytest.raises(InputError, match=r"TEZI_STRIKE is no setting: did you mean TEZI_STRIKES\?"):
        read_configuration()


GOOD = {"production": True, "public_url": "https://desk.example", "secure_cookies": True}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"database_url": "nonsense"}, "TEZI_DATABASE_URL is no address"),
        ({"database_url": "postgresql+psycopg://a:changeme@db/x"}, "holds a placeholder"),
        ({"database_url": "postgresql+psycopg://a:short@db.example/x"}, "under 8 characters"),
        ({"api_origins": "*"}, "TEZI_API_ORIGINS names '*'"),
        ({"api_origins": "https://a.example/path"}, "no path"),
        ({"api_origins": "http://a.example"}, "use https://"),
        ({**GOOD, "public_url": "http://desk.example"}, "needs TEZI_PUBLIC_URL"),
        ({**GOOD, "secure_cookies": False}, "needs TEZI_SECURE_COOKIES=true"),
        ({**GOOD, "mode": "mock"}, "does not go with TEZI_MODE=mock"),
        (
            {**GOOD, "database_url": "postgresql+psycopg://a:longpassword@127.0.0.1:1/x"},
            "needs a database that answers",
        ),
    ],
)
def test_what_cannot_serve_people_is_refused(values: dict[str, object], words: str):
    found = problems(**values)
    assert len(found) == 1
    assert words in found[0]
    assert "longpassword" not in found[0]


def test_what_can_serve_people_is_let_through():
    assert problems(**GOOD) == []
    assert problems(api_origins="https://a.example, http://localhost:8888/") == []


def test_accounts_that_others_may_read_are_refused(home: Path):
    home.mkdir(0o700)
    write(home / "tezi.sqlite", "", 0o644)
    assert problems(home=home) == []  # nobody else comes so far
    home.chmod(0o755)
    assert problems(home=home) == [
        f"{home}/tezi.sqlite holds accounts and keys, and others may read it (644): run "
        f"`chmod 600 {home}/tezi.sqlite`."
    ]
