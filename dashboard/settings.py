"""Settings: what may be said from outside, each by an environment variable ``TEZI_...``.

They may stand in a file too, see `dashboard.env_file`. Everything has a default that works
offline, except secrets, which have none.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboard.core.errors import InputError
from dashboard.core.kite import Endpoints
from dashboard.env_file import env_file

DATABASE_FILE = "tezi.sqlite"
KITE = Endpoints()
BETWEEN_ADDRESSES = re.compile(r"[,\s]+(?=[A-Za-z][\w+.-]*://)")  # they may hold commas


class Mode(StrEnum):
    """Where the frames come from."""

    AUTO = "auto"  # live where Kite's credentials are, else a generated day
    LIVE = "live"
    MOCK = "mock"
    REPLAY = "replay"


class Settings(BaseSettings):
    """Read once, at the start; everyone else receives the values they need."""

    model_config = SettingsConfigDict(
        env_prefix="TEZI_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default_factory=lambda: Path.home() / ".tezi",
        description="Folder of everything Tezi keeps; made when missing, for you alone.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the database; empty means a SQLite file in the home.",
    )
    mode: Mode = Field(
        default=Mode.AUTO,
        description="Feed of the desk: auto, live, mock (generated) or replay (recorded).",
    )
    production: bool = Field(
        default=False,
        description="Serve other people: start only behind TLS, with secure cookies, and with "
        "a database that answers.",
    )
    secure_cookies: bool = Field(
        default=False,
        description="Send cookies over TLS only, also where a proxy ends the TLS.",
    )
    public_url: str = Field(
        default="",
        description="Address under which people reach Tezi, such as https://desk.example; "
        "its host may open the page's socket, and links are printed with it.",
    )
    api_port: int = Field(
        default=5007, ge=0, le=65535, description="Port of the API; 0 leaves the API out."
    )
    api_address: str = Field(
        default="127.0.0.1",
        description="Address on which the API listens; 0.0.0.0 lets other machines in.",
    )
    api_origins: str = Field(
        default="",
        description="Origins of other pages that may call the API with Tezi's cookie, such as "
        "https://desk.example; several are separated by commas.",
    )
    kite_api_key: SecretStr | None = Field(
        default=None,
        description="API key of your Kite Connect app; several are separated by commas.",
    )
    kite_api_secret: SecretStr | None = Field(
        default=None,
        description="API secret of the same app; several in the order of their keys.",
    )
    kite_rest: str = Field(default=KITE.rest, description="Address of Kite's REST interface.")
    kite_login: str = Field(default=KITE.login, description="Address of Kite's sign-in page.")
    kite_socket: str = Field(default=KITE.socket, description="Address of Kite's WebSocket.")
    strikes: int = Field(
        default=36,
        ge=2,
        le=400,
        description="Strikes to subscribe of each expiry, round the money, of each underlying.",
    )
    expiries: int = Field(
        default=2, ge=1, le=12, description="Nearest expiries to subscribe, of each underlying."
    )
    notify_urls: SecretStr | None = Field(
        default=None,
        description="Addresses of apprise, separated by commas: who is told when a person is "
        "needed.",
    )

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the environment.

        Raises
        ------
        InputError
            With a line for each variable that cannot be used: its name, and what is wrong.
        """
        settings, wrong = cls.read()
        if wrong:
            raise InputError("\n".join(wrong.values()))
        return settings

    @classmethod
    def read(cls) -> tuple["Settings", dict[str, str]]:
        """Return the settings, and a sentence for each that cannot be used, by its name.

        The default stands in for those, so that the rest can be looked at too.
        """
        try:
            file, wrong = env_file(), {}
        except InputError as error:
            file, wrong = None, {"env_file": str(error)}
        make: Any = cls  # pydantic's keyword for the file is not in its types
        try:
            return make(_env_file=file), wrong
        except ValidationError as error:
            found = {str(each["loc"][0]): each["msg"] for each in error.errors()}
        usable: Any = {
            name: cls.model_fields[name].get_default(call_default_factory=True) for name in found
        }
        wrong |= {name: f"{variable(name)} cannot be used: {why}." for name, why in found.items()}
        return make(**usable, _env_file=file), wrong

    @property
    def kite_keys(self) -> tuple[str, ...]:
        """Return the API keys."""
        return _listed(self.kite_api_key)

    @property
    def kite_secrets(self) -> tuple[str, ...]:
        """Return the API secrets, in the order of the keys."""
        return _listed(self.kite_api_secret)

    @property
    def kite_endpoints(self) -> Endpoints:
        """Return where Kite is."""
        return Endpoints(self.kite_rest, self.kite_login, self.kite_socket)

    @property
    def notify_addresses(self) -> tuple[str, ...]:
        """Return who is told, as apprise's addresses."""
        text = self.notify_urls.get_secret_value() if self.notify_urls else ""
        parts = (part.strip(" ,\t\n") for part in BETWEEN_ADDRESSES.split(text))
        return tuple(part for part in parts if part)

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the origins of other pages that may call the API with Tezi's cookie."""
        named = (part.strip().rstrip("/") for part in self.api_origins.split(","))
        return tuple(part for part in named if part)

    @property
    def url_of_database(self) -> str:
        """Return `database_url`, or that of the SQLite file in the home."""
        return self.database_url or f"sqlite:///{(self.home / DATABASE_FILE).as_posix()}"

    def make_home(self) -> Path:
        """Make the home folder and return it; only its owner may read what is in it.

        Raises
        ------
        InputError
            If it cannot be made.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.database_url:  # it holds the signing key; SQLite keeps the rights it finds
                (self.home / DATABASE_FILE).touch(mode=0o600)
        except OSError as error:
            raise InputError(f"TEZI_HOME {self.home} cannot be made: {error.strerror}.") from error
        return self.home


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"TEZI_{name.upper()}"


def _listed(secrets: SecretStr | None) -> tuple[str, ...]:
    """Return what commas separate; an empty place stays one, so that the order does."""
    text = secrets.get_secret_value().strip() if secrets else ""
    return tuple(part.strip() for part in text.split(",")) if text else ()
