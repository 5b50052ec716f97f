"""A simple package index (PEP 503) on loopback that serves a folder of wheels and keeps a log.

It plays PyTorch's index: each link carries the SHA-256 of its file, nothing else is offered.
"""

from __future__ import annotations

import hashlib
import html
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = "/whl/cpu"
PAGE = "<!DOCTYPE html><html><body>{}</body></html>"
BLOCK_BYTES = 2**20


class SimpleIndex:
    """An index as a context: answers at `url` while it is entered; a missing folder is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[str] = []
        """Path of every request, in order."""
        self.before: Callable[[str], object] = lambda path: None
        """Called with the path before a request is answered: a test can let it wait."""
        handler = type("Handler", (_Handler,), {"index": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{ROOT}"

    def __enter__(self) -> SimpleIndex:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def wheels(self, project: str) -> list[Path]:
        """Return the files of a project, by its normalised name."""
        return [path for path in self.folder.glob("*.whl") if project_of(path.name) == project]

    @property
    def projects(self) -> set[str]:
        """Names of the projects that were asked for, be it their page or a file."""
        asked = (path.removeprefix(f"{ROOT}/").rstrip("/") for path in self.paths)
        return {project_of(unquote(path)) for path in asked}


def project_of(name: str) -> str:
    """Return the normalised project of a wheel's file name, or of a project's own name."""
    return re.sub(r"[-_.]+", "-", name.partition("-")[0] if name.endswith(".whl") else name).lower()


@lru_cache
def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def link(wheel: Path) -> str:
    """Return a page's link to a wheel, with its digest as the fragment."""
    address = f"{ROOT}/{quote(wheel.name)}#sha256={sha256(wheel)}"
    return f'<a href="{address}">{html.escape(wheel.name)}</a>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: SimpleIndex

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.index.paths.append(self.path)
        self.index.before(self.path)
        asked = unquote(self.path.removeprefix(f"{ROOT}/")).rstrip("/")
        file = self.index.folder / Path(asked).name
        if asked.endswith(".whl") and file.is_file():
            self.send_file(file)
        elif wheels := self.index.wheels(project_of(asked)):
            self.send_page(200, PAGE.format("<br>".join(map(link, wheels))))
        else:
            self.send_page(404, PAGE.format("no such project"))

    def send_page(self, status: int, page: str) -> None:
        data = page.encode()
        self.begin(status, "text/html; charset=utf-8", len(data))
        if self.command == "GET":
            self.wfile.write(data)

    def send_file(self, path: Path) -> None:
        self.begin(200, "application/octet-stream", path.stat().st_size)
        if self.command == "GET":
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    self.wfile.write(block)

    def begin(self, status: int, kind: str, length_bytes: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length_bytes))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet: `paths` is the log."""
