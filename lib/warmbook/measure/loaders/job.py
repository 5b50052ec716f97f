"""A trial: one Job, on the server's machine, that loads the model by several loaders in turn.

The server rests meanwhile: its GPU is lent to the Job, so that no second one is paid, and all
loaders meet the same machine.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from secrets import token_hex
from typing import Any

from ...cloud.clients import Clients
from ...display.progress import Report, wait_until
from ...doctor.pods.rollout import RolloutWatch
from ...errors import MissingError, ResourceFailedError, SettingsError
from ...model.disk import boot_disk_gb
from ...model.fit import GIB
from ...model.folder import list_folder
from ...serving import node_disk
from ...serving.containers import server_container
from ...serving.guide_manifest import DEPLOYMENT, MANAGED_BY, Manifest
from ...serving.pods import ENDED, Pod, follow, json_lines
from ...serving.prompts import PROMPTS, TOKENS
from ...settings import Settings
from ...texts import say
from ...units import size
from .catalog import FUSE, FUSE_FOLDER, Loader

NAME = "warmbook-compare"
START_S = 900
"""How long the Job may take beside its budget: node, image, imports, its last round."""

LENGTH = 1024
"""Longest prompt and answer of the trial, in tokens."""


@dataclass(frozen=True)
class JobProgress:
    """What the Job has told so far: `lines` as its script writes them."""

    pod: Pod
    lines: tuple[Mapping[str, Any], ...]

    def wanted(self, loaders: int, runs: int) -> int:
        """Return how many loads there will be at most, without the loaders that are left out."""
        out = {line["loader"] for line in self.lines if line.keys() & {"absent", "error"}}
        done = sum(line["loader"] in out for line in self.loads)
        return max((loaders - len(out)) * runs + done, 1)

    @property
    def loads(self) -> tuple[Mapping[str, Any], ...]:
        """The lines that tell a load."""
        return tuple(line for line in self.lines if "seconds" in line)


def run(
    settings: Settings,
    clients: Clients,
    loaders: Sequence[Loader],
    *,
    budget_s: float,
    report: Report | None = None,
) -> tuple[Mapping[str, Any], ...]:
    """Load the model by each loader, in turn, `compare_runs` times; return the script's lines.

    No round begins that would end after `budget_s` seconds. The Job is deleted and the server
    brought back in any case.

    Raises:
        SettingsError: The server is not vLLM.
        MissingError: There is no Deployment whose image and machine could be used.
        ResourceFailedError: The nodes' disk can't hold a copy of the weights.
        WarmbookError: The Job's Pod does not come up, with the pitfall's name.
        ResourceFailedError: It ended without a single load.
    """
    if settings.inference_server != "vllm":
        raise SettingsError(
            say("The SGLang image does not contain vLLM, whose loaders are compared."),
            remedy=say(
                "Compare loaders in vLLM's own image: set inference_server to vllm, and run "
                "notebook 06 again."
            ),
        )
    deployment = clients.kubernetes.find("Deployment", DEPLOYMENT, settings.namespace)
    if deployment is None:
        raise MissingError(
            say("The Deployment {name} does not exist.", name=DEPLOYMENT),
            remedy=say("Run notebook 06, which creates the Deployment."),
        )
    plan = planned(settings, loaders, budget_s=budget_s)
    weight_bytes = list_folder(clients, settings.model_uri).size_bytes
    _require_disk(settings, clients, _disk_bytes(plan, weight_bytes))
    job = manifest(settings, deployment["spec"]["template"]["spec"], plan, weight_bytes)
    with _at_rest(settings, clients, deployment["spec"]["replicas"], report):
        told = _carried_out(settings, clients, job, len(loaders), budget_s, report)
    if not told.loads:
        reason = next((line["error"] for line in told.lines if line.get("error")), told.pod.phase)
        raise ResourceFailedError(
            say("The comparison Job ended without a load: {reason}", reason=reason),
            remedy=say("Try again; if the error persists, check the Job's Pod."),
        )
    return told.lines


def planned(settings: Settings, loaders: Sequence[Loader], *, budget_s: float) -> dict[str, Any]:
    """Return what the script is to do; see `data/trial.py`."""
    length = min(LENGTH, settings.max_model_len or LENGTH)
    size = settings.tensor_parallel_size
    return {
        "model": settings.model_uri,
        "loaders": [loader.plan() for loader in loaders],
        "runs": settings.compare_runs,
        "budget_s": budget_s,
        "prompts": PROMPTS,
        "tokens": TOKENS,
        "processes": size,
        "engine": {"max_model_len": length, "tensor_parallel_size": size},
    }


def manifest(
    settings: Settings, pod: Manifest, plan: Mapping[str, Any], weight_bytes: int
) -> Manifest:
    """Return the Job: the server's own Pod, with the script in place of the server.

    Its disk holds a downloaded copy of the weights. Source: Kubernetes, "Jobs"; GKE, "Mount
    Cloud Storage buckets as ephemeral volumes".
    """
    spec = copy.deepcopy(pod)
    container = server_container(spec)
    for field in ("ports", "startupProbe", "readinessProbe", "livenessProbe", "args"):
        container.pop(field, None)
    disk_gib = _disk_bytes(plan, weight_bytes) // GIB
    container["command"] = ["python3", "-c", _script()]
    container["args"] = [json.dumps({**plan, "disk_bytes": disk_gib * GIB})]
    if plan["processes"] == 1:  # the load is timed where it happens, in one process
        one_process = {"name": "VLLM_ENABLE_V1_MULTIPROCESSING", "value": "0"}
        container["env"] = [*(container.get("env") or ()), one_process]
    for limit in ("requests", "limits"):
        container["resources"].setdefault(limit, {})["ephemeral-storage"] = f"{disk_gib}Gi"
    annotations = {}
    if any(loader["name"] == FUSE for loader in plan["loaders"]):
        annotations["gke-gcsfuse/volumes"] = "true"
        _mount_bucket(spec, settings.bucket_name)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{NAME}-{token_hex(3)}",
            "namespace": settings.namespace,
            "labels": MANAGED_BY,
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(plan["budget_s"]) + START_S,
            "template": {
                "metadata": {"labels": MANAGED_BY, "annotations": annotations},
                "spec": {**spec, "restartPolicy": "Never"},
            },
        },
    }


def _disk_bytes(plan: Mapping[str, Any], weight_bytes: int) -> int:
    """Return what the loaders need on the node's disk; without a download no copy is there."""
    copied = any(loader["downloads"] for loader in plan["loaders"])
    return node_disk.copy_bytes(weight_bytes if copied else 0)


def _require_disk(settings: Settings, clients: Clients, needed_bytes: int) -> None:
    """Refuse what no node of a Standard cluster can hold, before the server is sent to rest.

    Raises:
        ResourceFailedError: The nodes with the GPU have less disk to give out.
    """
    if settings.mode == "autopilot":
        return
    room = node_disk.most_free(clients.kubernetes.list_objects("Node"), settings.gpu)
    if room is not None and room < needed_bytes:
        raise ResourceFailedError(
            say(
                "The comparison Job needs {size} of node disk, and no node has more than {room}.",
                size=size(needed_bytes),
                room=size(room),
            ),
            remedy=say(
                "Recreate the node pool with a boot disk of {disk} GB or more.",
                disk=boot_disk_gb(needed_bytes),
            ),
            pitfall="node-disk-too-small",
        )


def _script() -> str:
    return resources.files("warmbook").joinpath("data", "trial.py").read_text("utf-8")


def _mount_bucket(spec: Manifest, bucket: str) -> None:
    volume = {
        "driver": "gcsfuse.csi.storage.gke.io",
        "readOnly": True,
        "volumeAttributes": {"bucketName": bucket, "mountOptions": "implicit-dirs"},
    }
    mount = {"name": "bucket", "mountPath": FUSE_FOLDER, "readOnly": True}
    spec.setdefault("volumes", []).append({"name": "bucket", "csi": volume})
    server_container(spec).setdefault("volumeMounts", []).append(mount)


@contextmanager
def _at_rest(
    settings: Settings, clients: Clients, replicas: int, report: Report | None
) -> Iterator[None]:
    """Have no Pod of the server for a while; afterwards there are as many wanted as before."""
    cluster, namespace = clients.kubernetes, settings.namespace
    try:
        cluster.merge("Deployment", DEPLOYMENT, namespace, {"spec": {"replicas": 0}})
        wait_until(
            follow(settings, clients),
            what=say("Server"),
            state=lambda pods: say("its GPU is free") if _gone(pods) else say("stopping"),
            ready=_gone,
            timeout_s=600,
            meanwhile=say("The server is restored."),
            report=report,
        )
        yield
    finally:
        # what an earlier trial left at 0, when it was killed, comes back too
        wanted = max(replicas, settings.replicas)
        cluster.merge("Deployment", DEPLOYMENT, namespace, {"spec": {"replicas": wanted}})


def _gone(pods: Sequence[Pod]) -> bool:
    """Say whether no Pod holds a GPU any more: one that is ending still does."""
    return all(pod.phase in ENDED for pod in pods)


def _carried_out(
    settings: Settings,
    clients: Clients,
    job: Manifest,
    loaders: int,
    budget_s: float,
    report: Report | None,
) -> JobProgress:
    """Run the Job to its end and return what it told; it is deleted whatever happens."""
    name, cluster = job["metadata"]["name"], clients.kubernetes
    runs = settings.compare_runs
    try:
        cluster.create(job)
        pod = _started(settings, clients, name, report)
        return wait_until(
            _followed(settings, clients, name, pod),
            what=say("The comparison Job"),
            state=lambda told: _state(told, told.wanted(loaders, runs)),
            ready=lambda told: told.pod.phase in ENDED,
            fraction=lambda told: len(told.loads) / told.wanted(loaders, runs),
            timeout_s=budget_s + START_S,
            meanwhile=say("The Job is deleted, and the server is restored."),
            report=report,
        )
    finally:
        cluster.delete("Job", name, settings.namespace)


def _started(settings: Settings, clients: Clients, job: str, report: Report | None) -> str:
    """Wait until the Job's Pod runs; return its name."""
    watch = RolloutWatch(settings, clients, deployment="")
    labels = f"job-name={job}"
    found = wait_until(
        (
            [Pod.of(one) for one in listed]
            for listed in clients.kubernetes.watch("Pod", settings.namespace, labels=labels)
        ),
        what=say("The comparison Job's Pod"),
        state=watch.update,
        ready=lambda pods: any(pod.running or pod.phase in ENDED for pod in pods),
        failed=lambda pods: watch.failure() if pods else None,
        meanwhile=say("The Job is deleted, and the server is restored."),
        report=report,
    )
    return found[0].name


def _followed(settings: Settings, clients: Clients, job: str, pod: str) -> Iterator[JobProgress]:
    """Yield what the Job has told: at once, at each change of its Pod, and every few seconds.

    Raises:
        ResourceFailedError: Its Pod is gone.
    """
    for seen in clients.kubernetes.watch("Pod", settings.namespace, labels=f"job-name={job}"):
        if not seen:
            raise ResourceFailedError(
                say("The comparison Job's Pod {pod} is gone.", pod=pod),
                remedy=say("Its node may have been reclaimed. Try again."),
            )
        log = clients.kubernetes.log(pod, settings.namespace)
        yield JobProgress(Pod.of(seen[0]), tuple(_lines(log)))


def _state(progress: JobProgress, loads: int) -> str:
    if not progress.loads:
        converting = [line["loader"] for line in progress.lines if "converting" in line]
        if converting:
            return say("converting the model for {loader}", loader=converting[-1])
        return say("the libraries are being imported")
    return say("load {number} of {count}", number=min(len(progress.loads) + 1, loads), count=loads)


def _lines(log: str) -> Iterator[Mapping[str, Any]]:
    return (line for line in json_lines(log) if line.keys() & {"loader", "stopped"})
