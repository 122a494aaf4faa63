"""Kite's own WebSocket client, cured of what was measured to go wrong with it.

A `Ticker` is one attempt at one connection: it opens, is heard, and is lost once. Against
kiteconnect 5.2.2 as it comes:

- TLS is verified and names the host (SNI); as it comes, nothing is, and the token is in the URL;
- pings are sent, so that a half-open connection is noticed; its own loop sends none;
- it never connects again by itself: with a dead token it would for 45 minutes;
- it logs nothing: what it logs comes from the other side;
- messages are handed on as they came: its parser drops the socket at JSON it does not expect;
- the reactor runs in one thread of the process from the first start to the end: Twisted's
  cannot be started twice.
"""

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
import txaio
from autobahn.twisted.websocket import connectWS
from kiteconnect.ticker import KiteTicker, KiteTickerClientFactory, KiteTickerClientProtocol
from OpenSSL import SSL
from requests.certs import where
from service_identity import CertificateError, VerificationError
from twisted.internet import reactor, ssl

from dashboard.core.kite import Grant

log = structlog.get_logger(__name__)

CONNECT_S = 4  # TCP; with the handshake a failing attempt is over within 10 s
HANDSHAKE_S = 5  # TLS and WebSocket
PING_EVERY_S = 3  # below 5
PONG_WITHIN_S = 3
MOST_BYTES = 8 << 20  # of a message: 3,000 full packets have half a megabyte

UNCLEAN = re.compile(r"^connection was closed uncleanly \((.*)\)$", re.DOTALL)  # autobahn's words

_starting = threading.Lock()
_threads: list[threading.Thread] = []


class Hears(Protocol):
    """Who a ticker talks to, in the reactor's thread."""

    def opened(self) -> None:
        """Hear that messages may be sent."""
        ...

    def heard(self, payload: bytes, is_binary: bool) -> None:
        """Take a message."""
        ...

    def lost(self, reason: str) -> None:
        """Hear, once, that the connection is over or never came to be."""
        ...


def start_reactor() -> None:
    """Start the thread that all connections of the process share, unless it runs already."""
    with _starting:
        if _threads or reactor.running:
            return
        arguments = {"installSignalHandlers": False}  # signals belong to the main thread
        thread = threading.Thread(
            target=reactor.run, kwargs=arguments, name="kite-reactor", daemon=True
        )
        _threads.append(thread)
        thread.start()


def in_reactor(call: Callable[[], None]) -> None:
    """Have `call` run in the reactor's thread, after all that was asked for before it."""
    reactor.callFromThread(call)


def dial(grant: Grant, root: str, hears: Hears, trust_root: Any = None) -> "Ticker":
    """Begin to connect with a grant's token; call it in the reactor's thread.

    `trust_root` says which authorities may vouch for the host, as Twisted takes it; None
    stands for those that `requests` brings along, as for the REST calls.
    """
    ticker = Ticker(grant, root, hears)
    ticker.connect(trust_root)
    return ticker


class _Protocol(KiteTickerClientProtocol):  # type: ignore[misc]
    """The protocol without its own loops, which autobahn's pings replace, and without its logs."""

    log = txaio.make_logger(level="none")  # it repeats what a server says

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        told = _mistrust(reason)
        if told and self.factory.on_over:
            self.factory.on_over(told)  # before autobahn, which takes it for a dropped connection
        super().connectionLost(reason)

    def _loop_ping(self) -> None:
        pass

    def _loop_pong_check(self) -> None:
        pass


class _Factory(KiteTickerClientFactory):  # type: ignore[misc]
    """A factory that tells of a loss in the place of retrying."""

    protocol = _Protocol
    noisy = False
    on_over: Callable[[str], None] | None = None

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:  # noqa: N802
        if self.on_over:
            self.on_over(f"Kite could not be reached: {reason.getErrorMessage()}")

    def clientConnectionLost(self, connector: Any, reason: Any) -> None:  # noqa: N802
        if self.on_over:  # mostly told already, by the WebSocket, with a better reason
            self.on_over(f"The connection was lost: {reason.getErrorMessage()}")


class Ticker(KiteTicker):  # type: ignore[misc]
    """One connection to Kite. Everything but making one belongs to the reactor's thread."""

    def __init__(self, grant: Grant, root: str, hears: Hears) -> None:
        super().__init__(grant.api_key, grant.access_token, root=root)
        self.factory: _Factory | None = None
        self._hears: Hears | None = hears
        self._connector: Any = None
        self._secret = grant.access_token
        self._has_complained = False

    def connect(self, trust_root: Any = None) -> None:
        """Begin to connect."""
        version = {"X-Kite-Version": "3"}
        self._create_connection(self.socket_url, useragent=self._user_agent(), headers=version)
        context = None
        if self.factory is not None and self.factory.isSecure:
            host = urlsplit(self.socket_url).hostname or ""
            context = ssl.optionsForClientTLS(host, trustRoot=trust_root or _usual_roots())
        self._connector = connectWS(self.factory, contextFactory=context, timeout=CONNECT_S)

    def hang_up(self) -> None:
        """Close the connection, or give up connecting; the listener hears no more of it."""
        over, self._hears = self._hears is None, None
        if over:
            return
        if self.ws is not None and self.ws.state == self.ws.STATE_OPEN:
            self.ws.sendClose(1000)  # without an answer within a second the socket is dropped
        elif self._connector is not None:
            self._connector.disconnect()

    # -- what the library calls ------------------------------------------------------------

    def _create_connection(self, url: str, **arguments: Any) -> None:
        factory = _Factory(url, **arguments)
        factory.setProtocolOptions(
            openHandshakeTimeout=HANDSHAKE_S,
            autoPingInterval=PING_EVERY_S,
            autoPingTimeout=PONG_WITHIN_S,
            maxMessagePayloadSize=MOST_BYTES,
        )
        factory.on_connect = self._on_connect
        factory.on_open = self._on_open
        factory.on_message = self._on_message
        factory.on_close = self._on_close
        factory.on_over = self._over
        self.factory = factory

    def _on_open(self, ws: Any) -> None:
        if self._hears is not None:
            self._tell(self._hears.opened)

    def _on_message(self, ws: Any, payload: bytes, is_binary: bool) -> None:
        if self._hears is not None:
            self._tell(self._hears.heard, payload, is_binary)

    def _on_close(self, ws: Any, code: int, reason: str | None) -> None:
        told = UNCLEAN.sub(r"\1", reason or "no reason was given")
        self._over(f"The connection was closed ({code}): {told}")

    def _over(self, reason: str) -> None:
        hears, self._hears = self._hears, None
        if hears is not None:
            self._tell(hears.lost, reason.replace(self._secret, "…") if self._secret else reason)

    def _tell(self, tell: Callable[..., None], *what: Any) -> None:
        """Tell the listener; a mistake of its must not drop the socket."""
        try:
            tell(*what)
        except Exception:
            if not self._has_complained:  # one a message would fill the disk
                log.exception("What Kite sent could not be taken in")
            self._has_complained = True


def _mistrust(reason: Any) -> str:
    """Return what is wrong with the host's certificate or its TLS; "" if neither is."""
    if reason.check(CertificateError, VerificationError):
        return "Kite's certificate was refused: it is for another host"
    if reason.check(SSL.Error):
        details = reason.value.args[0] if reason.value.args else []
        words = ", ".join(str(detail[-1]) for detail in details) or "TLS broke off"
        return f"Kite's certificate was refused, or its TLS: {words}"
    return ""


@lru_cache(maxsize=1)
def _usual_roots() -> Any:
    """Return the authorities of `requests`: not every system keeps some where OpenSSL looks."""
    with open(where(), encoding="ascii", errors="ignore") as bundle:
        parts = bundle.read().split("-----BEGIN CERTIFICATE-----")[1:]
    end = "-----END CERTIFICATE-----"
    certificates = [
        ssl.Certificate.loadPEM(f"-----BEGIN CERTIFICATE-----{part.split(end)[0]}{end}\n")
        for part in parts
    ]
    return ssl.trustRootFromCertificates(certificates)
