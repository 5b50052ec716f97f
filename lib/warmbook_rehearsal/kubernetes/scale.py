"""The Scale of a Deployment or a ReplicaSet: its number of replicas and nothing else."""

from __future__ import annotations

from typing import Any

from .errors import Cause, bad_request, invalid
from .kinds import Kind
from .objects import Obj
from .selectors import text_of


def scale_of(obj: Obj) -> Obj:
    """Return the object's Scale."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: obj["metadata"][key] for key in kept},
        "spec": {"replicas": obj["spec"].get("replicas", 0)},
        "status": {
            "replicas": (obj.get("status") or {}).get("replicas", 0),
            "selector": text_of(obj["spec"]["selector"]),
        },
    }


def replicas_in(kind: Kind, name: str, scale: Any) -> int:
    """Return the number of replicas that a Scale asks for.

    Raises:
        ApiError: 400, it is no Scale; 422, the number is negative.
    """
    spec = scale.get("spec") if isinstance(scale, dict) else None
    replicas = (spec or {}).get("replicas", 0) if isinstance(spec or {}, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas >= 2**31:
        raise bad_request('Scale in version "v1" cannot be handled as a Scale: wrong spec.replicas')
    if replicas < 0:
        said = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(kind, name, [Cause("FieldValueInvalid", said, "spec.replicas")])
    return replicas
