"""Endpoints: the addresses of the ready Pods behind each Service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..history import Change
from ..objects import Obj, labels_of, name_of, namespace_of, terminating, uid_of
from ..store import Key, Store
from .pods_of import MANAGER, ready
from .queue_keys import key_of


class EndpointsOfServices:
    """The Endpoints controller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the Service, and those that a Pod is or was behind."""
        if change.kind == "Service":
            return [key_of(change.obj)]
        if change.kind != "Pod":
            return []
        services = self._store.list("Service", namespace_of(change.obj))
        return [key_of(service) for service in services if _behind(change.obj, service)]

    def reconcile(self, key: Key) -> None:
        """Bring the Endpoints of one Service up to date."""
        service, endpoints = (self._store.find(kind, *key) for kind in ("Service", "Endpoints"))
        if service is None:
            if endpoints is not None:
                self._store.remove("Endpoints", *key)
            return
        if not (service["spec"].get("selector")) or terminating(service):
            return
        pods = [pod for pod in self._store.list("Pod", key[0]) if _behind(pod, service)]
        subsets = _subsets(service, pods)
        if endpoints is None:
            metadata = {"name": key[1], "namespace": key[0], "labels": labels_of(service)}
            body = {"metadata": metadata, "subsets": subsets}
            self._store.create("Endpoints", body, manager=MANAGER)
            return

        def change(new: Obj) -> None:
            new["subsets"] = subsets

        self._store.update("Endpoints", *key, change, manager=MANAGER)


def _behind(pod: Obj, service: Obj) -> bool:
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels_of(pod).items()


def _subsets(service: Obj, pods: Iterable[Obj]) -> list[Obj]:
    known = [pod for pod in pods if (pod.get("status") or {}).get("podIP") and not terminating(pod)]
    if not known:
        return []
    subset: dict[str, Any] = {
        "addresses": [_address(pod) for pod in known if ready(pod)],
        "notReadyAddresses": [_address(pod) for pod in known if not ready(pod)],
        "ports": [_port(port, known[0]) for port in service["spec"].get("ports") or ()],
    }
    return [{key: value for key, value in subset.items() if value}]


def _address(pod: Obj) -> Obj:
    target = {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod)}
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": {**target, "uid": uid_of(pod)},
    }


def _port(port: Obj, pod: Obj) -> Obj:
    target = port.get("targetPort") or port["port"]
    if isinstance(target, str):
        named = (
            known["containerPort"]
            for container in pod["spec"]["containers"]
            for known in container.get("ports") or ()
            if known.get("name") == target
        )
        target = next(named, port["port"])
    found = {"port": target, "protocol": port.get("protocol", "TCP")}
    return {"name": port["name"], **found} if port.get("name") else found
