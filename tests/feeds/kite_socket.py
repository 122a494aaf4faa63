"""A WebSocket server in bare bytes: it can be half-open, say nothing, or be someone else."""

import asyncio
import base64
import hashlib
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


@dataclass
class Visit:
    """One connection of a client."""

    target: str
    writer: asyncio.StreamWriter
    texts: list[bytes] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def say(self, payload: bytes, opcode: int = BINARY) -> None:
        """Send a message; in the server's thread."""
        self.writer.write(_frame(opcode, payload))


@dataclass
class Server:
    """What the server does, and who came."""

    port: int = 0
    status: str = "101 Switching Protocols"  # "" says nothing at all
    answers_pings: bool = True
    visits: list[Visit] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # asked for by SNI
    on_text: Callable[[Visit, bytes], None] = lambda visit, text: None  # in its own thread
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def send(self, payload: bytes, opcode: int = BINARY, visit: int = -1) -> None:
        """Send a message to the last visitor, or to another."""
        self._call(lambda: self.visits[visit].say(payload, opcode))

    def drop(self, visit: int = -1) -> None:
        """Drop the last visitor without a word, or another."""
        self._call(lambda: self.visits[visit].writer.transport.abort())

    def _call(self, call: Callable[[], object]) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(call)

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = None
        self.writers.append(writer)
        try:
            if self.tls is not None:
                await writer.start_tls(self.tls)
            head = await reader.readuntil(b"\r\n\r\n")
            visit = Visit(head.split(b" ")[1].decode(), writer)
            self.visits.append(visit)
            if self.status:
                writer.write(_handshake(head, self.status))
            while self.status.startswith("101"):
                await self._hear(reader, visit)
            if not self.status:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            await _close(writer)
            if visit is not None:
                visit.is_over.set()

    async def _hear(self, reader: asyncio.StreamReader, visit: Visit) -> None:
        first, size = await reader.readexactly(2)
        size &= 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(size)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
        opcode = first & 0x0F
        if opcode == TEXT:
            visit.texts.append(payload)
            self.on_text(visit, payload)
        if opcode == PING and self.answers_pings:
            visit.writer.write(_frame(PONG, payload))
        if opcode == CLOSE:
            visit.writer.write(_frame(CLOSE, payload))
            raise ConnectionError


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close it for good: a client that was refused may not say good-bye."""
    writer.close()
    with suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 1)
    writer.transport.abort()
    await asyncio.sleep(0)


def _handshake(head: bytes, status: str) -> bytes:
    key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if b"Sec-WebSocket-Key" in line)
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()  # noqa: S324
    return (
        f"HTTP/1.1 {status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


def _frame(opcode: int, payload: bytes) -> bytes:
    first, size = 0x80 | opcode, len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 1 << 16:
        return struct.pack(">BBH", first, 126, size) + payload
    return struct.pack(">BBQ", first, 127, size) + payload


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server for as long as a test lasts."""
    server = Server(tls=tls)
    ready = threading.Event()
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: server.names.append(name)

    async def run() -> None:
        server.loop = asyncio.get_running_loop()
        listening = await asyncio.start_server(server.visited, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        server.stop = asyncio.Event()  # type: ignore[attr-defined]
        ready.set()
        await server.stop.wait()  # type: ignore[attr-defined]
        listening.close()
        for quiet in range(3000):  # whoever was just let in is not seen at once
            await asyncio.sleep(0.01)
            for writer in server.writers:
                writer.transport.abort()
            if quiet > 2 and asyncio.all_tasks() == {asyncio.current_task()}:
                break

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield server
    finally:
        server._call(lambda: server.stop.set())  # type: ignore[attr-defined]
        thread.join()
