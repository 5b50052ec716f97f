"""Event objects: what a component tells about an object."""

from __future__ import annotations

import time

from .objects import Obj, name_of, namespace_of, now, uid_of


def event_object(about: Obj, reason: str, message: str, kind_of: str, source: str) -> Obj:
    """Return a new Event about an object; `kind_of` is Normal or Warning."""
    namespace = namespace_of(about) or "default"
    at = now()
    return {
        "metadata": {"name": f"{name_of(about)}.{time.time_ns():x}", "namespace": namespace},
        "involvedObject": {
            "kind": about["kind"],
            **({"namespace": namespace} if namespace_of(about) else {}),
            "name": name_of(about),
            "uid": uid_of(about),
            "apiVersion": about["apiVersion"],
            "resourceVersion": about["metadata"]["resourceVersion"],
        },
        "reason": reason,
        "message": message,
        "source": {"component": source},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "type": kind_of,
        "eventTime": None,
        "reportingComponent": source,
        "reportingInstance": "",
    }
