"""A live process without visits, measured from within: ``python -m dashboard.bench.live_process``.

It reads one JSON line with where the exchange is, runs what a served process runs (scheduler,
pool, tape, desk, sections), and when its input ends prints one JSON line of figures.
"""

import logging
import resource
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests
from pydantic import SecretStr

from dashboard.bench.figure import percentile
from dashboard.bench.sizes import DAY
from dashboard.composition import make_kite_apis, make_kite_sessions
from dashboard.core.clock import ShiftedClock
from dashboard.core.market import INDICES, Frame
from dashboard.desk_room import make_desk_room
from dashboard.going_live import Operations, make_operations
from dashboard.logs import log_to_stderr
from dashboard.pipeline.snapshot import Snapshot
from dashboard.settings import Mode, Settings
from storage.contracts import SqlContracts
from storage.schema import open_database
from storage.store import SqlStore

LOOK_S = 1.0
SAMPLE_S = 1.0
MB = 1e6
PAGE = 4096


@dataclass
class Watch:
    """Arrivals, and when the hub had them."""

    operations: Operations
    clock: ShiftedClock
    delays_ms: list[float] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)  # MB, once a second
    _shown: int = 0

    def arrive(self, frame: Frame) -> None:
        """Note a message with ticks as it comes off its socket."""
        if len(frame.payload) > 1:
            self.arrived.append(frame.received_ns)

    def publish(self, _: Snapshot) -> None:
        """Note what a new snapshot holds, in the desk's thread."""
        desk = self.operations.room.desks.shared
        if desk is None or desk.pipeline is None:
            return
        now_ns, last_ns = self.clock.now_ns(), desk.pipeline.state.last_ns
        while self._shown < len(self.arrived) and self.arrived[self._shown] <= last_ns:
            self.delays_ms.append((now_ns - self.arrived[self._shown]) / 1e6)
            self._shown += 1


def main() -> None:
    """Run until the input ends, and tell."""
    log_to_stderr(logging.WARNING)
    asked = orjson.loads(sys.stdin.readline())
    clock = ShiftedClock(asked["ahead_ns"])
    with tempfile.TemporaryDirectory() as home:
        operations = _make(asked, clock, Path(home))
        if asked["instruments"] > 442:
            _take_more(operations, asked["instruments"])
        watch = Watch(operations, clock)
        _listen(operations, watch)
        tell({"ready": True})
        figures = _measure(operations, watch)
        operations.stop()
        operations.room.stop()
        tell(figures)


def _make(asked: dict[str, Any], clock: ShiftedClock, home: Path) -> Operations:
    endpoints = asked["endpoints"]
    settings = Settings(
        home=home,
        mode=Mode.LIVE,
        kite_api_key=SecretStr(asked["key"]),
        kite_api_secret=SecretStr(asked["secret"]),
        kite_rest=endpoints["rest"],
        kite_login=endpoints["login"],
        kite_socket=endpoints["socket"],
    )
    settings.make_home()
    database = open_database(settings.url_of_database)
    apis = make_kite_apis(settings, clock)
    sessions = make_kite_sessions(settings, apis, database, clock)
    room = make_desk_room(SqlStore(database), clock, settings.mode, kite=True)
    operations = make_operations(settings, database, clock, room, apis, sessions)
    assert operations is not None
    assert sessions is not None
    room.start()
    url = sessions.begin_sign_in("", "bench")
    reply = requests.get(url, allow_redirects=False, timeout=30)
    came = parse_qs(urlsplit(reply.headers["Location"]).query)
    sessions.complete(came["request_token"][0], came["state"][0], "bench")
    return operations


def _take_more(operations: Operations, count: int) -> None:
    """Record and want instruments beyond the usual ones: all of the exchange's dump."""
    parts, day = operations.scheduler.parts, DAY
    grant = parts.sessions.grants()[0]
    parts.contracts.fetch(parts.apis[grant.api_key], grant, day)
    kept = SqlContracts(operations.room.store.database).on(day)
    everything = [*INDICES.values(), *kept][:count]
    parts.recording.begin(day, everything)
    parts.pool.want("bench", [one.token for one in everything])


def _listen(operations: Operations, watch: Watch) -> None:
    recording = operations.scheduler.parts.recording
    take, share = recording.take, operations.room.desks.share  # type: ignore[attr-defined]

    def taken(frame: Frame) -> None:
        take(frame)
        watch.arrive(frame)

    operations.scheduler.parts.pool._on_frame = taken  # type: ignore[attr-defined]

    def shared(desk: Any) -> None:
        _hear(desk, watch)
        share(desk)

    operations.room.desks.share = shared  # type: ignore[method-assign]
    if operations.room.desks.shared is not None:
        _hear(operations.room.desks.shared, watch)


def _hear(desk: Any, watch: Watch) -> None:
    """Be told of snapshots without looking at anything: a visit would cost."""
    publish = desk.hub.publish

    def published(snapshot: Snapshot) -> None:
        publish(snapshot)
        watch.publish(snapshot)

    desk.hub.publish = published


def _measure(operations: Operations, watch: Watch) -> dict[str, Any]:
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    started = None
    while not ended.wait(LOOK_S):
        operations.look()
        if watch.arrived and started is None:
            started = time.process_time(), time.monotonic(), len(watch.arrived)
        if started is not None:
            watch.memory.append(_resident_mb())
    assert started is not None, "nothing came"
    time.sleep(LOOK_S)  # what came last is on its way to the hub
    cpu, wall = time.process_time() - started[0], time.monotonic() - started[1]
    desk = operations.room.desks.shared
    assert desk is not None
    assert desk.pipeline is not None
    recording = operations.scheduler.parts.recording
    recording._now.tape.flush()  # type: ignore[attr-defined]
    on_tape = operations.room.store.day(DAY).messages
    third = max(1, len(watch.memory) // 3)
    return {
        "cpu_percent": 100 * cpu / wall,
        "seconds": wall,
        "memory_mb": max(watch.memory),
        "memory_growth_mb": watch.memory[-1] - watch.memory[third],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "p50_ms": percentile(watch.delays_ms, 0.5),
        "p99_ms": percentile(watch.delays_ms, 0.99),
        "arrived": len(watch.arrived),
        "on_tape": on_tape,
        "processed_ticks": watch._shown,
        "ticks": desk.pipeline.ticks,
        "connections": len([c for c in operations.status().connections if c.tokens]),
        "problems": list(operations.status().problems),
    }


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.readline()
    ended.set()


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / MB


def tell(what: object) -> None:
    """Print a line of JSON."""
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
