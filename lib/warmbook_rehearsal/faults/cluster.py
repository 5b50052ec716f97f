"""What goes wrong with the cluster's own API, and with what lies in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ..kubernetes import ApiError, Store
from ..kubernetes.objects import labels_of, name_of, namespace_of, terminating
from ..request_faults import Incoming
from .deployment import as_server_comes
from .fault import DEPLOYMENT, Target, fault
from .mends import OUTAGE, SIGN_IN, run_again

Obj = dict[str, Any]

A_WHILE = 3
"""How many requests in a row meet what passes."""

EMPTIED_S = 5
"""How long a namespace that is deleted has to become empty, in seconds."""

CUT_AFTER_S = 0.2
"""How long a watch lasts whose connection is cut, in seconds."""


@fault(
    "kube-unavailable",
    "the cluster's API temporarily responds with 503: its control plane is being updated",
    pitfall="service-unavailable",
    passes=True,
)
def kube_unavailable(rehearsal: Target) -> None:
    """Refuse the first requests."""
    said = "the server is currently unable to handle the request"
    error = ApiError(503, "ServiceUnavailable", said)
    rehearsal.request_faults.refuse_first(A_WHILE, error, _is_about_the_cluster)


@fault(
    "kube-rate-limited",
    "the cluster's API temporarily responds with 429: too many requests",
    pitfall="rate-limited",
    passes=True,
)
def kube_rate_limited(rehearsal: Target) -> None:
    """Refuse the first requests, and ask for a second's pause each."""
    said, pause = "Too many requests, please try again later.", {"retryAfterSeconds": 1}
    error = ApiError(429, "TooManyRequests", said, details=pause)
    rehearsal.request_faults.refuse_first(A_WHILE, error, _is_about_the_cluster)


@fault(
    "watch-expired",
    "watches end with 410: their resource version is too old",
    pitfall="watch-expired",
    passes=True,
)
def watch_expired(rehearsal: Target) -> None:
    """Let the cluster forget its changes just before each of the first watches begins."""
    left = A_WHILE

    async def forget(incoming: Incoming) -> None:
        nonlocal left
        if left and _is_watch(incoming):
            left -= 1
            for cluster in rehearsal.clusters.running:
                cluster.store.history.compact()

    rehearsal.request_faults.add(forget)


@fault(
    "watch-cut",
    "a proxy or firewall cuts long connections",
    pitfall="unreachable",
    passes=True,
)
def watch_cut(rehearsal: Target) -> None:
    """Cut the first watches in the middle, without a word."""
    left = A_WHILE

    async def cut(incoming: Incoming) -> None:
        nonlocal left
        request = asyncio.current_task()
        if left and request and _is_watch(incoming):
            left -= 1
            asyncio.get_running_loop().call_later(CUT_AFTER_S, request.cancel)

    rehearsal.request_faults.add(cut)


def _is_watch(incoming: Incoming) -> bool:
    return _is_about_the_cluster(incoming) and "watch=true" in incoming.query.lower()


@fault(
    "kube-token-expired",
    "the credentials expire while the server is being deployed",
    pitfall="credentials-expired",
    beyond=SIGN_IN,
)
def kube_token_expired(rehearsal: Target) -> None:
    """Refuse the first look at a Deployment; who comes again has signed in anew."""

    async def refuse(incoming: Incoming) -> None:
        if _is_about_deployments(incoming):
            rehearsal.request_faults.remove(refuse)
            raise ApiError(401, "Unauthorized", "Unauthorized")

    rehearsal.request_faults.add(refuse)


@fault(
    "kube-down",
    "the cluster's API becomes unreachable before the server is deployed",
    pitfall="unreachable",
    beyond=OUTAGE,
)
def kube_down(rehearsal: Target) -> None:
    """Close its port at the first look at a Deployment; a rehearsal is started again then."""

    async def go(incoming: Incoming) -> None:
        if _is_about_deployments(incoming):
            rehearsal.request_faults.remove(go)
            for cluster in rehearsal.clusters.running:
                await cluster.fall_silent()
                rehearsal.put_back(cluster.answer_again)
            raise asyncio.CancelledError  # this connection gets no answer either

    rehearsal.request_faults.add(go)


def _is_about_deployments(incoming: Incoming) -> bool:
    return _is_about_the_cluster(incoming) and "/deployments" in incoming.path


def _is_about_the_cluster(incoming: Incoming) -> bool:
    return incoming.service == "kubernetes"


@fault(
    "namespace-missing",
    "somebody deletes the namespace when the server is about to start",
    pitfall="namespace-missing",
    mend=run_again("05"),
    places=(DEPLOYMENT,),
)
def namespace_missing(rehearsal: Target) -> None:
    """Delete it once, as the first Deployment comes; making it again mends it."""

    def delete(store: Store, deployment: Obj) -> None:
        name = namespace_of(deployment) or "default"
        found = store.find("Namespace", None, name)
        if found and rehearsal.may_change(found):
            accounts = store.list("ServiceAccount", name)
            rehearsal.put_back(lambda: _make_again(store, found, accounts))
            store.delete("Namespace", None, name)

    as_server_comes(rehearsal, delete, _has_no_namespace)


def _has_no_namespace(store: Store, deployment: Obj) -> bool:
    found = store.find("Namespace", None, namespace_of(deployment) or "default")
    return not found or terminating(found)


async def _make_again(store: Store, namespace: Obj, accounts: Iterable[Obj]) -> None:
    """Make a namespace and its service accounts again, when what is left of it has gone."""
    name = name_of(namespace)
    for _ in range(EMPTIED_S * 20):
        if not (found := store.find("Namespace", None, name)) or not terminating(found):
            break
        await asyncio.sleep(0.05)
    _create(store, "Namespace", namespace)
    for account in accounts:
        _create(store, "ServiceAccount", account)


def _create(store: Store, kind: str, gone: Obj) -> None:
    """Make an object of that name and those labels again, unless it is there or can't be."""
    metadata: Obj = {"name": name_of(gone), "labels": dict(labels_of(gone))}
    if kind != "Namespace":
        metadata["namespace"] = str(namespace_of(gone))
    with suppress(ApiError):
        store.create(kind, {"metadata": metadata}, manager="kubectl")


@fault(
    "service-account-missing",
    "somebody deletes the service account when the server is about to start",
    pitfall="service-account-missing",
    mend=run_again("05"),
    places=(DEPLOYMENT,),
)
def service_account_missing(rehearsal: Target) -> None:
    """Delete it once, as the first Deployment comes; making it again mends it."""

    def delete(store: Store, deployment: Obj) -> None:
        pod, namespace = deployment["spec"]["template"]["spec"], namespace_of(deployment)
        found = store.find("ServiceAccount", namespace, pod.get("serviceAccountName", ""))
        if found and rehearsal.may_change(found):
            rehearsal.put_back(lambda: _create(store, "ServiceAccount", found))
            store.delete("ServiceAccount", namespace, name_of(found))

    as_server_comes(rehearsal, delete, _has_no_account)


def _has_no_account(store: Store, deployment: Obj) -> bool:
    name = deployment["spec"]["template"]["spec"].get("serviceAccountName", "")
    return not store.find("ServiceAccount", namespace_of(deployment), name)
