"""One Pod: its volumes, its init containers one after the other, its containers, its end."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from .container import LOOK_S, Container
from .images import pause
from .sandbox import Node, Sandbox
from .status import PodStatus
from .view import can_mount
from .volumes import MountError

Obj = dict[str, Any]

OVERDUE = "DeadlineExceeded"
OVERDUE_SAID = "Pod was active on the node longer than the specified deadline"
"""Source: Kubernetes, pkg/kubelet/active_deadline.go."""


class Pod:
    """A Pod on this node, from its first event to its removal."""

    def __init__(self, node: Node, obj: Obj, address: str, folder: Path) -> None:
        self.obj, self.address, self.folder = obj, address, folder
        self._node = node
        self._sandbox = Sandbox(node, obj, address, folder)
        self._status = PodStatus(node.store, obj, address)
        self._inits = list(self._init_containers())
        self._containers = list(self._main_containers())
        self._beside: list[asyncio.Task[int | None]] = []
        self._ends, self._deleted = asyncio.Event(), asyncio.Event()
        self._began, self._overdue = time.monotonic(), False
        self._deadline_s: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._grace_s = float(obj["spec"].get("terminationGracePeriodSeconds", 30))

    def _init_containers(self) -> Iterable[Container]:
        policy = self.obj["spec"].get("restartPolicy", "Always")
        for at, status in enumerate(self._status.inits):
            spec = self.obj["spec"]["initContainers"][at]
            again = "Always" if status.sidecar else "Never" if policy == "Never" else "OnFailure"
            place = self.folder / f"i{at}"
            yield Container(
                *(self._sandbox, spec, status, place), policy=again, init=not status.sidecar
            )

    def _main_containers(self) -> Iterable[Container]:
        policy = self.obj["spec"].get("restartPolicy", "Always")
        for at, status in enumerate(self._status.containers):
            spec = self.obj["spec"]["containers"][at]
            # named by a number: sockets in it can't have long paths
            place = self.folder / str(at)
            yield Container(*(self._sandbox, spec, status, place), policy=policy, plays=at == 0)

    # what the kubelet asks

    def delete(self, grace_s: float) -> None:
        """Let the Pod end; its processes get `grace_s` seconds, none if that is 0."""
        self._grace_s = grace_s
        self._ends.set()
        self._deleted.set()
        self._stop()

    def keep_to(self, deadline_s: int | None) -> None:
        """Let the Pod fail so many seconds after its start, never if that is None."""
        if deadline_s == self._deadline_s:
            return
        if self._timer:
            self._timer.cancel()
        self._deadline_s, self._timer = deadline_s, None
        if deadline_s is not None:
            left_s = self._began + deadline_s - time.monotonic()
            self._timer = asyncio.get_running_loop().call_later(max(0, left_s), self._time_is_up)

    def _time_is_up(self) -> None:
        if not self._ends.is_set():
            self.event(OVERDUE, OVERDUE_SAID)
            self._overdue = True
            self._ends.set()
            self._stop()

    def refresh(self) -> None:
        """Let the files of its volumes follow what they come from."""
        self._sandbox.volumes.refresh()

    def log(self, container: str | None, *, previous: bool) -> Path | None:
        """Return the log of a container (None: the first), or of its instance before the last."""
        found = self._container(container)
        return found.log(previous=previous) if found else None

    async def exec(
        self, container: str | None, command: list[str], *, stdin: bool
    ) -> asyncio.subprocess.Process:
        """Start a command in a container (None: the first); it ends with the Pod.

        Raises:
            LookupError: The container does not run.
            FileNotFoundError: There is no such program.
        """
        if (found := self._container(container)) is None:
            raise LookupError(f"container {container} is not running")
        return await found.exec(command, stdin=stdin)

    def _container(self, name: str | None) -> Container | None:
        if name is None:
            return self._containers[0]
        known = (*self._containers, *self._inits)
        return next((one for one in known if one.name == name), None)

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell an event about the Pod."""
        self._sandbox.event(reason, message, warning=warning)

    # its life

    async def live(self) -> None:
        """Run the containers until they are over for good or the Pod is deleted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        reason, message = self._node.store.fault_hooks.refusal(self.obj)
        if reason:
            self.event(reason, message, warning=True)
            self._status.finished(reason, message)
            await self._deleted.wait()
        else:
            await self._live()
        meta = self.obj["metadata"]
        self._node.store.remove("Pod", meta["namespace"], meta["name"])

    async def _live(self) -> None:
        self._status.write()
        await self._set_up_sandbox()
        await self._set_up_volumes()
        if await self._initialized():
            await self._run_containers()
        await self._end_sidecars()
        if not self._deleted.is_set():
            self._ends.set()
            self._finish()
            await self._deleted.wait()

    async def _set_up_sandbox(self) -> None:
        """Wait until the node can set the Pod up; tell why it can't, and try again."""
        told = ""
        while why := not self._ends.is_set() and self._node.store.fault_hooks.no_sandbox(self.obj):
            if why != told:
                told = why
                said = f"Failed to create pod sandbox: {told}"
                self.event("FailedCreatePodSandBox", said, warning=True)
            await pause(LOOK_S, self._ends)

    async def _set_up_volumes(self) -> None:
        """Make the volumes; tell why one can't be, and try again until it can."""
        if self.obj["spec"].get("volumes"):
            await asyncio.to_thread(can_mount)
        told = ""
        while not self._ends.is_set():
            try:
                return self._sandbox.volumes.set_up()
            except MountError as error:
                if str(error) != told:
                    told = str(error)
                    self.event("FailedMount", told, warning=True)
            await pause(LOOK_S, self._ends)

    async def _initialized(self) -> bool:
        """Run the init containers in order; tell whether the others may run."""
        for container in self._inits:
            if self._ends.is_set():
                return False
            if container.status.sidecar:
                await self._begin_beside(container)
            elif await container.live() != 0:
                return False
        return not self._ends.is_set()

    async def _begin_beside(self, container: Container) -> None:
        """Start a container that runs beside the others, and wait until it has started."""
        task = asyncio.create_task(container.live())
        self._beside.append(task)
        events = {asyncio.create_task(event.wait()) for event in (container.started, self._ends)}
        try:
            await asyncio.wait({task, *events}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for event in events:
                event.cancel()

    async def _run_containers(self) -> None:
        for container in self._containers:
            container.status.waits(container.status.waits_for)
        await _all(self._run(container) for container in self._containers)

    async def _run(self, container: Container) -> None:
        await container.live()
        if container.evicted:
            self._stop(by=container)

    def _stop(self, by: Container | None = None) -> None:
        """Let the containers end; those that run beside them come after, unless it hurries."""
        for container in (*self._containers, *self._inits):
            waits = container.status.sidecar and self._grace_s > 0
            if container is not by and not waits:
                container.stop(self._grace_s)

    async def _end_sidecars(self) -> None:
        for container in self._inits:
            if container.status.sidecar:
                container.stop(self._grace_s)
        await asyncio.gather(*self._beside)

    def _finish(self) -> None:
        """Tell that the Pod is over: it has run its course, or the node puts it out."""
        evicted = next(filter(None, (one.evicted for one in self._containers)), "")
        if evicted:
            self.event("Evicted", evicted, warning=True)
            self._status.finished("Evicted", evicted)
        elif self._overdue:
            self._status.finished(OVERDUE, OVERDUE_SAID)
        else:
            self._status.finished()

    async def end(self) -> None:
        """End the processes at once and remove the Pod's files."""
        self.keep_to(None)
        for task in self._beside:
            task.cancel()
        for container in (*self._containers, *self._inits):
            await container.end()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run works at the same time; if one fails or this is cancelled, none goes on."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
