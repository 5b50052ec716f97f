"""How the Kubernetes API and Cloud Storage of a rehearsal grow with what they keep."""

from __future__ import annotations

import json
import queue
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from . import storage
from .cluster import serve_cluster
from .storage import BUCKET
from .wire import Wire, hosted, tell

SIZES = (10, 100, 1_000, 10_000)
ROUNDS, CHANGES = 5, 10
"""In each round every size has its turn, so that a busy machine is busy for all of them."""

PODS = "/api/v1/namespaces/default/pods"
AS_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PAGE = 500
"""Objects in a page of kubectl's."""

Figures = dict[str, dict[int, list[float]]]
"""What was measured -> number of objects -> seconds of each run."""


def of_kubernetes() -> Figures:
    """Measure clusters with more and more Pods, over the wire."""
    found: Figures = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        clusters = {}
        for size in SIZES:
            tell(f"creating {size:,} Pods")
            clusters[size] = wire = stack.enter_context(
                Wire(stack.enter_context(hosted(serve_cluster)))
            )
            found["create a Pod"][size] = _fill(wire, size)
        for turn in range(ROUNDS):
            tell(f"listing and watching Pods: round {turn + 1} of {ROUNDS}")
            for size, wire in clusters.items():
                for what, seconds in _read(wire).items():
                    found[what][size] += seconds
    return found


def _fill(wire: Wire, size: int) -> list[float]:
    node = wire.json("GET", "/api/v1/nodes")["items"][0]["metadata"]["name"]
    times = _each(range(size), lambda number: wire.json("POST", PODS, _pod(number, node)))
    _await_running(wire, size)
    return times


def _read(wire: Wire) -> dict[str, list[float]]:
    return {
        "list Pods as JSON": wire.seconds(PODS, 2, Accept="application/json"),
        "list Pods as a Table": wire.seconds(PODS, 2, Accept=AS_TABLE),
        "list Pods by label": wire.seconds(f"{PODS}?labelSelector=tenth%3D0", 2),
        f"list Pods as a Table in pages of {PAGE}": [_pages(wire) for _ in range(2)],
        "deliver a change to a watch": _deliveries(wire),
    }


def _each(numbers: range, act: Callable[[int], Any]) -> list[float]:
    """Return the times of an act for the last of the numbers, when the most objects are there."""
    times = []
    for number in numbers:
        start = time.perf_counter()
        act(number)
        times.append(time.perf_counter() - start)
    return times[-100:]


def _pod(number: int, node: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "web:1",
        "ports": [{"containerPort": 8000}],
        "env": [{"name": "NUMBER", "value": str(number)}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    labels = {"app": "web", "tenth": str(number % 10)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"web-{number:05}", "labels": labels},
        "spec": {"nodeName": node, "containers": [container]},
    }


def _await_running(wire: Wire, size: int) -> None:
    waiting = f"{PODS}?fieldSelector=status.phase%21%3DRunning&limit=1"
    while wire.json("GET", waiting)["items"]:
        time.sleep(0.05)
    assert len(wire.json("GET", PODS)["items"]) == size


def _pages(wire: Wire) -> float:
    start, after = time.perf_counter(), ""
    while True:
        page = wire.raw("GET", f"{PODS}?limit={PAGE}&continue={after}", Accept=AS_TABLE)
        more = re.search(rb'"continue": "([^"]+)"', page[:1000])
        if not more:
            return time.perf_counter() - start
        after = more[1].decode()


def _deliveries(wire: Wire) -> list[float]:
    """Change a Pod time and again; return how long after each request a watch told of it."""
    version = wire.json("GET", f"{PODS}?limit=1")["metadata"]["resourceVersion"]
    told: queue.Queue[float] = queue.Queue()
    with Wire(wire.port) as other:
        lines = other.open("GET", f"{PODS}?watch=true&resourceVersion={version}")

        def follow() -> None:
            for _ in range(CHANGES):
                json.loads(lines.readline())
                told.put(time.perf_counter())

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        times = [_delivery(wire, number, told) for number in range(CHANGES)]
        follower.join()
    return times


def _delivery(wire: Wire, number: int, told: queue.Queue[float]) -> float:
    change = {"metadata": {"annotations": {"change": f"{time.time()} {number}"}}}
    start = time.perf_counter()
    wire.json("PATCH", f"{PODS}/web-00000", change, Content_Type="application/merge-patch+json")
    return told.get(timeout=10) - start


def of_storage() -> Figures:
    """Measure buckets with more and more objects, over the wire."""
    found: Figures = defaultdict(lambda: defaultdict(list))
    upload = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=folder/"
    with ExitStack() as stack:
        buckets = {}
        for size in SIZES:
            tell(f"uploading {size:,} objects")
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            _, port = stack.enter_context(storage.server(folder))
            buckets[size] = wire = stack.enter_context(Wire(port))
            send = partial(_upload, wire, upload)
            found["upload a small object"][size] = _each(range(size), send)
        for turn in range(ROUNDS):
            tell(f"listing objects: round {turn + 1} of {ROUNDS}")
            for size, wire in buckets.items():
                found["list objects in pages of 1,000"][size] += [_listing(wire, size)]
    return found


def _upload(wire: Wire, path: str, number: int) -> None:
    wire.raw("POST", f"{path}{number:05}", b"small")


def _listing(wire: Wire, size: int) -> float:
    start, after, count = time.perf_counter(), "", 0
    while True:
        page = wire.raw("GET", f"/storage/v1/b/{BUCKET}/o?pageToken={after}")
        count += page.count(b'"mediaLink"')
        more = re.search(rb'"nextPageToken": "([^"]+)"', page[-1000:])
        if not more:
            assert count == size, (count, size)
            return time.perf_counter() - start
        after = more[1].decode()
