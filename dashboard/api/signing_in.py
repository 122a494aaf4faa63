"""Few sign-ins at once: each is a slow hash, and the rest of the API goes on beside them."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from dashboard.api.problems import Problem

AT_ONCE = 2
WAITING = 32

Found = TypeVar("Found")


class SlowDoor:
    """Let `AT_ONCE` pass, `WAITING` wait, and send the others away for a moment."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._passing = asyncio.Semaphore(at_once)
        self._waiting, self._most = 0, waiting

    async def run(self, work: Callable[[], Found]) -> Found:
        """Return what `work` returns, run beside the loop.

        Raises
        ------
        Problem
            503 where too many wait already.
        """
        if self._waiting >= self._most:
            raise Problem(503, "Many are signing in: try again", headers={"Retry-After": "2"})
        self._waiting += 1
        try:
            async with self._passing:
                return await run_in_threadpool(work)
        finally:
            self._waiting -= 1
