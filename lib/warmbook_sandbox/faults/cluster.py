"""What goes wrong with the cluster's own API and with its nodes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..clusters import Running
from ..interference import Incoming
from ..kubernetes import ApiError
from .fault import fault, is_server

if TYPE_CHECKING:
    from ..sandbox import Sandbox

A_WHILE = 3
"""How many requests in a row meet what passes."""

SOON_S = 0.2
"""How long a server runs before its node goes away, in seconds."""


@fault(
    "kube-unavailable",
    "the cluster's API answers 503 for a while: its control plane is being updated",
    pitfall="service-unavailable",
    passes=True,
)
def kube_unavailable(sandbox: Sandbox) -> None:
    """Refuse the first requests."""
    said = "the server is currently unable to handle the request"
    _refuse(sandbox, ApiError(503, "ServiceUnavailable", said))


@fault(
    "kube-rate-limited",
    "the cluster's API answers 429 for a while: too many requests",
    pitfall="rate-limited",
    passes=True,
)
def kube_rate_limited(sandbox: Sandbox) -> None:
    """Refuse the first requests."""
    said = "Too many requests, please try again later."
    _refuse(sandbox, ApiError(429, "TooManyRequests", said))


@fault(
    "watch-expired",
    "watches end with 410: what they followed is too old",
    pitfall="watch-expired",
    passes=True,
)
def watch_expired(sandbox: Sandbox) -> None:
    """End the first watches."""
    said = "The resourceVersion for the provided watch is too old."
    _refuse(sandbox, ApiError(410, "Expired", said), only="watch=")


def _refuse(sandbox: Sandbox, error: ApiError, only: str = "") -> None:
    left = A_WHILE

    async def refuse(incoming: Incoming) -> None:
        nonlocal left
        if incoming.service == "kubernetes" and left and only in incoming.query.lower():
            left -= 1
            raise error

    sandbox.interference.add(refuse)


@fault(
    "service-account-missing",
    "somebody deletes the service account when the server is about to start",
    pitfall="service-account-missing",
)
def service_account_missing(sandbox: Sandbox) -> None:
    """Delete it once, as the first Deployment comes; making it again mends it."""
    done = False

    def hook(cluster: Running) -> None:
        store = cluster.store

        def delete(kind: str, obj: dict[str, Any]) -> None:
            nonlocal done
            if kind == "Deployment" and not done and is_server(obj["spec"]["template"]):
                done = True
                account = obj["spec"]["template"]["spec"]["serviceAccountName"]
                store.delete("ServiceAccount", obj["metadata"]["namespace"], account)

        store.mishaps.admission.append(delete)

    sandbox.clusters.each(hook)


@fault(
    "node-goes-away",
    "the node under the server is taken away once, as Spot nodes are",
    pitfall="node-gone",
    passes=True,
)
def node_goes_away(sandbox: Sandbox) -> None:
    """Delete the first server's node soon after its start; another one comes."""
    done, running = False, list[Running]()

    def go(pod: dict[str, Any]) -> None:
        nonlocal done
        if done or not is_server(pod):
            return
        done, node = True, pod["spec"]["nodeName"]

        def delete() -> None:
            for cluster in running:
                if cluster.store.find("Node", None, node):
                    cluster.store.delete("Node", None, node)

        asyncio.get_running_loop().call_later(SOON_S, delete)

    sandbox.clusters.each(running.append)
    sandbox.pod_hooks.append(go)
