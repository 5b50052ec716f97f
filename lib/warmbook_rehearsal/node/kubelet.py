"""The kubelet: every Pod that is bound to a node here becomes a process; schedules nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..kubernetes import Change, Store
from ..time_scale import TimeScale
from .image import Image
from .pod import Pod
from .sandbox import Node
from .sources import MissingError
from .volumes import OPEN

Obj = dict[str, Any]

CLAIMS = "claims"
"""The folder, beside those of the Pods, of what is kept for claims."""


class Kubelet:
    """Runs the Pods of one cluster and answers what the API server asks of a node.

    `environment` gives the variables that point a Pod at its services; `on_start` is awaited
    before a Pod's first process, `on_stop` after its last.
    """

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
        time_scale: TimeScale,
    ) -> None:
        self._store, self._folder, self._addresses = store, folder, addresses
        self._node = Node(store, image, engine, time_scale, environment, self._claim_folder)
        self._on_start, self._on_stop = on_start, on_stop
        self._pods: dict[str, Pod] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def run(self) -> None:
        """Follow the Pods until cancelled."""
        changes = self._store.history.subscribe()
        for obj in self._store.list("Pod"):
            self._sync(obj, gone=False)
        async for change in changes:
            if change.kind == "Pod":
                self._sync(change.obj, gone=change.type == "DELETED")
            if change.kind in ("ConfigMap", "Secret", "Pod"):
                self._refresh(change)
            if change.kind == "PersistentVolumeClaim" and change.type == "DELETED":
                await asyncio.to_thread(self._forget, change.obj)

    def _refresh(self, change: Change) -> None:
        """Let volumes follow a change: of a Pod its labels, of others what they hold."""
        old, new = (change.previous or {}).get("metadata") or {}, change.obj["metadata"]
        told = ("labels", "annotations")
        if change.kind == "Pod" and all(old.get(field) == new.get(field) for field in told):
            return
        for pod in self._pods.values():
            meta = pod.obj["metadata"]
            if meta["namespace"] == new["namespace"] and (
                change.kind != "Pod" or meta["uid"] == new["uid"]
            ):
                pod.refresh()

    def _claim_folder(self, namespace: str, name: str) -> Path:
        """Return the folder of a claim; its files live as long as the claim.

        Raises:
            MissingError: There is no such claim.
        """
        if (claim := self._store.find("PersistentVolumeClaim", namespace, name)) is None:
            raise MissingError(f'persistentvolumeclaim "{name}" not found')
        folder = self._folder / CLAIMS / claim["metadata"]["uid"]
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(OPEN)
        return folder

    def _forget(self, claim: Obj) -> None:
        """Remove what is kept for a claim."""
        folder = self._folder / CLAIMS
        shutil.rmtree(folder / claim["metadata"]["uid"], ignore_errors=True)
        with suppress(OSError):  # there are others'
            folder.rmdir()

    def _sync(self, obj: Obj, *, gone: bool) -> None:
        meta = obj["metadata"]
        known = self._pods.get(meta["uid"])
        if known is None and obj["spec"].get("nodeName") and not gone and not self._stopped:
            known = self._begin(obj)
        if known is None:
            return
        if gone:
            known.delete(0)
        elif meta.get("deletionTimestamp"):
            known.delete(float(meta.get("deletionGracePeriodSeconds", 30)))
        else:
            known.keep_to(obj["spec"].get("activeDeadlineSeconds"))

    def _begin(self, obj: Obj) -> Pod:
        uid = obj["metadata"]["uid"]
        # named by its uid alone: sockets in it can't have long paths
        pod = Pod(self._node, obj, next(self._addresses), self._folder / uid[:8])
        self._pods[uid] = pod
        task = asyncio.create_task(self._live(pod, uid))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return pod

    async def _live(self, pod: Pod, uid: str) -> None:
        try:
            await self._on_start(pod.obj, pod.address)
            await pod.live()
        except Exception as error:
            pod.event("FailedCreatePodSandBox", f"Rehearsal: {error!r}", warning=True)
            raise
        finally:
            try:
                await pod.end()
            finally:
                await self._on_stop(pod.address)
                self._pods.pop(uid, None)

    async def stop(self) -> None:
        """End every process and return when all are gone; no Pod starts any more."""
        self._stopped = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for claim in self._store.list("PersistentVolumeClaim"):
            self._forget(claim)

    def _pod(self, namespace: str, name: str) -> Pod | None:
        for pod in self._pods.values():
            meta = pod.obj["metadata"]
            if (meta["namespace"], meta["name"]) == (namespace, name):
                return pod
        return None

    def log_file(
        self, namespace: str, pod: str, container: str | None, *, previous: bool
    ) -> Path | None:
        """Return the log of a container (None: the first), or of its instance before."""
        found = self._pod(namespace, pod)
        return found.log(container, previous=previous) if found else None

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
            FileNotFoundError: There is no such program.
        """
        del tty
        if (found := self._pod(namespace, pod)) is None:
            raise LookupError(f"pod {namespace}/{pod} does not run here")
        return await found.exec(container, command, stdin=stdin)
