"""A server that sends given bytes to whoever asks, as slowly as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {"head": OK + b"X: " + b"x" * 1000, "body": OK + b"\r\n" + b" " * 1000}
"""Answers that take minutes where each byte takes 0.1 s."""


@dataclass
class RawServer:
    """The server's URL, and the requests that it got."""

    url: str
    asked: list[bytes] = field(default_factory=list)


@contextmanager
def answering(content: bytes, byte_s: float = 0.0) -> Iterator[RawServer]:
    """Have a server that answers every request with `content`, each byte after `byte_s` seconds."""
    over = threading.Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            served.asked.append(self.request.recv(10_000))
            with suppress(OSError):  # the client hangs up
                for part in map(bytes, zip(content)) if byte_s else (content,):
                    self.request.sendall(part)
                    if over.wait(byte_s):
                        break

    class Server(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 50

    with Server(("127.0.0.1", 0), Handler) as server:
        served = RawServer(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield served
        finally:
            over.set()
            server.shutdown()
            thread.join(10)
