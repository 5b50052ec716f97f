"""Probes as the kubelet makes them: HTTP, TCP or a command, against the Pod's own address.

They are made more often than the manifest asks, so that a rehearsal does not wait for the
next turn; the manifest's deadline, its seconds times its threshold, stays what it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

EVERY_S = 0.3
"""Seconds between two probes here."""


@dataclass(frozen=True)
class Probe:
    """One probe of a container; `deadline_s` is how long failures are tolerated, in seconds."""

    spec: dict[str, Any]
    address: str

    @property
    def deadline_s(self) -> float:
        """Seconds after which the manifest gives up."""
        period, failures = self.spec.get("periodSeconds", 10), self.spec.get("failureThreshold", 3)
        return float(self.spec.get("initialDelaySeconds", 0) + period * failures)

    async def fails(self) -> str:
        """Make the probe; return why it failed, or nothing if it did not."""
        timeout_s = max(1.0, float(self.spec.get("timeoutSeconds", 1)))
        try:
            async with asyncio.timeout(timeout_s):
                if "httpGet" in self.spec:
                    return await self._http(self.spec["httpGet"])
                if "tcpSocket" in self.spec:
                    return await self._tcp(int(self.spec["tcpSocket"]["port"]))
                return ""
        except asyncio.TimeoutError:
            return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        except (OSError, aiohttp.ClientError) as error:
            return str(error) or type(error).__name__

    async def _http(self, get: dict[str, Any]) -> str:
        url = f"http://{self.address}:{get['port']}{get.get('path', '/')}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            if 200 <= answer.status < 400:
                return ""
            return f"HTTP probe failed with statuscode: {answer.status}"

    async def _tcp(self, port: int) -> str:
        _, writer = await asyncio.open_connection(self.address, port)
        writer.close()
        return ""
