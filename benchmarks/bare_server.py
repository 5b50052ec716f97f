"""The least there can be between a file and its reader: ranges by sendfile, a thread each.

What a client reaches against it is the most that it can reach against any server here.
Arguments: a folder, whose files are sent by their names, and the URL of the storage that
answers all else. Prints its own URL; runs until it is killed.
"""

from __future__ import annotations

import os
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Server(ThreadingTCPServer):
    """Answers on loopback, for one folder and the storage behind it."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder: Path, storage_url: str) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.folder, self.storage_url = folder, storage_url

    @property
    def url(self) -> str:
        """Address for clients on this machine."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Connection(StreamRequestHandler):
    """Answers one request after the other, until the client hangs up."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """Send bytes where they are asked for, and what the storage says to all else."""
        while request := self.rfile.readline():
            target = request.split()[1].decode()
            asked = None
            while (header := self.rfile.readline()) != b"\r\n":
                asked = re.match(rb"(?i)range: bytes=(\d+)-(\d+)", header) or asked
            if asked and "alt=media" in target:
                self._send(target, int(asked[1]), int(asked[2]) + 1)
            else:
                with urllib.request.urlopen(self.server.storage_url + target) as answer:
                    body = answer.read()
                self._head("200 OK", len(body))
                self.wfile.write(body)

    def _send(self, target: str, start: int, stop: int) -> None:
        name = urllib.parse.unquote(target.partition("?")[0]).rpartition("/")[2]
        with (self.server.folder / name).open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            stop = min(stop, whole)
            span = f"Content-Range: bytes {start}-{stop - 1}/{whole}\r\n"
            self._head("206 Partial Content", stop - start, span)
            while start < stop:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, stop - start)

    def _head(self, status: str, size_bytes: int, more: str = "") -> None:
        told = f"HTTP/1.1 {status}\r\nContent-Length: {size_bytes}\r\n{more}\r\n"
        self.wfile.write(told.encode())


if __name__ == "__main__":
    with Server(Path(sys.argv[1]), sys.argv[2]) as server:
        print(server.url, flush=True)
        server.serve_forever()
