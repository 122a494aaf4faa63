"""What every test may ask for: the shared market data, and a home of its own."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded market data, or skip where a user lacks it."""
    if SHARED.is_dir():
        return SHARED
    if os.environ.get("CI"):
        pytest.fail(f"CI provides {SHARED}, and it is not there")
    pytest.skip("the recorded market data is not on this machine")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test out of the user's own data folder and settings."""
    monkeypatch.setenv("TEZI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEZI_ENV_FILE", "")
    return tmp_path / "home"
