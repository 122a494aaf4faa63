"""A served API with a desk at full rate: ``python -m dashboard.bench.api_server``.

It prints where it is, then answers one JSON line with another until its input ends.
"""

import asyncio
import gc
import logging
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as day_time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from dashboard.api.app import make_app
from dashboard.api.parts import ApiParts, make_parts
from dashboard.api.serving import ApiServer
from dashboard.api.stream.limits import CLIENTS_EACH
from dashboard.auth.identity import Role
from dashboard.auth.passwords import Passwords
from dashboard.bench.feed_day import FeedDay
from dashboard.bench.sizes import DAY, SEED
from dashboard.bench.talk import tell
from dashboard.composition import make_accounts
from dashboard.core.clock import IST, SystemClock
from dashboard.desk_room import DeskRoom, make_desk_room
from dashboard.logs import log_to_stderr
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.snapshot import Snapshot
from dashboard.settings import Mode, Settings
from storage.schema import open_database
from storage.store import SqlStore

BEGIN = day_time(10, 0)
SPEED = 1.6  # at which the generated 1.25 ticks a second of each instrument are two
PASSWORD = "correct horse battery"  # noqa: S105 - of accounts that live as long as the run
LOCAL = "127.0.0.1"
PAGE = 4096
ALL_OF = "NIFTY"


@dataclass
class Diary:
    """When each snapshot was published and which rows it brought. In the desk's thread."""

    clock: SystemClock
    published: list[tuple[int, float, list[int]]] = field(default_factory=list)

    def write(self, snapshot: Snapshot) -> None:
        """Note a snapshot as the hub has it."""
        now_s, quotes = self.clock.monotonic(), snapshot.quotes
        if quotes is not None:
            rows = np.flatnonzero(quotes.changed == snapshot.seq).tolist()
            if rows:
                self.published.append((snapshot.seq, now_s, rows))


class Served:
    """What the questions are about."""

    def __init__(self, parts: ApiParts, desk: Desk, diary: Diary) -> None:
        self._parts, self._desk, self._diary = parts, desk, diary
        self._cpu_s, self._since_s = time.process_time(), diary.clock.monotonic()

    def begin(self) -> dict[str, Any]:
        """Begin to measure."""
        gc.collect()
        self._cpu_s, self._since_s = time.process_time(), self._diary.clock.monotonic()
        self._diary.published.clear()
        return {"memory_bytes": self.memory()}

    def memory(self) -> int:
        """Return the resident memory."""
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    def take(self) -> dict[str, Any]:
        """Return what was published since, and the processor's share of one core."""
        wall_s = self._diary.clock.monotonic() - self._since_s
        return {
            "published": list(self._diary.published),
            "cpu_percent": 100 * (time.process_time() - self._cpu_s) / wall_s,
            "seconds": wall_s,
        }

    def pause(self) -> dict[str, Any]:
        """Stand still, and return the last price and volume of every token."""
        self._desk.pause()
        obeyed = threading.Event()
        self._desk.call(obeyed.set)
        obeyed.wait()
        seq = self._desk.hub.latest.seq if self._desk.hub.latest else 0
        while (latest := self._desk.hub.latest) is None or latest.seq <= seq:
            time.sleep(0.01)  # what was asked is told in a snapshot of its own
        assert latest.quotes is not None
        rows = latest.quotes.rows
        prices, volumes = (
            [None if value != value else value for value in rows[name].tolist()]
            for name in ("last_price", "volume")
        )
        known = zip(prices, volumes, strict=True)
        return {"board": dict(zip(latest.quotes.universe.tokens.tolist(), known, strict=True))}

    def play(self) -> dict[str, Any]:
        """Go on."""
        self._desk.play()
        return {}


def main() -> None:
    """Serve until the input ends."""
    log_to_stderr(logging.WARNING)
    asked = orjson.loads(sys.stdin.readline())
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(_serve(asked, Path(home)))


async def _serve(asked: dict[str, Any], home: Path) -> None:
    clock = SystemClock()
    settings = Settings(home=home)
    settings.make_home()
    database = open_database(settings.url_of_database)
    room = make_desk_room(SqlStore(database), clock, Mode.REPLAY)
    accounts = make_accounts(settings, database, clock)
    parts = make_parts(settings, clock, accounts, room, lambda: None)
    desk, diary = _share(room, clock, ALL_OF if asked.get("one_chain") else None)
    tokens = _sign_in(parts, asked["clients"])
    with socket.socket() as free:
        free.bind((LOCAL, 0))
        port: int = free.getsockname()[1]
    server = ApiServer(make_app(parts), LOCAL, port)
    loop = asyncio.get_running_loop()
    server.start(loop)
    while not server.is_serving or desk.pipeline is None:
        await asyncio.sleep(0.02)
    universe = desk.pipeline.universe
    tell({"port": port, "access": tokens, "universe": universe.tokens.tolist()})
    served = Served(parts, desk, diary)
    questions = {
        "begin": served.begin,
        "take": served.take,
        "pause": served.pause,
        "play": served.play,
    }
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer = await loop.run_in_executor(None, questions[orjson.loads(line)["do"]])
        tell(answer)
    await server.stop()
    parts.looking.forget()
    room.stop()
    database.close()


def _share(room: DeskRoom, clock: SystemClock, all_of: str | None) -> tuple[Desk, Diary]:
    tools, diary = room.desks.tools, Diary(clock)
    day = FeedDay(tools, DAY, SEED, all_of)
    begin = datetime.combine(DAY, BEGIN, IST)
    desk = Desk(day, tools.calendar, clock, shared=True, begin=begin)
    desk.hub.listen(diary.write)  # before the sockets: they are told after it is noted
    room.desks.share(desk)
    desk.start()
    desk.set_speed(SPEED)
    return desk, diary


def _sign_in(parts: ApiParts, clients: int) -> list[str]:
    """Return an access token of each account that so many clients need."""
    hashed = Passwords().hash(PASSWORD)
    found = []
    for number in range(-(-clients // CLIENTS_EACH)):
        name = f"bench{number}"
        parts.store.accounts.create_account(name, hashed, Role.VIEWER.value)
        found.append(parts.accounts.open_session(name, PASSWORD, LOCAL).access)
    return found


if __name__ == "__main__":
    main()
