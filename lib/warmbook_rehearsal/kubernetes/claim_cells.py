"""The rows of persistent volumes and of claims.

Source: Kubernetes, pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from typing import Any

from .cells import created
from .objects import Obj, name_of, terminating

CLAIM_COLUMNS = (
    "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|[VolumeMode]"
)
VOLUME_COLUMNS = (
    "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass"
    "|Reason|Age|[VolumeMode]"
)
_SHORT = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_UNSET = "<unset>"


def claim(obj: Obj) -> list[Any]:
    """Return a claim's row."""
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        name_of(obj),
        _phase(obj),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", ""),
        _modes(status),
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or _UNSET,
        created(obj),
        spec.get("volumeMode", "Filesystem"),
    ]


def volume(obj: Obj) -> list[Any]:
    """Return a volume's row."""
    spec = obj["spec"]
    reference = spec.get("claimRef") or {}
    return [
        name_of(obj),
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec),
        spec.get("persistentVolumeReclaimPolicy", "Retain"),
        _phase(obj),
        f"{reference['namespace']}/{reference['name']}" if reference else "",
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or _UNSET,
        "",
        created(obj),
        spec.get("volumeMode", "Filesystem"),
    ]


def _phase(obj: Obj) -> str:
    if terminating(obj):
        return "Terminating"
    return str((obj.get("status") or {}).get("phase", ""))


def _modes(of: Obj) -> str:
    return ",".join(_SHORT.get(mode, mode) for mode in of.get("accessModes") or ())
