"""Settings: what may be said from outside, each by an environment variable ``TEZI_...``.

Everything has a default that works offline, except secrets, which have none.
"""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboard.core.errors import InputError

DATABASE_FILE = "tezi.sqlite"


class Mode(StrEnum):
    """Where the frames come from."""

    AUTO = "auto"  # a recorded day if there is one, else a generated one
    LIVE = "live"
    MOCK = "mock"
    REPLAY = "replay"


class Settings(BaseSettings):
    """Read once, at the start; everyone else receives the values they need."""

    model_config = SettingsConfigDict(
        env_prefix="TEZI_", env_ignore_empty=True, extra="ignore", frozen=True
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
    secure_cookies: bool = Field(
        default=False,
        description="Send cookies over TLS only, also where a proxy ends the TLS.",
    )
    public_url: str = Field(
        default="",
        description="Address under which people reach Tezi, such as https://desk.example; "
        "its host may open the page's socket, and links are printed with it.",
    )

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the environment.

        Raises
        ------
        InputError
            With one sentence that names the variable and what is wrong with it.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            variable = "TEZI_" + "_".join(str(part) for part in first["loc"]).upper()
            raise InputError(f"{variable} cannot be used: {first['msg']}.") from error

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
