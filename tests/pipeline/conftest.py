"""What the pipeline's tests share: hand-made plays, and two small stored days."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.market import Instrument
from dashboard.logs import log_to_stderr
from dashboard.pipeline.days import StoredDay, Tools
from storage.store import open_store
from tests.pipeline.frames import DAY, Play
from tests.pipeline.stored import AFTERNOON, MORNING, make_tools, write_both


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Keep the tracebacks of failures that are made on purpose out of the way."""
    log_to_stderr(logging.CRITICAL)


@pytest.fixture
def play() -> Iterator[Callable[..., Play]]:
    """Return a maker of plays; their graphs are taken apart after the test."""
    made: list[Play] = []

    def make(*instruments: Instrument, **options: Any) -> Play:
        made.append(Play(instruments, **options))
        return made[-1]

    yield make
    for one in made:
        one.pipeline.close()
        assert one.pipeline.graph.guard.errors == {}


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file with both days, prepared. Copy it before changing anything."""
    path = tmp_path_factory.mktemp("stored") / "tezi.db"
    store = open_store(f"sqlite:///{path}")
    write_both(store)
    for source in (MORNING, AFTERNOON):
        StoredDay(make_tools(store), DAY, source).load(lambda _share, _text: None)
    store.close()
    return path


@pytest.fixture(scope="session")
def tools(database: Path) -> Iterator[Tools]:
    """Return tools on the stored days, to be read only."""
    store = open_store(f"sqlite:///{database}")
    yield make_tools(store)
    store.close()
