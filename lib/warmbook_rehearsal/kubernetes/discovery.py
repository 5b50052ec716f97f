"""What the API server says of itself: groups, resources, OpenAPI v3, version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from . import schema as schemas
from .errors import no_such_path
from .kinds import GROUPS, KINDS, Kind
from .objects import Obj

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_SUBRESOURCE_KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "log": ("Pod", ("get",)),
    "exec": ("PodExecOptions", ("create", "get")),
    "portforward": ("PodPortForwardOptions", ("create", "get")),
    "proxy": ("PodProxyOptions", ("create", "delete", "get", "patch", "update")),
}


def version(git_version: str) -> Obj:
    """Return the answer to `/version`."""
    major, minor = git_version.lstrip("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": git_version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "python",
        "platform": "linux/amd64",
    }


def core_versions() -> Obj:
    """Return the answer to `/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list() -> Obj:
    """Return the answer to `/apis`."""
    groups = [_group(name) for name in GROUPS]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str) -> Obj:
    """Return the answer to `/apis/GROUP`."""
    if name not in GROUPS:
        raise no_such_path()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def _group(name: str) -> Obj:
    served = {"groupVersion": f"{name}/{GROUPS[name]}", "version": GROUPS[name]}
    return {"name": name, "versions": [served], "preferredVersion": served}


def resource_list(group_name: str) -> Obj:
    """Return the answer to `/api/v1` (group "") or `/apis/GROUP/VERSION`."""
    kinds = _kinds_of(group_name)
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": kinds[0].api_version,
        "resources": [entry for kind in kinds for entry in _entries(kind)],
    }


def _kinds_of(group_name: str) -> list[Kind]:
    kinds = [kind for kind in KINDS.values() if kind.group == group_name]
    if not kinds:
        raise no_such_path()
    return kinds


def _entries(kind: Kind) -> list[Obj]:
    own = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(_VERBS) if kind.stored else ["create"],
    }
    if kind.short:
        own["shortNames"] = list(kind.short)
    if kind.categories:
        own["categories"] = list(kind.categories)
    return [own, *(_subresource(kind, name) for name in kind.subresources)]


def _subresource(kind: Kind, name: str) -> Obj:
    common = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
    if name == "scale":
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        return {**common, **scale, "verbs": ["get", "patch", "update"]}
    of, verbs = _SUBRESOURCE_KINDS.get(name, (kind.kind, ("get", "patch", "update")))
    return {**common, "kind": of, "verbs": list(verbs)}


def openapi_index() -> Obj:
    """Return the answer to `/openapi/v3`."""
    paths = ["api/v1", *(f"apis/{name}/{version}" for name, version in GROUPS.items())]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


@cache
def openapi(group_name: str) -> Obj:
    """Return the OpenAPI v3 document of a group.

    The `fieldValidation` parameter of PATCH is what lets kubectl leave validation to the server.
    """
    paths: Obj = {}
    for kind in _kinds_of(group_name):
        middle = "/namespaces/{namespace}" if kind.namespaced else ""
        collection = f"{kind.path}{middle}/{kind.plural}"
        if not kind.stored:
            paths[collection] = {"post": _operation(kind, "post")}
            continue
        paths[collection] = {"get": _operation(kind, "list"), "post": _operation(kind, "post")}
        paths[f"{collection}/{{name}}"] = {
            verb: _operation(kind, verb) for verb in ("get", "put", "patch", "delete")
        }
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": schemas.VERSION},
        "paths": paths,
        "components": {"schemas": components(group_name)},
    }


def _operation(kind: Kind, action: str) -> Obj:
    name = schemas.full_name(kind.kind + ("List" if action == "list" else ""))
    content = {"application/json": {"schema": {"$ref": schemas.REF + name}}}
    found: Obj = {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {
            "group": kind.group,
            "version": kind.version,
            "kind": kind.kind,
        },
        "responses": {"200": {"description": "OK", "content": content}},
    }
    if action in ("post", "put", "patch"):
        names = ("dryRun", "fieldManager", "fieldValidation")
        found["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for name in (*names, *(["force"] if action == "patch" else []))
        ]
    return found


def components(group_name: str) -> Obj:
    """Return the definitions of a group's kinds and all that they refer to."""
    wanted = [
        schemas.full_name(name)
        for kind in _kinds_of(group_name)
        for name in ([kind.kind, f"{kind.kind}List"] if kind.stored else [kind.kind])
    ]
    found: Obj = {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = schemas.definitions()[name]
            wanted += re.findall(schemas.REF + r"([\w.\-]+)", repr(found[name]))
    return found
