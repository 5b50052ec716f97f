"""GKE's operations: progress, end, error, and one at a time for each cluster."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from google.cloud import container_v1

from ..time_scale import TimeScale
from .cluster_defaults import instant
from .errors import GoogleError, error_info

STEPS = 10
_API = "https://container.googleapis.com/v1"
_Kind = container_v1.Operation.Type
_State = container_v1.Operation.Status
_DOING = {
    _Kind.CREATE_CLUSTER: "creating",
    _Kind.DELETE_CLUSTER: "deleting",
    _Kind.CREATE_NODE_POOL: "updating",
    _Kind.DELETE_NODE_POOL: "updating",
}


class ClusterKey(NamedTuple):
    """What tells clusters apart."""

    project_id: str
    location: str
    name: str


class ClusterOperations:
    """The operations on clusters, by location and name.

    `fail_next` lets the next operation of a kind end with an error (a shortage of GPUs, say).
    """

    def __init__(self, time_scale: TimeScale, spawn: Callable[[Awaitable[None]], None]) -> None:
        self.fail_next: dict[container_v1.Operation.Type, GoogleError] = {}
        self._pace, self._spawn = time_scale, spawn
        self._all: dict[tuple[str, str, str], container_v1.Operation] = {}
        self._active: dict[ClusterKey, container_v1.Operation] = {}

    def get(self, project_id: str, location: str, name: str) -> container_v1.Operation:
        """Return an operation as it stands; 404 if there is none."""
        found = self._all.get((project_id, location, name))
        if found is None:
            path = f"projects/{project_id}/locations/{location}/operations/{name}"
            raise GoogleError("NOT_FOUND", f"Not found: {path}.")
        return found

    def find_all(self, project_id: str, location: str) -> list[container_v1.Operation]:
        """Return the operations of a location ("-": of all)."""
        return [
            operation
            for (project, place, _), operation in self._all.items()
            if project == project_id and location in ("-", place)
        ]

    def require_idle(self, key: ClusterKey) -> None:
        """Raise a 400 FAILED_PRECONDITION while another operation works on the cluster."""
        if active := self._active.get(key):
            raise GoogleError(
                "FAILED_PRECONDITION",
                f"Operation {active.name} is currently {_DOING[active.operation_type]} cluster "
                f"{key.name}. Please wait and try again once it is done.",
                error_info("CLUSTER_ALREADY_HAS_OPERATION", "container.googleapis.com"),
            )

    async def until_idle(self, key: ClusterKey) -> None:
        """Wait until no operation works on the cluster; each ends by itself."""
        while key in self._active:
            await asyncio.sleep(0.05)

    def start(
        self,
        kind: container_v1.Operation.Type,
        key: ClusterKey,
        minutes: float,
        work: Callable[[], Awaitable[None]],
        failed: Callable[[GoogleError], None],
        *,
        pool: str = "",
    ) -> container_v1.Operation:
        """Begin an operation that calls `work` after a while, and `failed` if that goes wrong."""
        operation = _new(kind, key, pool)
        self._all[key.project_id, key.location, operation.name] = operation
        self._active[key] = operation
        self._spawn(self._run(operation, key, self._pace.seconds(minutes), work, failed))
        return operation

    async def _run(
        self,
        operation: container_v1.Operation,
        key: ClusterKey,
        wait_s: float,
        work: Callable[[], Awaitable[None]],
        failed: Callable[[GoogleError], None],
    ) -> None:
        for step in range(STEPS):
            _report(operation, step)
            await asyncio.sleep(wait_s / STEPS)
        try:
            if failure := self.fail_next.pop(operation.operation_type, None):
                raise failure
            await work()
        except GoogleError as error:
            _end_badly(operation, error, failed)
        except Exception as error:
            _end_badly(operation, GoogleError("INTERNAL", f"Internal error: {error}"), failed)
        _report(operation, STEPS)
        operation.status, operation.end_time = _State.DONE, instant()
        del self._active[key]


def _new(kind: Any, key: ClusterKey, pool: str) -> container_v1.Operation:
    name = f"operation-{int(time.time() * 1000)}-{uuid.uuid4()}"
    place = f"{_API}/projects/{key.project_id}/locations/{key.location}"
    target = f"{place}/clusters/{key.name}" + (f"/nodePools/{pool}" if pool else "")
    return container_v1.Operation(
        name=name,
        zone=key.location,
        location=key.location,
        operation_type=kind,
        status=_State.RUNNING,
        self_link=f"{place}/operations/{name}",
        target_link=target,
        start_time=instant(),
    )


def _report(operation: container_v1.Operation, step: int) -> None:
    metric = container_v1.OperationProgress.Metric
    operation.progress = container_v1.OperationProgress(
        metrics=[
            metric(name="CLUSTER_DEPLOYING", int_value=step),
            metric(name="CLUSTER_DEPLOYING_TOTAL", int_value=STEPS),
        ]
    )


def _end_badly(
    operation: container_v1.Operation, error: GoogleError, failed: Callable[[GoogleError], None]
) -> None:
    container_v1.Operation.pb(operation).error.CopyFrom(error.status())
    operation.status_message = error.message
    failed(error)
