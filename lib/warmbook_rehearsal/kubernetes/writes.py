"""POST, PUT, PATCH on the API server: create, replace, change objects."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from . import apply as server_side
from . import schema as schemas
from .admission import admit
from .decoding import decode
from .errors import ApiError, bad_request, conflict, modified
from .objects import Obj
from .patches import json_patch, merge_patch, strategic_merge_patch
from .request import Call, answer
from .scale import replicas_in, scale_of
from .validation import check

READER = "you@example.com"
"""Whose token the rehearsal hands out."""

_FROM_SERVER = (
    *("uid", "creationTimestamp", "generation", "selfLink"),
    *("deletionTimestamp", "deletionGracePeriodSeconds"),
)

_ALL = ["*"]
_REVIEWS: Mapping[str, Obj] = {
    "SelfSubjectAccessReview": {
        "allowed": True,
        "reason": "the rehearsal's reader is cluster-admin",
    },
    "SelfSubjectRulesReview": {
        "incomplete": False,
        "resourceRules": [{"verbs": _ALL, "apiGroups": _ALL, "resources": _ALL}],
        "nonResourceRules": [{"verbs": _ALL, "nonResourceURLs": _ALL}],
    },
    "SelfSubjectReview": {
        "userInfo": {"username": READER, "groups": ["system:authenticated", "system:masters"]}
    },
}


async def create(call: Call) -> web.StreamResponse:
    """Store a new object."""
    body = await call.body()
    call.store.fault_hooks.arrive(call.kind.kind, body)
    obj, warnings = decode(call.kind, body, call.validation)
    return _created(call, obj, warnings)


def _created(call: Call, obj: Obj, warnings: list[str], *, owned: bool = False) -> web.Response:
    if not owned:
        obj["metadata"].pop("managedFields", None)
    _place(call, obj)
    check(call.kind, obj)
    admit(call.store, call.kind.kind, obj)
    manager = "" if owned else call.manager
    stored = call.store.create(call.kind.kind, obj, manager=manager, dry_run=call.dry_run)
    return answer(stored, 201, warnings)


def _place(call: Call, obj: Obj) -> None:
    """See that the object is where the address says."""
    metadata = obj["metadata"]
    if call.namespace is not None and metadata.setdefault("namespace", call.namespace) != (
        call.namespace
    ):
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if call.name and metadata.setdefault("name", call.name) != call.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL "
            f"({call.name})"
        )


async def review(call: Call) -> web.StreamResponse:
    """Answer who the caller is and what they may do: in the rehearsal the reader may do all."""
    asked, warnings = decode(call.kind, await call.body(), call.validation)
    asked["status"] = copy.deepcopy(_REVIEWS[call.kind.kind])
    return answer(asked, 201, warnings)


async def replace(call: Call) -> web.StreamResponse:
    """Put a whole object in the place of another."""
    body = await call.body()
    old = call.store.get(call.kind.kind, call.namespace, call.name)
    if call.subresource == "scale":
        return _scaled(call, old, body)
    return _stored(call, old, body)


async def patch(call: Call) -> web.StreamResponse:
    """Change an object by any of the four kinds of patch."""
    kind = call.patch
    body = await call.body()
    call.store.fault_hooks.arrive(call.kind.kind, body)
    if kind == "apply":
        return _applied(call, body)
    if call.flag("force"):
        said = "force: Forbidden: may not be specified for non-apply patch"
        raise ApiError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {said}')
    old = call.store.get(call.kind.kind, call.namespace, call.name)
    if call.subresource == "scale":
        return _scaled(call, old, _patched(kind, {}, scale_of(old), body))
    return _stored(call, old, _patched(kind, schemas.of_kind(call.kind.kind), old, body))


def _patched(kind: str, schema: schemas.Schema, old: Obj, body: Any) -> Any:
    if kind == "json":
        return json_patch(old, body)
    if not isinstance(body, dict):
        raise bad_request("error decoding patch: a merge patch is an object")
    if kind == "merge":
        return merge_patch(old, body)
    return strategic_merge_patch(schema, old, body)


def _stored(call: Call, old: Obj, body: Any) -> web.Response:
    """Check and store what an object is to become."""
    new, warnings = decode(call.kind, body, call.validation)
    _place(call, new)
    _see_preconditions(call, old, new)
    new = _merged_parts(call, old, copy.deepcopy(new))
    check(call.kind, new, old)
    kept = call.store.replace(
        call.kind.kind,
        new,
        manager=call.manager,
        subresource=call.subresource,
        dry_run=call.dry_run,
    )
    return answer(kept, 200, warnings)


def _see_preconditions(call: Call, old: Obj, new: Obj) -> None:
    had, wants = old["metadata"], new["metadata"]
    if wants.get("resourceVersion", had["resourceVersion"]) != had["resourceVersion"]:
        raise modified(call.kind, call.name)
    if wants.get("uid", had["uid"]) != had["uid"]:
        why = (
            f"Precondition failed: UID in precondition: {wants['uid']}, UID in object meta: "
            f"{had['uid']}"
        )
        raise conflict(call.kind, call.name, why)


def _merged_parts(call: Call, old: Obj, new: Obj) -> Obj:
    """Take from `new` what this address may change, the rest from `old`."""
    if call.subresource == "status":
        return {**copy.deepcopy(old), "status": new.get("status", {})}
    if "status" in call.kind.subresources and "status" in old:
        new["status"] = copy.deepcopy(old["status"])
    for field in _FROM_SERVER:
        new["metadata"].pop(field, None)
        if field in old["metadata"]:
            new["metadata"][field] = old["metadata"][field]
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
    new["metadata"].pop("managedFields", None)
    if "managedFields" in old["metadata"]:
        new["metadata"]["managedFields"] = copy.deepcopy(old["metadata"]["managedFields"])
    return new


def _applied(call: Call, body: Any) -> web.Response:
    manager = call.option("fieldManager")
    if not manager:
        said = "fieldManager: Required value: is required for apply patch"
        raise ApiError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {said}')
    if call.subresource:
        raise bad_request(f"the rehearsal does not apply the subresource {call.subresource}")
    if not isinstance(body, dict) or not (body.get("apiVersion") and body.get("kind")):
        raise bad_request("error decoding YAML: Object 'Kind' is missing")
    wanted, warnings = decode(call.kind, body, call.validation)
    _place(call, wanted)
    if wanted["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    live = call.store.find(call.kind.kind, call.namespace, call.name)
    if live is not None:
        _see_preconditions(call, live, wanted)
        for field in (*_FROM_SERVER, "resourceVersion"):
            wanted["metadata"].pop(field, None)
    if "status" in call.kind.subresources:
        wanted.pop("status", None)
    merged = server_side.apply(call.kind.kind, live, wanted, manager, force=call.flag("force"))
    if live is None:
        return _created(call, merged, warnings, owned=True)
    call.store.fault_hooks.admit(call.kind.kind, merged)
    check(call.kind, merged, live)
    kept = call.store.replace(
        call.kind.kind, merged, manager=manager, owned=True, dry_run=call.dry_run
    )
    return answer(kept, 200, warnings)


def _scaled(call: Call, old: Obj, scale: Any) -> web.Response:
    replicas = replicas_in(call.kind, call.name, scale)
    asked = (scale.get("metadata") or {}) if isinstance(scale, dict) else {}
    version = asked.get("resourceVersion") if isinstance(asked, dict) else None
    if version not in (None, "", old["metadata"]["resourceVersion"]):
        raise modified(call.kind, call.name)
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = replicas
    kept = call.store.replace(
        call.kind.kind, new, manager=call.manager, subresource="scale", dry_run=call.dry_run
    )
    return answer(scale_of(kept))
