"""Both kinds of client as one: what is to be awaited is awaited on a loop of the tests."""

import asyncio
import inspect
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Self

from dashboard.research.trading.both import Async, Sync
from dashboard.research.trading.streams import AsyncStream, Stream


class Waiting:
    """A loop in a thread of its own."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


class Plain:
    """An object of the SDK whose coroutines are run."""

    def __init__(self, inner: Any, waiting: Waiting) -> None:
        self.inner, self._waiting = inner, waiting

    def __getattr__(self, name: str) -> Any:
        return self._plain(getattr(self.inner, name))

    def __getitem__(self, key: Any) -> Any:
        return self._plain(self.inner[key])

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.inner, Stream):
            yield from self.inner
            return
        while True:
            try:
                yield self._waiting.run(self.inner.__anext__())
            except StopAsyncIteration:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _plain(self, found: Any) -> Any:
        if inspect.iscoroutine(found):
            return self._plain(self._waiting.run(found))
        if isinstance(found, Sync | Async | Stream | AsyncStream):
            return Plain(found, self._waiting)
        if callable(found):
            return lambda *words, **named: self._plain(found(*words, **named))
        return found
