"""Many clients of one served API: ``python -m dashboard.bench.api_clients``.

They note each frame as it comes; what they should have had is worked out when all is over.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import connect

from dashboard.api.stream.limits import CLIENTS_EACH
from dashboard.bench.figure import percentile
from dashboard.bench.talk import tell
from dashboard.core.clock import SystemClock

AT_ONCE = 20  # sockets that are opened together
CACHED = 64  # frames: those that many clients get are read once
Published = tuple[int, float, list[int]]


@dataclass
class Listener:
    """One client: its subscription as bits, and the frames it had."""

    tokens: list[int]
    wanted: int
    frames: list[tuple[int, float, int]] = field(default_factory=list)  # seq, when, rows as bits
    board: dict[int, tuple[float | None, float | None]] = field(default_factory=dict)


class Crowd:
    """All clients of the process."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self._bit = {token: 1 << row for row, token in enumerate(asked["universe"])}
        self._clock = SystemClock()
        self._read: dict[str, tuple[int, int, dict[int, Any]]] = {}
        self._limit = asyncio.Semaphore(AT_ONCE)
        self.listeners = [
            Listener(tokens, sum(self._bit[token] for token in tokens))
            for tokens in asked["subscriptions"]
        ]
        self.connected = 0
        self.subscribe = asyncio.Event()
        self.bytes = 0

    async def run(self, number: int) -> None:
        """Be one client for as long as the process lives."""
        listener = self.listeners[number]
        access = self._asked["access"][number // CLIENTS_EACH]
        headers = {"Authorization": f"Bearer {access}"}
        url = f"ws://127.0.0.1:{self._asked['port']}/ws/ticks"
        async with self._limit:
            opening = connect(
                url, additional_headers=headers, compression=None, ping_interval=None, proxy=None
            )
            socket = await opening.__aenter__()
            await socket.recv()
        self.connected += 1
        await self.subscribe.wait()
        await socket.send(orjson.dumps({"action": "subscribe", "tokens": listener.tokens}).decode())
        while True:
            heard = await socket.recv()
            assert isinstance(heard, str)
            self._note(listener, heard, self._clock.monotonic())

    def _note(self, listener: Listener, heard: str, now_s: float) -> None:
        self.bytes += len(heard)
        found = self._read.get(heard)
        if found is None:
            found = self._parse(heard)
            if len(self._read) >= CACHED:
                self._read.clear()
            self._read[heard] = found
        seq, bits, board = found
        if seq:
            listener.frames.append((seq, now_s, bits))
            listener.board.update(board)

    def _parse(self, heard: str) -> tuple[int, int, dict[int, Any]]:
        frame = orjson.loads(heard)
        if frame["type"] != "tick":
            return 0, 0, {}
        ticks, bits = frame["ticks"], 0
        for tick in ticks:
            bits |= self._bit[tick["token"]]
        return frame["seq"], bits, {t["token"]: (t["ltp"], t["volume"]) for t in ticks}

    def judge(self, published: list[Published], board: dict[str, Any]) -> dict[str, Any]:
        """Return how late everything came, and what did not come."""
        changes = [(seq, at_s, _bits(rows)) for seq, at_s, rows in published]
        delays, lost, extra, frames = [], 0, 0, 0
        for listener in self.listeners:
            late, gone, more = _judge_one(listener, changes)
            delays += late
            lost, extra, frames = lost + gone, extra + more, frames + len(listener.frames)
        wrong = sum(
            1
            for listener in self.listeners
            for token in listener.tokens
            if list(listener.board.get(token, (None, None))) != board[str(token)]
        )
        delays = delays or [float("nan")]
        return {
            "p50_ms": percentile(delays, 0.5),
            "p99_ms": percentile(delays, 0.99),
            "most_ms": max(delays),
            "frames": frames,
            "bytes": self.bytes,
            "lost": lost,
            "extra": extra,
            "wrong": wrong,
        }

    def forget(self) -> None:
        """Measure anew: only the last frame of each counts as seen."""
        for listener in self.listeners:
            del listener.frames[:-1]


def _bits(rows: list[int]) -> int:
    bits = 0
    for row in rows:
        bits |= 1 << row
    return bits


def _judge_one(
    listener: Listener, changes: list[tuple[int, float, int]]
) -> tuple[list[float], int, int]:
    """Return the delays [ms] of what was published after the first frame, and rows amiss."""
    delays, lost, extra = [], 0, 0
    if not listener.frames:
        return [], listener.wanted.bit_count(), 0
    begun = listener.frames[0][0]
    coming = [each for each in changes if each[0] > begun and each[2] & listener.wanted]
    at = 0
    for seq, now_s, bits in listener.frames[1:]:
        due = 0
        while at < len(coming) and coming[at][0] <= seq:
            due |= coming[at][2] & listener.wanted
            delays.append(1000 * (now_s - coming[at][1]))
            at += 1
        lost += (due & ~bits).bit_count()
        extra += (bits & ~due).bit_count()
    lost += sum((bits & listener.wanted).bit_count() for _, _, bits in coming[at:])
    return delays, lost, extra


async def _main() -> None:
    loop = asyncio.get_running_loop()
    asked = orjson.loads(await loop.run_in_executor(None, sys.stdin.readline))
    crowd = Crowd(asked)
    tasks = [asyncio.create_task(crowd.run(n)) for n in range(len(crowd.listeners))]
    while crowd.connected < len(tasks):
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    tell({"connected": crowd.connected})
    cpu_s, since_s = time.process_time(), SystemClock().monotonic()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        question = orjson.loads(line)
        if question["do"] == "subscribe":
            crowd.subscribe.set()
            while not all(listener.frames for listener in crowd.listeners):
                await asyncio.sleep(0.05)
            tell({})
        elif question["do"] == "forget":
            crowd.forget()
            cpu_s, since_s = time.process_time(), SystemClock().monotonic()
            tell({})
        else:
            used = 100 * (time.process_time() - cpu_s) / (SystemClock().monotonic() - since_s)
            tell(crowd.judge(question["published"], question["board"]) | {"cpu_percent": used})


if __name__ == "__main__":
    asyncio.run(_main())
