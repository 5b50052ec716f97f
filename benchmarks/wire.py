"""What the benchmarks of the servers share: a plain client, a host for a server, progress."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

TOKEN = "bench"


def tell(what: str) -> None:
    """Say on stderr what is being done; stdout is for the figures."""
    print(f"    … {what}", file=sys.stderr, flush=True)


@contextmanager
def hosted(serve: Callable[[Connection], None]) -> Iterator[int]:
    """Run a server in a process of its own until the block ends; yield its port."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield int(ours.recv())
    finally:
        process.terminate()
        process.join()


class Wire:
    """One kept connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._peer = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._peer.close()

    def open(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Send a request; return its answer, of which only the head was read."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._peer.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **sent})
        answer = self._peer.getresponse()
        assert answer.status < 300, (method, path, answer.status, answer.read()[:500])
        return answer

    def raw(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Send a request; return the answer's whole body."""
        return self.open(method, path, body, **headers).read()

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send and receive JSON."""
        data = None if body is None else json.dumps(body).encode()
        return json.loads(self.raw(method, path, data, **headers))

    def seconds(self, path: str, runs: int, **headers: str) -> list[float]:
        """Return the times of whole GETs, after one that warms up."""
        times = []
        for _ in range(runs + 1):
            start = time.perf_counter()
            self.raw("GET", path, **headers)
            times.append(time.perf_counter() - start)
        return times[1:]


def left_behind(folder: Path) -> list[str]:
    """Return what is left of a program that had `folder` as TMPDIR: its files and processes."""
    mark = f"={folder}".encode()
    return [*(file.name for file in folder.iterdir()), *(p.name for p in _marked(mark))]


def _marked(mark: bytes) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or is somebody else's
            if mark in (process / "environ").read_bytes():
                yield process
