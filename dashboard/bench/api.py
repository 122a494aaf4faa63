"""The API under load: sockets, the monitor's snapshot, and signing in.

The server and its clients are processes of their own on this machine, a core for each.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

from dashboard.bench.api_monitor import measure_monitor
from dashboard.bench.api_sign_in import measure_sign_in
from dashboard.bench.figure import Figure
from dashboard.bench.sizes import SEED
from dashboard.bench.talk import Process, ask, hear, process, say

SUBJECT = "api"
CLIENTS, TOKENS, GROUPS = 500, 50, 10
DEAD = 10  # sockets of the process that is stopped
SETTLE_S = 3.0
LIMIT_MS = 250
SERVER, CROWD = "dashboard.bench.api_server", "dashboard.bench.api_clients"
Report = Callable[[str], None]


def measure_api(seconds: float, report: Report, clients: int = CLIENTS) -> list[Figure]:
    """Return the figures of `clients` sockets for `seconds` in each of three ways, and the rest."""
    figures = []
    with process(SERVER) as server:
        say(server, {"clients": clients + DEAD})
        where = hear(server)
        report("sockets in ten groups")
        with process(CROWD) as crowd:
            figures += _idle(server, crowd, where, _chosen(where, clients, GROUPS))
            figures += _in_groups(server, crowd, where, seconds, clients, report)
        report("sockets that all differ")
        with process(CROWD) as crowd:
            _begin(crowd, where, _chosen(where, clients, clients))
            ask(crowd, {"do": "subscribe"})
            seen = _watch(server, crowd, seconds)
            figures += _figures(f"{clients} that all differ", seen)
    report("the monitor's snapshot")
    figures += measure_monitor(seconds / 4)
    report("signing in")
    return figures + measure_sign_in()


def _chosen(where: dict[str, Any], clients: int, groups: int) -> list[list[int]]:
    """Return a subscription for each client, of as many different ones."""
    draw = random.Random(SEED)  # noqa: S311 - which instruments, the same each time
    found = [sorted(draw.sample(where["universe"], TOKENS)) for _ in range(groups)]
    return [found[number % groups] for number in range(clients)]


def _begin(crowd: Process, where: dict[str, Any], subscriptions: list[list[int]]) -> None:
    say(crowd, where | {"subscriptions": subscriptions})
    hear(crowd)


def _idle(
    server: Process, crowd: Process, where: dict[str, Any], subscriptions: list[list[int]]
) -> list[Figure]:
    time.sleep(SETTLE_S)
    before = ask(server, {"do": "begin"})["memory_bytes"]
    _begin(crowd, where, subscriptions)
    time.sleep(SETTLE_S)
    each = (ask(server, {"do": "begin"})["memory_bytes"] - before) / len(subscriptions)
    return [Figure(SUBJECT, "memory of an idle client", each / 1000, "kB", 1, at_most=100)]


def _in_groups(
    server: Process,
    crowd: Process,
    where: dict[str, Any],
    seconds: float,
    clients: int,
    report: Report,
) -> list[Figure]:
    """Return the figures without and with a process that takes nothing any more."""
    ask(crowd, {"do": "subscribe"})
    alone = _watch(server, crowd, seconds)
    report("sockets beside one that is dead")
    with process(CROWD) as dead:
        access = where["access"][-1:] * DEAD
        say(dead, where | {"access": access, "subscriptions": [where["universe"]] * DEAD})
        hear(dead)
        ask(dead, {"do": "subscribe"})
        os.kill(dead.pid, signal.SIGSTOP)
        beside = _watch(server, crowd, seconds)
    words = f"{clients} in {GROUPS} groups"
    return [
        *_figures(words, alone),
        Figure(SUBJECT, f"{words}, beside {DEAD} dead: 99 of 100", beside["p99_ms"], "ms", 0),
        Figure(
            SUBJECT,
            "... as many times as without them",
            beside["p99_ms"] / alone["p99_ms"],
            "x",
            2,
        ),
        Figure(SUBJECT, "... rows lost", beside["lost"] + beside["wrong"], "", 0, at_most=0),
    ]


def _watch(server: Process, crowd: Process, seconds: float) -> dict[str, Any]:
    """Return what the clients had of that many seconds, all of it taken by then."""
    time.sleep(SETTLE_S)
    ask(server, {"do": "begin"})
    ask(crowd, {"do": "forget"})
    time.sleep(seconds)
    taken = ask(server, {"do": "take"})
    board = ask(server, {"do": "pause"})["board"]
    time.sleep(SETTLE_S)
    published = ask(server, {"do": "take"})["published"]
    seen = ask(crowd, {"do": "judge", "published": published, "board": board})
    ask(server, {"do": "play"})
    rows = sum(len(each[2]) for each in taken["published"])
    return seen | {
        "server_percent": taken["cpu_percent"],
        "snapshots_a_second": len(taken["published"]) / taken["seconds"],
        "rows_a_second": rows / taken["seconds"],
        "frames_a_second": seen["frames"] / taken["seconds"],
    }


def _figures(words: str, seen: dict[str, Any]) -> list[Figure]:
    def told(what: str, value: float, unit: str = "", digits: int = 0, **target: float) -> Figure:
        return Figure(SUBJECT, f"{words}: {what}", value, unit, digits, **target)

    return [
        told("hub to client, half", seen["p50_ms"], "ms"),
        told("hub to client, 99 of 100", seen["p99_ms"], "ms", at_most=LIMIT_MS),
        told("hub to client, the last", seen["most_ms"], "ms"),
        told("changed rows lost", seen["lost"], at_most=0),
        told("last states that differ", seen["wrong"], at_most=0),
        told("snapshots with ticks", seen["snapshots_a_second"], "/s", 1),
        told("changed rows", seen["rows_a_second"], "/s"),
        told("frames taken", seen["frames_a_second"], "/s"),
        told("processor of the server, of one core", seen["server_percent"], "%"),
        told("processor of the clients, of one core", seen["cpu_percent"], "%"),
    ]
