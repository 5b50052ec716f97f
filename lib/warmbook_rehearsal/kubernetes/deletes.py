"""DELETE on the API server: one object, or all that fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .errors import ApiError, bad_request, conflict
from .objects import Obj, name_of, namespace_of, uid_of
from .reads import object_list
from .request import Call, answer

_POLICIES = ("Background", "Foreground", "Orphan")
_ANSWERED_WITH = ("Pod", "Service", "ServiceAccount")
"""Kinds whose deletion is answered with the object itself, also when it is gone at once."""


@dataclass(frozen=True)
class _Options:
    """How to delete (`DeleteOptions`)."""

    propagation: str
    grace_s: float | None
    preconditions: Obj
    dry_run: bool


async def delete(call: Call) -> web.StreamResponse:
    """Delete one object; answer with it if it stays a while, else with its last words."""
    options = await _options(call)
    obj = call.store.get(call.kind.kind, call.namespace, call.name)
    _delete(call, obj, options)
    left = call.store.find(call.kind.kind, call.namespace, call.name)
    if left is None or options.dry_run:
        left = obj if call.kind.kind in _ANSWERED_WITH else None
    return answer(left or _success(call, obj))


async def delete_all(call: Call) -> web.StreamResponse:
    """Delete every object that fits the selectors."""
    options = await _options(call)
    found = call.store.list(
        call.kind.kind,
        call.namespace,
        labels=call.option("labelSelector"),
        fields=call.option("fieldSelector"),
    )
    for obj in found:
        _delete(call, obj, options)
    return await object_list(call, found, {"resourceVersion": str(call.store.history.version)})


def _delete(call: Call, obj: Obj, options: _Options) -> None:
    for field, had in obj["metadata"].items():
        wanted = options.preconditions.get(field)
        if field in ("uid", "resourceVersion") and wanted not in (None, had):
            label = "UID" if field == "uid" else "ResourceVersion"
            why = (
                f"Precondition failed: {label} in precondition: {wanted}, {label} in object "
                f"meta: {had}"
            )
            raise conflict(call.kind, name_of(obj), why)
    if not options.dry_run:
        call.store.delete(
            call.kind.kind,
            namespace_of(obj),
            name_of(obj),
            grace_s=options.grace_s,
            propagation=options.propagation,
        )


async def _options(call: Call) -> _Options:
    body = await call.body()
    given: Any = body if body is not None else {}
    if not isinstance(given, dict):
        raise bad_request("the body of a DELETE is DeleteOptions")
    # a Job's Pods outlive it unless the caller says otherwise: batch/v1 has it so
    default = "Orphan" if call.kind.kind == "Job" else "Background"
    orphan = given.get("orphanDependents", call.flag("orphanDependents") or None)
    if orphan is not None:
        default = "Orphan" if orphan else "Background"
    policy = given.get("propagationPolicy") or call.option("propagationPolicy") or default
    if policy not in _POLICIES:
        said = (
            f'propagationPolicy: Unsupported value: "{policy}": supported values: "Foreground", '
            '"Background", "Orphan", "nil"'
        )
        raise ApiError(422, "Invalid", f'DeleteOptions.meta.k8s.io "" is invalid: {said}')
    preconditions = given.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("preconditions is an object")
    return _Options(policy, _grace_s(call, given), preconditions, _dry_run(call, given))


def _grace_s(call: Call, given: Obj) -> float | None:
    grace = given.get("gracePeriodSeconds", call.number("gracePeriodSeconds"))
    if grace is None:
        return None
    if isinstance(grace, bool) or not isinstance(grace, int) or abs(grace) >= 2**63:
        raise bad_request("gracePeriodSeconds is a number of seconds")
    return float(max(grace, 1 if grace < 0 else 0))


def _dry_run(call: Call, given: Obj) -> bool:
    return call.dry_run or given.get("dryRun") == ["All"]


def _success(call: Call, obj: Obj) -> Obj:
    group = {"group": call.kind.group} if call.kind.group else {}
    details = {"name": name_of(obj), **group, "kind": call.kind.plural, "uid": uid_of(obj)}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
