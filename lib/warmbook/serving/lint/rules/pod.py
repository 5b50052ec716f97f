"""What the Pod has around the server: shared memory, probes, how it is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....texts import say
from ..report import LintFinding
from ..server import Server
from ..shapes import as_map, as_whole
from ..words import key_line, line_of

_LONG_ENOUGH_S = 300
"""A liveness probe that waits so long lets most models load."""


def shared_memory(server: Server) -> Iterator[LintFinding]:
    """Look where the processes of several GPUs meet."""
    if server.accelerators.kind not in ("gpu", "mig", "amd") or server.mounts("/dev/shm"):
        return
    if not server.pod.whole or server.perhaps:
        return
    if server.tensor_parallel_size > 1 and not server.pod.spec.get("hostIPC"):
        yield LintFinding(
            "no shm",
            "/dev/shm",
            say("The processes of several GPUs communicate through it, and 64 MiB are too small."),
            say("Mount an emptyDir with medium Memory."),
            "warning",
            pitfall="shm-too-small",
            line=server.at("volumeMounts"),
        )


def probes(server: Server) -> Iterator[LintFinding]:
    """Look whether a liveness probe ends a load, and whether requests wait for its end."""
    liveness = as_map(server.container.get("livenessProbe"))
    if server.container.get("startupProbe"):
        return
    if liveness and _patience_s(liveness) < _LONG_ENOUGH_S:
        yield LintFinding(
            "no startup probe",
            "startupProbe",
            say(
                "The liveness probe restarts the server after {seconds} s, even while it loads.",
                seconds=_patience_s(liveness),
            ),
            say("Set 30 s and 60 attempts of 10 s, as in the guide."),
            "warning",
            line=server.at("livenessProbe"),
        )
    elif not liveness and not server.container.get("readinessProbe") and _is_asked(server):
        yield LintFinding(
            "no readiness probe",
            "readinessProbe",
            say("A Service sends requests to the Pod immediately, while it is still loading."),
            say("Probe /health, as in the guide."),
            "info",
            line=server.line,
        )


def update(server: Server) -> Iterator[LintFinding]:
    """Look how a Deployment replaces its Pods."""
    spec = as_map(server.pod.owner.get("spec"))
    strategy = as_map(spec.get("strategy"))
    rolling = as_map(strategy.get("rollingUpdate"))
    if server.pod.kind != "Deployment" or strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    if server.accelerators.kind in ("gpu", "mig", "amd", "tpu") and rolling.get("maxSurge") != 0:
        yield LintFinding(
            "rolling update",
            "strategy: RollingUpdate",
            say("An update starts the new Pod first, which waits for a second GPU."),
            say("Where GPUs are scarce, set strategy: Recreate."),
            "info",
            pitfall="second-gpu-for-update",
            line=key_line(spec, "strategy", line_of(server.pod.owner)),
        )


def _patience_s(probe: Mapping[str, Any]) -> int:
    """Return after how many seconds without an answer the container is ended.

    Source: Kubernetes' API, Probe: failureThreshold 3 and periodSeconds 10 unless said.
    """
    numbers = {"initialDelaySeconds": 0, "failureThreshold": 3, "periodSeconds": 10}
    said = {name: as_whole(probe.get(name, default)) for name, default in numbers.items()}
    delay, tries, period = (said[name] or numbers[name] for name in numbers)
    return delay + tries * period


def _is_asked(server: Server) -> bool:
    return server.pod.kind in ("Deployment", "StatefulSet", "ReplicaSet")
