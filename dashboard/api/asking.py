"""Ask a desk something in its own thread, between two of its steps."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dashboard.api.looking import WAIT_S
from dashboard.api.problems import Problem
from dashboard.pipeline.desk import Desk

SOON = {"Retry-After": "2"}

Found = TypeVar("Found")


async def ask(desk: Desk, read: Callable[[], Found]) -> Found:
    """Return what `read` returns once the desk has obeyed all that was asked of it before.

    What `read` raises is raised here, and does the desk no harm.

    Raises
    ------
    Problem
        503 where the desk is busy for long.
    """
    told: Future[Found] = Future()

    def answer() -> None:
        if not told.set_running_or_notify_cancel():
            return  # nobody waits any more
        try:
            told.set_result(read())
        except Exception as error:  # the desk would take it for its own failure
            told.set_exception(error)

    desk.call(answer)
    try:
        return await asyncio.wait_for(asyncio.wrap_future(told), WAIT_S)
    except TimeoutError:
        raise Problem(503, "The desk is busy: ask how it stands", headers=SOON) from None
