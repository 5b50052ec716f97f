"""A kernel that carries out the guide and can be killed at any moment.

Run as a program it imports what a kernel imports, once; each run is a process forked from there,
so that a hundred kills take minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class Kernels:
    """Starts a kernel, one at a time, for a part of the guide."""

    def __init__(self, told: Path) -> None:
        self.told = told
        words = [sys.executable, __file__, str(told)]
        self._parent = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = 0

    def __enter__(self) -> Kernels:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate(timeout=30)

    def start(self, environ: Mapping[str, str], parts: Sequence[str]) -> None:
        """Begin to carry out `parts` ("build", "cleanup") where `environ` points at."""
        self.pid = 0
        self._say({"environ": dict(environ), "parts": list(parts)})
        self.pid = int(self._hear())

    def kill(self) -> None:
        """Kill the kernel as it stands."""
        if self.pid:
            with suppress(ProcessLookupError):  # it has just come to its end
                os.kill(self.pid, 9)

    def wait(self, limit_s: float = 120) -> int:
        """Return how the kernel ended: 0, its exit status, or minus the signal that killed it."""
        slow = threading.Timer(limit_s, self.kill)
        slow.start()
        try:
            return int(self._hear())
        finally:
            slow.cancel()
            self.pid = 0

    def run(self, environ: Mapping[str, str], *parts: str) -> None:
        """Carry out `parts` to their end."""
        self.start(environ, parts)
        status = self.wait()
        assert status == 0, f"{parts} ended with {status}:\n{self.told.read_text()[-3000:]}"

    def _say(self, order: object) -> None:
        print(json.dumps(order), file=self._parent.stdin, flush=True)

    def _hear(self) -> str:
        line = self._parent.stdout.readline()
        assert line, self.told.read_text()[-3000:]
        return line


def carry_out(parts: Sequence[str]) -> None:
    """Do what the notebooks of these parts do, with what is in the environment."""
    from warmbook.book.walkthrough import walk
    from warmbook.display.banner import connect
    from warmbook.settings import Settings, merge
    from warmbook.steps import cache, cleanup

    def quiet(progress: object) -> None:
        pass

    settings = Settings.parse(merge())
    clients = connect(settings)
    if "build" in parts:
        walked = walk(settings, clients, quiet, doctor=False)
        if walked.error:
            raise walked.error
        cache.create(settings, clients, report=quiet)
        Path(os.environ["BUILT"]).touch()
    if "cleanup" in parts:
        deleted = cleanup.delete(settings, clients, report=quiet)
        assert not deleted.left, deleted.left


def _be_a_kernel(order: Mapping[str, object]) -> None:
    os.environ.update(order["environ"])
    status = 1
    try:
        carry_out(order["parts"])
        status = 0
    except Exception:
        traceback.print_exc()
    sys.exit(status)


def main(told: str) -> None:
    # the libraries first: a fork of a process with channels or threads would not work
    from google.cloud import (  # noqa: F401
        billing_v1,
        container_v1,
        resourcemanager_v3,
        service_usage_v1,
        storage,
        storage_control_v2,
    )
    from kubernetes import client, dynamic  # noqa: F401

    import warmbook.book.walkthrough
    import warmbook.steps.cache
    import warmbook.steps.cleanup  # noqa: F401

    for line in sys.stdin:
        with open(told, "w") as log:  # noqa: PTH123
            os.dup2(log.fileno(), 2)
        pid = os.fork()
        if pid == 0:
            _be_a_kernel(json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
