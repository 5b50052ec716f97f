"""What the API server asks of the node that runs the Pods; it knows no other thing of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol


class PodRuntime(Protocol):
    """The kubelet, as the API server's subresources see it."""

    def log_file(
        self, namespace: str, pod: str, container: str | None, *, previous: bool
    ) -> Path | None:
        """Return the log of a container (None: the first), None if it has not started.

        Each line is `RFC3339NANO stream F text`, as container runtimes write it.
        `previous` asks for the log of the instance before the last restart.
        """

    def address(self, namespace: str, pod: str) -> str | None:
        """Return the loopback address that the Pod's process listens on."""

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str | None,
        command: list[str],
        *,
        stdin: bool,
        tty: bool,
    ) -> asyncio.subprocess.Process:
        """Start a command beside a container's process, its three streams as pipes."""
