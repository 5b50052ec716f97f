"""Probes as the kubelet makes them: HTTP, TCP or a command, against the Pod's own address.

They are made more often than the manifest asks, so that a rehearsal does not wait for the
next turn; the manifest's deadline, its seconds times its threshold, stays what it is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from ..deadline import within

EVERY_S = 0.3
"""Seconds between two probes of a container that is starting."""

STEADY_S = 1.0
"""Seconds between two probes of a container that is ready."""

Run = Callable[[list[str]], Awaitable["tuple[int, str]"]]
"""Runs a command in the container; returns its exit code and what it wrote."""


@dataclass(frozen=True)
class Probe:
    """One probe of a container; `kind` is Startup, Readiness or Liveness."""

    kind: str
    spec: dict[str, Any]
    container: dict[str, Any]
    address: str
    run: Run

    @property
    def tolerates_s(self) -> float:
        """Seconds of failures in a row after which the manifest gives up."""
        return float(self.spec.get("periodSeconds", 10) * self.spec.get("failureThreshold", 3))

    @property
    def delay_s(self) -> float:
        """Seconds after the start in which the manifest asks for no probe."""
        return float(self.spec.get("initialDelaySeconds", 0))

    async def failure(self) -> str:
        """Make the probe; return why it failed, or nothing if it did not."""
        try:
            return await within(max(1, self.spec.get("timeoutSeconds", 1)), self._make())
        except asyncio.TimeoutError:
            return self._timed_out()
        except aiohttp.ClientConnectorError as error:
            return f"{self._request_line()}: dial tcp {self._target()}: connect: {_reason(error)}"
        except OSError as error:
            return f"dial tcp {self._target()}: connect: {_reason(error)}"
        except aiohttp.ClientError as error:
            return f"{self._request_line()}: {error or type(error).__name__}"

    async def _make(self) -> str:
        if "httpGet" in self.spec:
            return await self._http()
        if "tcpSocket" in self.spec:
            _, writer = await asyncio.open_connection(self.address, self._port())
            writer.close()
            return ""
        if "exec" in self.spec:
            code, said = await self.run(list(self.spec["exec"]["command"]))
            return "" if code == 0 else said.strip() or f"command failed with exit code {code}"
        return ""

    async def _http(self) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self._url(), allow_redirects=False) as answer,
        ):
            if 200 <= answer.status < 400:
                return ""
            return f"HTTP probe failed with statuscode: {answer.status}"

    def _port(self) -> int:
        """Return the port's number; a manifest may give its name."""
        port = (self.spec.get("httpGet") or self.spec.get("tcpSocket") or {}).get("port", 0)
        for declared in self.container.get("ports") or ():
            if declared.get("name") == port:
                return int(declared["containerPort"])
        return int(port)

    def _target(self) -> str:
        return f"{self.address}:{self._port()}"

    def _url(self) -> str:
        return f"http://{self._target()}{self.spec['httpGet'].get('path', '/')}"

    def _request_line(self) -> str:
        return f'Get "{self._url()}"'

    def _timed_out(self) -> str:
        if "httpGet" in self.spec:
            waited = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            return f"{self._request_line()}: {waited}"
        return "command timed out" if "exec" in self.spec else f"dial tcp {self._target()}: timeout"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
