"""Kernels for a run of notebooks: the next one starts while a notebook still runs."""

from __future__ import annotations

from pathlib import Path

import zmq
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from . import connection_files

OPTIONS = [
    # a kernel's own log is no part of the book: ipykernel 7.4 warns at every start
    "--IPKernelApp.log_level=CRITICAL",
    "--HistoryManager.hist_file=:memory:",
]


def encrypted() -> dict[str, str]:
    """Return the option that keeps other users of the machine from reading what cells print.

    They may connect to a kernel's ports on loopback; with CurveZMQ they need a key from the
    connection file. Source: jupyter_client 8.10, `KernelManager.transport_encryption`; versions
    before it have no such option, and this one refuses it where ZeroMQ was built without.
    """
    name = "transport_encryption"
    can = AsyncKernelManager.class_traits().get(name) and zmq.has("curve")
    return {name: "auto"} if can else {}


class Kernels:
    """A context that gives `count` kernels, one after the other, and leaves none behind.

    They run in `folder`, by the interpreter that runs the book. Whoever takes one ends it.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._left, self._folder = count, folder
        self._spare: AsyncKernelManager | None = None
        self._files: list[Path] = []

    def __enter__(self) -> Kernels:
        connection_files.sweep()
        return self

    def __exit__(self, *_: object) -> None:
        if self._spare is not None:
            run_sync(self._spare.shutdown_kernel)(now=True)
        for file in self._files:  # of kernels that were killed
            file.unlink(missing_ok=True)

    def take(self) -> AsyncKernelManager:
        """Return a kernel that has been started; the one after it starts now, if there is one."""
        taken = self._living() or self._started()
        self._left -= 1
        self._spare = self._started() if self._left > 0 else None
        return taken

    def _living(self) -> AsyncKernelManager | None:
        """Return the kernel that has been started before, unless it has died since."""
        if self._spare is None or run_sync(self._spare.is_alive)():
            return self._spare
        return run_sync(self._spare.cleanup_resources)()

    def _started(self) -> AsyncKernelManager:
        self._files.append(file := connection_files.new())
        manager = AsyncKernelManager(
            kernel_name="python3", ip="127.0.0.1", connection_file=str(file), **encrypted()
        )
        run_sync(manager.start_kernel)(extra_arguments=OPTIONS, cwd=str(self._folder))
        return manager
