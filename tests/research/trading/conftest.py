"""A served morning, and clients of it: called, awaited, and without the server."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.replaying import replay_day
from dashboard.research.client import RecordedDay
from dashboard.research.example_server import ExampleServer
from dashboard.research.trading.client import AsyncTradingClient, TradingClient
from dashboard.research.trading.retrying import Patience
from storage.store import open_store
from tests.pipeline.conftest import database  # noqa: F401 - the fixture with both days
from tests.pipeline.frames import DAY
from tests.pipeline.stored import MORNING, make_tools
from tests.research.trading.plain import Plain, Waiting

AT = "09:30"
QUICK = Patience(tries=3, first_s=0.01, longest_s=0.05, lost_s=20.0)


@pytest.fixture(scope="package")
def morning(
    database: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RecordedDay]:
    """Return the small generated morning in a store of its own."""
    path = tmp_path_factory.mktemp("sdk") / "tezi.db"
    shutil.copy(database, path)
    store = open_store(f"sqlite:///{path}")
    tools = make_tools(store)
    replay_day(tools, DAY, MORNING, None)  # what sections said is stored by a replay
    stored = StoredDay(tools, DAY, MORNING)
    stored.load(lambda _share, _words: None)
    yield RecordedDay(stored, store.close)
    store.close()


@pytest.fixture(scope="package")
def server(morning: RecordedDay) -> Iterator[ExampleServer]:
    """Serve the morning as it stood at 09:30."""
    with ExampleServer(morning, AT) as served:
        yield served


@pytest.fixture(scope="package")
def waiting() -> Iterator[Waiting]:
    """Return a loop to await on."""
    with Waiting() as loop:
        yield loop


@pytest.fixture(scope="package", params=["called", "awaited", "here", "here, awaited"])
def client(
    request: pytest.FixtureRequest, server: ExampleServer, morning: RecordedDay, waiting: Waiting
) -> Iterator[Plain]:
    """Return a client of the morning; what is awaited is awaited by the test's loop."""
    made: object
    if request.param == "called":
        made = TradingClient.from_key(server.url, server.key, patience=QUICK)
    elif request.param == "awaited":
        made = waiting.run(AsyncTradingClient.from_key(server.url, server.key, patience=QUICK))
    elif request.param == "here":
        made = TradingClient.here(morning, at=AT)
    else:
        made = waiting.run(AsyncTradingClient.here(morning, at=AT))
    plain = Plain(made, waiting)
    yield plain
    plain.close()


@pytest.fixture(params=["called", "awaited"])
def by_key(request: pytest.FixtureRequest, waiting: Waiting) -> Iterator[Callable[..., Plain]]:
    """Return a maker of clients with an API key, of either kind."""
    with ExitStack() as made:

        def make(url: str, **words: Any) -> Plain:
            words = {"key": "tezi_key", "patience": QUICK, **words}
            if request.param == "called":
                client: Any = TradingClient.from_key(url, **words)
            else:
                client = waiting.run(AsyncTradingClient.from_key(url, **words))
            return made.enter_context(Plain(client, waiting))

        yield make


@pytest.fixture(params=["called", "awaited"])
def by_password(request: pytest.FixtureRequest, waiting: Waiting) -> Iterator[Callable[..., Plain]]:
    """Return a maker of clients that sign in, of either kind."""
    with ExitStack() as made:

        def make(url: str, *words: Any, **named: Any) -> Plain:
            named = {"patience": QUICK, **named}
            words = words or ("guest", "a password")
            if request.param == "called":
                client: Any = TradingClient.from_credentials(url, *words, **named)
            else:
                client = waiting.run(AsyncTradingClient.from_credentials(url, *words, **named))
            return made.enter_context(Plain(client, waiting))

        yield make
