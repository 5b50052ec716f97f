"""A cluster for benchmarks: the API server and its controllers; its Pods start nothing."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from typing import Any

from .wire import TOKEN

# What only the server needs is imported where it is used: clients import this module too.


def serve_cluster(ready: Connection) -> None:
    asyncio.run(_serve_cluster(ready))


async def _serve_cluster(ready: Connection) -> None:
    from aiohttp import web

    from warmbook_rehearsal.kubernetes import ApiServer, Store, run_controllers
    from warmbook_rehearsal.time_scale import TimeScale

    store = Store()
    runtime: Any = None  # no Pod of this cluster is asked for its log or its shell
    runner = web.AppRunner(ApiServer(store, runtime, token=TOKEN).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    working = asyncio.gather(run_controllers(store, TimeScale()), _run_pods(store))
    while not (store.list("Node") and store.find("ServiceAccount", "default", "default")):
        await asyncio.sleep(0.01)
    ready.send(runner.addresses[0][1])
    await working


async def _run_pods(store: Any) -> None:
    """Say of every Pod that it runs, as a kubelet does; start nothing."""
    async for change in store.history.subscribe():
        if change.kind == "Pod" and change.type == "ADDED":
            place = change.obj["metadata"]["namespace"], change.obj["metadata"]["name"]
            store.update("Pod", *place, _runs, manager="kubelet", subresource="status")


def _runs(pod: dict[str, Any]) -> None:
    from warmbook_rehearsal.kubernetes.objects import now, set_condition

    state = {"running": {"startedAt": now()}}
    told = {"name": "main", "image": "web:1", "imageID": "", "ready": True, "restartCount": 0}
    pod["status"] |= {"phase": "Running", "podIP": "127.0.0.1", "startTime": now()}
    pod["status"]["containerStatuses"] = [{**told, "state": state}]
    for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready"):
        set_condition(pod, kind, "True")
