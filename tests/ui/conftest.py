"""A real ``panel serve app.py``, people who sign in to it, and a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.ui.server import OWNER, PASSWORD, PATIENCE_MS, Served, serve

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the app once for all tests; its owner has signed up."""
    home = tmp_path_factory.mktemp("served") / "home"
    with serve(home, PANEL_LOG_LEVEL="info") as server:  # it then tells of every document
        server.sign_up(OWNER, PASSWORD)
        yield server


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """Serve the app for one test, with no account yet."""
    with serve(tmp_path / "home") as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Launch Chromium; skip where a user lacks it, fail where CI does.

    What a test expects of a page may take its time. Playwright's loop runs in this thread
    while it lives: keep asyncio out of such modules.
    """
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI provides chromium, and it is not there")
        pytest.skip("chromium is not on this machine")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
