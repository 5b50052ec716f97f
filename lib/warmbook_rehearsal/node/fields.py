"""What a container may be told of its own Pod: fields, and its resources as numbers.

Source: Kubernetes, "Downward API"; pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from ..kubernetes import Store
from ..kubernetes.quantities import number

Obj = dict[str, Any]

_ENTRY = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
HOST = "127.0.0.1"


class Fields:
    """The fields of one Pod, as they are now."""

    def __init__(self, store: Store, pod: Obj, address: str) -> None:
        self._store, self._first, self._address = store, pod, address

    def field(self, path: str) -> str | None:
        """Return what a fieldPath says, None if the rehearsal knows no such field."""
        pod = self._pod()
        metadata, spec = pod["metadata"], pod["spec"]
        if entry := _ENTRY.fullmatch(path):
            return str((metadata.get(entry[1]) or {}).get(entry[2], ""))
        if path in ("metadata.labels", "metadata.annotations"):
            return _lines(metadata.get(path.partition(".")[2]) or {})
        return {
            "metadata.name": metadata["name"],
            "metadata.namespace": metadata["namespace"],
            "metadata.uid": metadata["uid"],
            "spec.nodeName": spec.get("nodeName", ""),
            "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
            "status.podIP": self._address,
            "status.podIPs": self._address,
            "status.hostIP": HOST,
            "status.hostIPs": HOST,
        }.get(path)

    def resource(self, reference: Obj, container: str) -> str | None:
        """Return a request or limit by its divisor, rounded up; None if there is no such one.

        A limit that is not set is what the node has to give.
        """
        kind, _, name = reference["resource"].partition(".")
        spec = self._container(reference.get("containerName") or container)
        if spec is None or kind not in ("limits", "requests"):
            return None
        value = ((spec.get("resources") or {}).get(kind) or {}).get(name)
        if value is None and kind == "limits":
            value = self._allocatable().get(name)
        divisor = number(reference.get("divisor") or 0) or 1
        return str(math.ceil(number(value or 0) / divisor))

    def _pod(self) -> Obj:
        metadata = self._first["metadata"]
        found = self._store.find("Pod", metadata["namespace"], metadata["name"])
        return found if found and found["metadata"]["uid"] == metadata["uid"] else self._first

    def _container(self, name: str) -> Obj | None:
        spec = self._first["spec"]
        known = [*spec["containers"], *(spec.get("initContainers") or ())]
        return next((one for one in known if one["name"] == name), None)

    def _allocatable(self) -> Obj:
        node = self._store.find("Node", None, self._first["spec"].get("nodeName", ""))
        return ((node or {}).get("status") or {}).get("allocatable") or {}


def _lines(entries: Mapping[str, str]) -> str:
    """Return a map as the kubelet writes it into a file: a sorted KEY="VALUE" on each line."""
    return "\n".join(
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in sorted(entries.items())
    )
