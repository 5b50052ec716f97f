"""OpenAPI v2: one document for all groups, made of the same definitions as v3's.

Source: Kubernetes' api/openapi-spec/swagger.json for the form; kube-openapi, pkg/handler, for
what is answered to which Accept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aiohttp import web

from . import go_json, openapi_v2_protobuf
from . import schema as schemas
from .discovery import components
from .errors import ApiError
from .kinds import KINDS, Kind
from .objects import Obj

JSON = "application/json"
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_OLD_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_FORMS: Mapping[str, str] = {
    **dict.fromkeys((JSON, "application/*", "*/*"), JSON),
    **dict.fromkeys((PROTOBUF, _OLD_PROTOBUF), PROTOBUF),
}
_DEFINITIONS = "#/definitions/"
_EITHER: Mapping[str, Obj] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "type": "string",
        "format": "int-or-string",
    },
}
"""What v2, which knows no choice of types, says of them."""


async def answer(request: web.Request) -> web.Response:
    """Answer with the document in the form that the caller likes best.

    Raises:
        ApiError: 406, in none that there is.
    """
    form = _wanted(request.headers.get("Accept", ""))
    if form == PROTOBUF:
        return web.Response(body=_as_protobuf(), headers={"Content-Type": PROTOBUF})
    return web.Response(text=_as_json(), content_type=JSON)


def _wanted(accept: str) -> str:
    for part in _by_quality(accept or JSON):
        if form := _FORMS.get(part):
            return form
    raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {JSON}")


def _by_quality(accept: str) -> list[str]:
    found = []
    for part in accept.split(","):
        media, *parameters = (word.strip() for word in part.split(";"))
        said = [word[2:] for word in parameters if word.startswith("q=")]
        found.append((-_number(said[0]) if said else -1.0, media))
    return [media for quality, media in sorted(found, key=lambda one: one[0]) if quality]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@cache
def _as_json() -> str:
    return go_json.dumps(document())


@cache
def _as_protobuf() -> bytes:
    return openapi_v2_protobuf.encode(document())


def document() -> Obj:
    """Return the document."""
    groups = dict.fromkeys(kind.group for kind in KINDS.values())
    definitions = {name: s for group in groups for name, s in components(group).items()}
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": schemas.VERSION},
        "paths": dict(path for kind in KINDS.values() for path in _paths(kind)),
        "definitions": {name: _definition(name, s) for name, s in sorted(definitions.items())},
    }


def _definition(name: str, schema: Mapping[str, Any]) -> Obj:
    return {**_EITHER[name]} if name in _EITHER else _rewritten(schema)


def _rewritten(value: Any) -> Any:
    """Return a schema with its references as v2 writes them."""
    if isinstance(value, Mapping):
        return {key: _rewritten(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rewritten(inner) for inner in value]
    if isinstance(value, str) and value.startswith(schemas.REF):
        return _DEFINITIONS + value.removeprefix(schemas.REF)
    return value


def _paths(kind: Kind) -> Iterator[tuple[str, Obj]]:
    middle = "/namespaces/{namespace}" if kind.namespaced else ""
    collection = f"{kind.path}{middle}/{kind.plural}"
    within = [_place("namespace")] if kind.namespaced else []
    many = ("list", "post") if kind.stored else ("post",)
    methods = {"list": "get"}
    item: Obj = {methods.get(action, action): _operation(kind, action) for action in many}
    yield collection, {**item, "parameters": within} if within else item
    if kind.stored:
        one: Obj = {
            action: _operation(kind, action) for action in ("get", "put", "patch", "delete")
        }
        yield f"{collection}/{{name}}", {**one, "parameters": [*within, _place("name")]}


def _place(name: str) -> Obj:
    return {"name": name, "in": "path", "required": True, "type": "string"}


def _operation(kind: Kind, action: str) -> Obj:
    name = schemas.full_name(kind.kind + ("List" if action == "list" else ""))
    schema = {"$ref": _DEFINITIONS + name}
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    return {
        "operationId": f"{action}{kind.group.title().replace('.', '')}{kind.kind}",
        "parameters": [*_query(action), *_body(kind, action)],
        "responses": {"200": {"description": "OK", "schema": schema}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": gvk,
    }


def _query(action: str) -> Iterator[Obj]:
    if action in ("post", "put", "patch"):
        names = ("dryRun", "fieldManager", "fieldValidation")
        for name in (*names, *(["force"] if action == "patch" else [])):
            yield {"name": name, "in": "query", "type": "string", "uniqueItems": True}


def _body(kind: Kind, action: str) -> Iterator[Obj]:
    if action in ("post", "put", "patch"):
        whole = {"$ref": _DEFINITIONS + schemas.full_name(kind.kind)}
        schema = {"type": "object"} if action == "patch" else whole
        yield {"name": "body", "in": "body", "required": True, "schema": schema}
