"""The kubelet: every Pod that is bound to a node here becomes a process; schedules nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..kubernetes import Store
from ..pace import Pace
from .image import Image
from .pod import Pod

Obj = dict[str, Any]


class Kubelet:
    """Runs the Pods of one cluster and answers what the API server asks of a node."""

    def __init__(
        self,
        store: Store,
        *,
        folder: Path,
        image: Image,
        engine: str,
        addresses: Iterator[str],
        environment: Callable[[Obj, str], Mapping[str, str]],
        on_start: Callable[[Obj, str], Awaitable[None]],
        on_stop: Callable[[str], Awaitable[None]],
        pace: Pace,
    ) -> None:
        self.store, self.folder, self.image, self.engine = store, folder, image, engine
        self.pace, self.environment = pace, environment
        self.on_start, self.on_stop = on_start, on_stop
        self._addresses = addresses
        self._pods: dict[str, Pod] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the Pods until cancelled."""
        changes = self.store.subscribe()
        for obj in self.store.list("Pod"):
            self._look(obj)
        async for change in changes:
            if change.kind == "Pod":
                self._look(change.obj, gone=change.type == "DELETED")

    def _look(self, obj: Obj, *, gone: bool = False) -> None:
        uid = obj["metadata"]["uid"]
        known = self._pods.get(uid)
        if known is None:
            if obj["spec"].get("nodeName") and not gone:
                self._begin(obj)
        elif gone or obj["metadata"].get("deletionTimestamp"):
            grace_s = obj["metadata"].get("deletionGracePeriodSeconds", 30)
            known.delete(0.0 if gone else float(grace_s))

    def _begin(self, obj: Obj) -> None:
        meta = obj["metadata"]
        address = next(self._addresses)
        # a short name: vLLM puts a socket there, whose path has at most 107 characters
        pod = Pod(self, obj, address, self.folder / address)
        self._pods[meta["uid"]] = pod
        task = asyncio.create_task(self._live(pod, meta["uid"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if meta.get("deletionTimestamp"):
            pod.delete(0.0)

    async def _live(self, pod: Pod, uid: str) -> None:
        try:
            await self.on_start(pod.obj, pod.address)
            await pod.live()
        finally:
            await pod.end()
            await self.on_stop(pod.address)
            self._pods.pop(uid, None)

    async def stop(self) -> None:
        """End every process and return when all are gone."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)

    def _pod(self, namespace: str, name: str) -> Pod | None:
        for pod in self._pods.values():
            meta = pod.obj["metadata"]
            if (meta["namespace"], meta["name"]) == (namespace, name):
                return pod
        return None

    def log_file(
        self, namespace: str, pod: str, container: str | None, *, previous: bool
    ) -> Path | None:
        """Return the log of the Pod's container, or of its instance before the last restart."""
        del container  # one container runs per Pod here
        found = self._pod(namespace, pod)
        return found.log(previous=previous) if found else None

    def address(self, namespace: str, pod: str) -> str | None:
        """Return the Pod's loopback address."""
        found = self._pod(namespace, pod)
        return found.address if found else None

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
        """Start a command with the container's variables and folder, its streams as pipes.

        Raises:
            LookupError: No such Pod runs here.
            OSError: There is no such program.
        """
        del container, tty
        found = self._pod(namespace, pod)
        if found is None or found.process is None:
            raise LookupError(f"pod {namespace}/{pod} has no running container")
        words = [str(self.image.python) if command[0] in ("python3", "python") else command[0]]
        return await asyncio.create_subprocess_exec(
            *words,
            *command[1:],
            env=found.environ,
            cwd=found.folder,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
