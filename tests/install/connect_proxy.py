"""An HTTP proxy on loopback that tunnels (CONNECT) to named hosts only, and keeps a log.

What it refuses gets the 403 of a company's proxy. Plain HTTP is refused, too: nothing that
an installation needs is asked for without TLS.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Collection
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ORDINARY = frozenset({"pypi.org", "files.pythonhosted.org"})
"""The ordinary index, as pip and uv know it without any configuration."""

DIAL_S = 30
BLOCK_BYTES = 2**18


class ConnectProxy:
    """A proxy as a context: lets `allowed` hosts through while it is entered."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self.allowed = frozenset(allowed)
        self.hosts: list[str] = []
        """Every host that was asked for, allowed or not, in order."""
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ConnectProxy:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def environment(self) -> dict[str, str]:
        """What points every client here, but for loopback itself."""
        named = {"HTTP_PROXY": self.url, "HTTPS_PROXY": self.url, "NO_PROXY": "127.0.0.1,localhost"}
        return {**named, **{name.lower(): value for name, value in named.items()}}


class _Server(ThreadingHTTPServer):
    # a client that keeps its tunnel open must not keep the tests from ending
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    proxy: ConnectProxy

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.proxy.hosts.append(host)
        if host not in self.proxy.allowed:
            self.send_error(403, "Forbidden by the proxy")
            return
        try:
            outside = socket.create_connection((host, int(port)), timeout=DIAL_S)
        except OSError as error:
            self.send_error(502, str(error))
            return
        with outside:
            self.send_response(200, "Connection established")
            self.end_headers()
            with suppress(OSError):
                relay(self.connection, outside)
        self.close_connection = True

    def do_GET(self) -> None:
        self.proxy.hosts.append(urlsplit(self.path).hostname or self.path)
        self.send_error(403, "Forbidden by the proxy")

    def log_message(self, *_: object) -> None:
        """Keep quiet: `hosts` is the log."""


def relay(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until either side has closed."""
    peers = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for side in peers:
            side.settimeout(None)
            selector.register(side, selectors.EVENT_READ, peers[side])
        while True:
            for key, _ in selector.select():
                block = key.fileobj.recv(BLOCK_BYTES)
                if not block:
                    return
                key.data.sendall(block)
