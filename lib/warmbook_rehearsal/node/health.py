"""What the probes of a started container come to: ready, not ready, to be killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol

from .probes import EVERY_S, STEADY_S, Probe, Run

PROBES = {"startupProbe": "Startup", "readinessProbe": "Readiness", "livenessProbe": "Liveness"}


class Reports(Protocol):
    """Who is told what the probes say."""

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell an event about the Pod."""

    def healthy(self, *, ready: bool) -> None:
        """Take note that the container has started, and whether it is ready."""


class Health:
    """The probes of one instance of a container, from its start on."""

    def __init__(self, container: dict[str, Any], address: str, run: Run, to: Reports) -> None:
        self._name, self._to = container["name"], to
        self._probes = {
            field: Probe(kind, container[field], container, address, run)
            for field, kind in PROBES.items()
            if container.get(field)
        }

    async def failed(self) -> None:
        """Follow the probes; return when the container must be killed."""
        if startup := self._probes.get("startupProbe"):
            async for passes in self._verdicts(startup):
                if not passes:
                    return self._kill("startup")
                break
        readiness = self._probes.get("readinessProbe")
        self._to.healthy(ready=readiness is None)
        follow = asyncio.create_task(self._follow_readiness(readiness))
        try:
            await self._lives(self._probes.get("livenessProbe"))
        finally:
            follow.cancel()
        self._kill("liveness")

    async def _follow_readiness(self, probe: Probe | None) -> None:
        if probe is None:
            return
        async for passes in self._verdicts(probe):
            self._to.healthy(ready=passes)

    async def _lives(self, probe: Probe | None) -> None:
        """Return when the container has been dead for as long as is tolerated."""
        if probe is None:
            await asyncio.Event().wait()
            return
        async for passes in self._verdicts(probe):
            if not passes:
                return

    def _kill(self, which: str) -> None:
        self._to.event("Killing", f"Container {self._name} failed {which} probe, will be restarted")

    async def _verdicts(self, probe: Probe) -> AsyncIterator[bool]:
        """Yield True after each success, False when failures last longer than tolerated.

        Failures are told as often as the manifest probes, and not before it would begin.
        """
        period_s = float(probe.spec.get("periodSeconds", 10))
        failing_since = time.monotonic() + probe.delay_s
        told = failing_since - period_s
        while True:
            why, now = await probe.failure(), time.monotonic()
            if not why:
                failing_since = now
                yield True
            else:
                if now - told >= period_s:
                    told = now
                    self._to.event("Unhealthy", f"{probe.kind} probe failed: {why}", warning=True)
                if now - failing_since >= probe.tolerates_s:
                    yield False
            await asyncio.sleep(EVERY_S if why else STEADY_S)


def told_about(container: dict[str, Any]) -> str:
    """Return what is different about the probes here, empty if the container has none."""
    fields = [field for field in PROBES if container.get(field)]
    if not fields:
        return ""
    told = f"probes are made every {EVERY_S:g} to {STEADY_S:g} s, from the start on"
    if startup := container.get("startupProbe"):
        deadline_s = startup.get("initialDelaySeconds", 0) + startup.get(
            "periodSeconds", 10
        ) * startup.get("failureThreshold", 3)
        told += f"; the manifest's deadline for the start stays {deadline_s} s"
    return told
