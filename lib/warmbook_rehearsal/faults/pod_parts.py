"""What goes wrong with what stands beside the server in its Pod: volumes, Secrets, containers."""

from __future__ import annotations

from typing import Any

from ..kubernetes import End
from . import asked
from .deployment import change_container, change_pod
from .fault import DEPLOYMENT, Target, fault
from .mends import DEPLOY_AGAIN, NEW_POD, typed
from .playing import play

Obj = dict[str, Any]

SMALL_IMAGE = "busybox:1.36"
MAKE_CLAIM = """kubectl apply -n $NAMESPACE -f - <<'EOF'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: model-cache
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
EOF"""
ASKED_MEMORY = "1Gi"
"""What somebody lets the server ask for, who knows that a node has more."""


@fault(
    "secret-missing",
    "the manifest reads a token from a Secret that does not exist",
    pitfall="container-not-started",
    mend=typed(
        "kubectl create secret generic hf-secret -n $NAMESPACE --from-literal=hf_api_token=TOKEN",
        NEW_POD,
    ),
    places=(DEPLOYMENT,),
)
def secret_missing(rehearsal: Target) -> None:
    """Change the first Deployment; making the Secret mends it."""
    source = {"secretKeyRef": {"name": "hf-secret", "key": "hf_api_token"}}
    token = {"name": "HF_TOKEN", "valueFrom": source}
    change_container(rehearsal, lambda server: server.setdefault("env", []).append(token))


@fault(
    "claim-missing",
    "the manifest mounts a disk for a cache, and its PersistentVolumeClaim does not exist",
    pitfall="claim-unbound",
    mend=typed(MAKE_CLAIM, NEW_POD),
    places=(DEPLOYMENT,),
)
def claim_missing(rehearsal: Target) -> None:
    """Change the first Deployment; making the claim mends it."""
    _mount(rehearsal, {"persistentVolumeClaim": {"claimName": "model-cache"}})


@fault(
    "chat-template-missing",
    "the manifest mounts a chat template from a ConfigMap that does not exist",
    pitfall="volume-not-mounted",
    mend=typed(
        "kubectl create configmap chat-template -n $NAMESPACE --from-literal=template.jinja=",
        NEW_POD,
    ),
    places=(DEPLOYMENT,),
)
def chat_template_missing(rehearsal: Target) -> None:
    """Change the first Deployment; making the ConfigMap mends it."""
    _mount(rehearsal, {"configMap": {"name": "chat-template"}})


def _mount(rehearsal: Target, source: Obj) -> None:
    """Add a volume to the server's first Deployment, and mount it."""

    def change(pod: Obj) -> None:
        spec, server = pod["spec"], asked.server_of(pod)
        spec["volumes"] = [*(spec.get("volumes") or ()), {"name": "added", **source}]
        mount = {"name": "added", "mountPath": "/mnt/added"}
        server["volumeMounts"] = [*(server.get("volumeMounts") or ()), mount]

    change_pod(rehearsal, change)


@fault(
    "init-container-fails",
    "somebody adds an init container that looks for a file, and the file does not exist",
    pitfall="init-container-failed",
    places=(DEPLOYMENT,),
    waits=True,
)
def init_container_fails(rehearsal: Target) -> None:
    """Add it to the first Deployment; taking it out again mends it."""

    def change(pod: Obj) -> None:
        words = ["sh", "-c", "ls /models/config.json"]
        one = {"name": "look-for-model", "image": SMALL_IMAGE, "command": words}
        pod["spec"]["initContainers"] = [*(pod["spec"].get("initContainers") or ()), one]

    change_pod(rehearsal, change)


@fault(
    "sidecar-fails",
    "somebody adds a container for the server's log, which exits repeatedly",
    pitfall="sidecar-failed",
    places=(DEPLOYMENT,),
    waits=True,
)
def sidecar_fails(rehearsal: Target) -> None:
    """Add it to the first Deployment; taking it out again mends it."""

    def change(pod: Obj) -> None:
        words = ["sh", "-c", "tail -n 1 /var/log/vllm.log"]
        pod["spec"]["containers"].append(
            {"name": "log-shipper", "image": SMALL_IMAGE, "command": words}
        )

    change_pod(rehearsal, change)


@fault(
    "liveness-too-strict",
    "somebody adds a liveness probe that starts in the server's first second",
    pitfall="liveness-too-strict",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def liveness_too_strict(rehearsal: Target) -> None:
    """Change the probes in the first Deployment, and let the server take a while longer."""

    def change(server: Obj) -> None:
        probe = {"httpGet": {"path": "/health", "port": 8000}}
        server.pop("startupProbe", None)
        server["livenessProbe"] = {**probe, "periodSeconds": 1, "failureThreshold": 1}
        server["command"], server["args"] = ["sh", "-c"], ["exec sleep 60"]

    change_container(rehearsal, change)


@fault(
    "node-memory-low",
    "somebody sets the server to request 1 GiB of memory; the node runs out of memory and evicts "
    "it",
    pitfall="node-memory-low",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def node_memory_low(rehearsal: Target) -> None:
    """Change the first Deployment; put each server out that asks for less than it asked before.

    Source: Kubernetes, pkg/kubelet/eviction/helpers.go.
    """
    needed: list[int] = []

    def change(server: Obj) -> None:
        needed.append(_asked_memory(server))
        server["resources"].setdefault("requests", {})["memory"] = ASKED_MEMORY
        (server["resources"].get("limits") or {}).pop("memory", None)

    def ends(pod: Obj, _: Obj) -> End | None:
        server = asked.server_of(pod)
        said = (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 62Mi. "
            f"Container {server['name']} was using {max(needed, default=0) // 2**20}Mi, request is "
            f"{ASKED_MEMORY}, has larger consumption of memory. "
        )
        short = needed and _asked_memory(server) < needed[0]
        return End((), 137, evicted=said) if short else None

    change_container(rehearsal, change)
    play(rehearsal, ends)


def _asked_memory(server: Obj) -> int:
    """Return what the server's container asks for, in bytes."""
    return asked.memory_bytes({"spec": {"containers": [_requests_only(server)]}})


def _requests_only(server: Obj) -> Obj:
    resources = server.get("resources") or {}
    return {"resources": {"requests": resources.get("requests") or resources.get("limits") or {}}}
