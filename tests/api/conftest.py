"""An API on two small stored days, and people of every role who call it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.api.app import make_app
from dashboard.api.parts import ApiParts, make_parts
from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Role
from dashboard.auth.passwords import Passwords
from dashboard.core.clock import SystemClock
from dashboard.desk_room import DeskRoom
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.settings import Mode, Settings
from storage.sealing import Seal
from storage.store import open_store
from tests.api.people import People
from tests.auth.conftest import QuickHasher
from tests.pipeline.conftest import database  # noqa: F401 - the fixture with both days
from tests.pipeline.desk_room import rest, wait
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import MORNING, make_tools

ORIGIN = "http://desk.example"


@pytest.fixture
def parts(database: Path, tmp_path: Path) -> Iterator[ApiParts]:  # noqa: F811
    """Return the parts of a process without a shared desk, on a copy of the stored days."""
    shutil.copy(database, tmp_path / "tezi.sqlite")
    settings = Settings(home=tmp_path)
    store = open_store(settings.url_of_database)
    clock = SystemClock()
    room = DeskRoom(Desks(make_tools(store), clock), store, Mode.REPLAY)
    accounts = Accounts(
        store.accounts,
        clock,
        seal=Seal(Fernet.generate_key()),
        passwords=Passwords(QuickHasher()),
    )
    made = make_parts(settings, clock, accounts, room, lambda: None)
    yield made
    made.looking.forget()
    room.stop()
    store.close()


@pytest.fixture
def app(parts: ApiParts) -> FastAPI:
    return make_app(parts, origins=[ORIGIN])


@pytest.fixture
def people(parts: ApiParts) -> People:
    """Return an owner, a researcher and a viewer."""
    return People(parts.accounts, parts.store)


@pytest.fixture
def client_of(app: FastAPI, people: People) -> Iterator[Callable[[Role | None], TestClient]]:
    """Return a maker of clients that call as a role, None for a stranger."""
    made: list[TestClient] = []

    def make(role: Role | None) -> TestClient:
        headers = people.headers(role) if role else {}
        made.append(TestClient(app, headers=headers, raise_server_exceptions=False))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(client_of: Callable[[Role | None], TestClient]) -> TestClient:
    """Return a client that may do everything."""
    return client_of(Role.OWNER)


@pytest.fixture
def morning(parts: ApiParts) -> Desk:
    """Share a desk that stands at 09:30 of the generated morning."""
    tools = parts.room.desks.tools
    desk = Desk(
        StoredDay(tools, DAY, MORNING),
        tools.calendar,
        parts.clock,
        shared=True,
        begin=instant("09:30:00"),
    )
    parts.room.desks.share(desk)
    desk.start(playing=False)
    wait(desk, lambda s: s.status == "paused")
    rest(desk)
    return desk
