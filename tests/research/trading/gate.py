"""A gate before a server: connections through it can be cut, and it can be shut for a while."""

import contextlib
import socket
import threading
from typing import Self

LOCAL = "127.0.0.1"


class Gate:
    """Hand bytes on between clients and a port."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.passed = 0
        self.shut = False

    def __enter__(self) -> Self:
        self._listener = socket.create_server((LOCAL, 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        return f"http://{LOCAL}:{self.port}"

    def cut(self) -> None:
        """Break every connection off."""
        while self._open:
            one = self._open.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _start(self, work: object, *words: object) -> None:
        thread = threading.Thread(target=work, args=words)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.passed += 1
            if self.shut:
                near.close()
                continue
            try:
                far = socket.create_connection((LOCAL, self._target))
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            self._start(_hand_on, near, far)
            self._start(_hand_on, far, near)


def _hand_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
