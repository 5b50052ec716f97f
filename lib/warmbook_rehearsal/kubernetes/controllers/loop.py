"""The loop that all controllers share: changes wake them, deadlines wake them, nothing polls."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from ...time_scale import TimeScale
from ..history import Change
from ..store import Key, Store
from .autoscaler import Autoscaler
from .claims import Claims
from .cron_jobs import CronJobs
from .deployments import Deployments
from .endpoints import EndpointsOfServices
from .garbage import GarbageCollector
from .jobs import Jobs
from .leases import Leases
from .lost_pods import LostPods
from .namespaces import Namespaces
from .nodes import add_default_node
from .replica_sets import ReplicaSets
from .scheduler import Scheduler

STARTED_WITH = (
    *("Namespace", "Node", "Deployment", "ReplicaSet", "Job", "CronJob"),
    *("Service", "Pod", "PersistentVolumeClaim"),
)
"""The kinds whose objects are looked at when the loop starts."""

LONGEST_TURN_S = 0.005
"""How long objects are looked at before requests are served in between."""


class Controller(Protocol):
    """Looks at one object at a time, by its key."""

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the keys to look at after a change."""

    def reconcile(self, key: Key) -> float | None:
        """Bring one object further; return in how many seconds to look again, if ever."""


async def run_controllers(
    store: Store,
    time_scale: TimeScale,
    *,
    mode: str = "autopilot",
    zones: Sequence[str] = ("us-central1-a",),
    most_gpus: int = 8,
) -> None:
    """Run a cluster's controllers and scheduler until cancelled.

    `mode` is autopilot or standard. Autopilot begins with a node for ordinary Pods and adds
    nodes with GPUs as Pods need them, up to `most_gpus` GPUs; a Standard cluster has the nodes
    of its pools (`add_node`).
    """
    controllers: list[Controller] = [
        Namespaces(store),
        GarbageCollector(store),
        ReplicaSets(store),  # before Deployments: Pods go before others are asked for
        Deployments(store),
        Jobs(store),
        CronJobs(store),
        EndpointsOfServices(store),
        LostPods(store),
        Leases(store),
        Claims(store),
        Scheduler(store),
    ]
    if mode == "autopilot":
        add_default_node(store, zones[0])
        controllers.append(Autoscaler(store, time_scale, zones=zones, most_gpus=most_gpus))
    await _Loop(store, controllers).run()


class _Loop:
    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store, self._controllers = store, controllers
        self._due: dict[tuple[int, Key], None] = {}  # in order, each once
        self._timers: dict[tuple[int, Key], asyncio.TimerHandle] = {}
        self._woken = asyncio.Event()

    async def run(self) -> None:
        changes = self._store.history.subscribe()
        for kind in STARTED_WITH:
            for obj in self._store.list(kind):
                self._note(Change("ADDED", kind, obj, None))
        reading = asyncio.create_task(self._read(changes))
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                await self._work()
        finally:
            reading.cancel()
            for timer in self._timers.values():
                timer.cancel()

    async def _read(self, changes: AsyncIterator[Change]) -> None:
        async for change in changes:
            self._note(change)

    def _note(self, change: Change) -> None:
        for index, controller in enumerate(self._controllers):
            for key in controller.concerned(change):
                self._wake(index, key)

    def _wake(self, index: int, key: Key) -> None:
        self._due[index, key] = None
        self._woken.set()

    async def _work(self) -> None:
        """Reconcile what is due; one controller's bug stops no other."""
        began = time.monotonic()
        for index, key in list(self._due):
            del self._due[index, key]
            try:
                again_s = self._controllers[index].reconcile(key)
            except Exception:
                traceback.print_exc(file=sys.stderr)
                again_s = None
            self._set_timer(index, key, again_s)
            if time.monotonic() - began > LONGEST_TURN_S:
                await asyncio.sleep(0)
                began = time.monotonic()

    def _set_timer(self, index: int, key: Key, again_s: float | None) -> None:
        if timer := self._timers.pop((index, key), None):
            timer.cancel()
        if again_s is not None:
            loop = asyncio.get_running_loop()
            self._timers[index, key] = loop.call_later(again_s, self._wake, index, key)
