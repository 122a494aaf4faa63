"""Notices to people who are not looking at the page, by any service that apprise knows.

apprise takes about 0.6 s and 23 MB when it is first used, so it is imported only where an
address is set, and sends in a thread of its own. Its own log is shut: it may name addresses,
and these hold passwords.
"""

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import structlog

from dashboard.core.clock import Clock

if TYPE_CHECKING:
    from apprise import NotifyBase

log = structlog.get_logger(__name__)

AGAIN_S = 3600.0  # the same notice is not sent more often
RETRY_S = 60.0  # nor, if nobody received it, than this
MOST_WAITING = 100

Notice = tuple[str, str]  # title, text


class AppriseNotifier:
    """Implement `dashboard.operations.parts.Notifier`.

    Parameters
    ----------
    addresses : sequence of str
        apprise's URLs; with none, nothing is sent.
    clock : Clock
        Says how long ago a notice was sent.
    """

    def __init__(self, addresses: Sequence[str], clock: Clock) -> None:
        self._addresses = tuple(addresses)
        self._clock = clock
        self._lock = threading.Lock()
        self._not_before: dict[Notice, float] = {}  # on the monotonic clock
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def tell(self, title: str, text: str) -> None:
        """Send a notice, unless the same was sent within the hour; never waits, never raises."""
        notice = title, text
        if not self._addresses or not self._is_due(notice):
            return
        try:
            self._waiting.put_nowait(notice)
            self._ensure_thread()
        except (queue.Full, RuntimeError) as error:
            self._allow_again(notice)
            log.error("A notice was not sent", title=title, why=type(error).__name__)

    def close(self, patience_s: float) -> None:
        """Send what waits, for at most `patience_s` seconds, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._waiting.put(None, timeout=patience_s)
        except queue.Full:
            return  # the thread is a daemon: it ends with the process
        thread.join(patience_s)

    def _is_due(self, notice: Notice) -> bool:
        now = self._clock.monotonic()
        with self._lock:
            self._not_before = {one: at for one, at in self._not_before.items() if at > now}
            if notice in self._not_before:
                return False
            self._not_before[notice] = now + AGAIN_S
            return True

    def _ensure_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="notices", daemon=True)
                self._thread.start()

    def _send_all(self) -> None:
        services = list(_services_of(self._addresses))
        while (notice := self._waiting.get()) is not None:
            received = [_send(service, notice) for service in services]
            if not any(received):
                self._allow_again(notice)

    def _allow_again(self, notice: Notice) -> None:
        with self._lock:
            self._not_before[notice] = self._clock.monotonic() + RETRY_S


def is_readable(address: str) -> bool:
    """Say whether apprise knows what to do with an address. Imports apprise."""
    return _service_of(address) is not None


def _services_of(addresses: Sequence[str]) -> Iterator["NotifyBase"]:
    for number, address in enumerate(addresses, 1):
        try:
            service, why = _service_of(address), "apprise does not know what it means"
        except Exception as error:  # an installation that lacks something: the page goes on
            service, why = None, type(error).__name__
        if service is None:
            log.error("An address of TEZI_NOTIFY_URLS cannot be used", number=number, why=why)
        else:
            yield service


def _service_of(address: str) -> "NotifyBase | None":
    logging.getLogger("apprise").disabled = True
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(app_id="Tezi", storage_mode=PersistentStoreMode.MEMORY)
    return Apprise.instantiate(address, asset=asset)


def _send(service: "NotifyBase", notice: Notice) -> bool:
    title, text = notice
    try:
        received = bool(service.notify(title=title, body=text))
        why = "it was refused or could not be reached"
    except Exception as error:  # of a plugin or of what it uses; its text may hold the address
        received, why = False, type(error).__name__
    if not received:
        log.error("A notice was not delivered", title=title, service=service.schema, why=why)
    return received
