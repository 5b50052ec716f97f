"""A wire with faults: passes HTTP on to a server, and breaks what a test asks it to break."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Request:
    """One request on its way; a fault may change it."""

    method: str
    path: str
    body: bytes = b""

    @property
    def kind(self) -> str:
        """Which step of an upload it is, else its method."""
        if "partNumber=" in self.path:
            return "part"
        if self.method == "POST" and "uploadId=" in self.path:
            return "complete"
        if self.method == "GET" and "?uploads&" in self.path:
            return "list"
        return "begin" if "?uploads" in self.path and self.method == "POST" else self.method


class Wire:
    """Set `fault` to a function of a request that returns what shall happen to it.

    None: nothing. A number: the server is not asked, and that is the status. "cut": the
    connection breaks in the middle of the body. "corrupt": a byte flips. "lost": the answer is.
    A function: it is given the headers and the body of the answer and returns both.
    """

    def __init__(self, url):
        self._to = urlsplit(url).netloc
        self.fault = lambda request: None
        self.delay_s, self.stalled = 0.0, threading.Event()
        self.requests, self.part_bytes, self.parts_through = Counter(), 0, 0
        self.under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self):
        """Forget what was counted, and break nothing any more."""
        self.fault, self.delay_s = (lambda request: None), 0.0
        self.requests, self.part_bytes, self.parts_through = Counter(), 0, 0

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _counted(self):
                with wire._lock:
                    wire.under_way += 1
                try:
                    self._pass_on()
                finally:
                    with wire._lock:
                        wire.under_way -= 1

            def _pass_on(self):
                request = Request(self.command, self.path)
                with wire._lock:
                    wire.requests[request.kind] += 1
                    fault = wire.fault(request)
                length = int(self.headers.get("Content-Length") or 0)
                if fault == "cut":
                    self.rfile.read(length // 2)
                    return self._drop()
                if fault == "stall":
                    wire.stalled.set()
                    time.sleep(20)
                    return self._drop()
                request.body = self.rfile.read(length)
                if request.kind == "part":
                    with wire._lock:
                        wire.part_bytes += len(request.body)
                    time.sleep(wire.delay_s)
                if isinstance(fault, int):
                    return self._answer(fault, {}, b"")
                if fault == "corrupt":
                    request.body = request.body[:-1] + bytes([request.body[-1] ^ 1])
                status, headers, body = self._asked(request)
                if fault == "lost":
                    return self._drop()
                if callable(fault):
                    headers, body = fault(headers, body)
                self._answer(status, headers, body)
                if request.kind == "part" and status == 200:
                    with wire._lock:
                        wire.parts_through += 1

            def _asked(self, request):
                connection = http.client.HTTPConnection(wire._to, timeout=60)
                headers = {**self.headers, "Content-Length": str(len(request.body))}
                headers.pop("Transfer-Encoding", None)
                connection.request(request.method, request.path, request.body, headers)
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                return answer.status, dict(answer.headers), body

            def _answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _drop(self):
                self.close_connection = True
                self.connection.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _counted  # noqa: N815

        return Handler
