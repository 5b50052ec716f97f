"""Requests drawn from an API's own description: Google's discovery documents, and OpenAPI v3."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import strategies as st

Schema = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

DEEPEST = 5
MOST_FIELDS = 4
NUMBERS = (0, 1, -1, 2**31, -(2**63), 2**64, 1.5, 1e308)
WORDS = ("", "x", "-", "é", "\x00", "a/b", "%2F", "9" * 40, "x" * 300)
WRONG = st.sampled_from((None, True, False, [], {}, [[]], {"x": {}}, *NUMBERS, *WORDS))
TIMES = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+14:00", "0001-01-01T00:00:00Z", "now")
FORMATS = {
    **dict.fromkeys(("int64", "uint64", "int32", "uint32"), ("1", "0", "-1", "9" * 19)),
    **dict.fromkeys(("google-datetime", "date-time", "micro-time"), TIMES),
    **dict.fromkeys(("google-duration", "duration"), ("3600s", "1.5s", "-1s", "1h")),
    "byte": ("", "AAAA", "=", "é"),
    "google-fieldmask": ("", "labels", "a.b,c", "*"),
    "int-or-string": (1, "1", "25%", "x", -1),
    "quantity": ("1", "1Gi", "100m", "-1", "1e3", ".5"),
}
PATCHES = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


@dataclass(frozen=True)
class Method:
    """A call of an API, as its description has it; `media` are what its body may be sent as."""

    verb: str
    path: str
    query: Mapping[str, Schema] = field(hash=False)
    body: Schema | None = field(hash=False)
    media: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True)
class Description:
    """An API's methods and the schemas that they refer to by name."""

    methods: tuple[Method, ...]
    schemas: Mapping[str, Schema]


def of_discovery(name: str) -> Description:
    """Return an API from Google's discovery document, which their Python client carries."""
    pytest.importorskip("googleapiclient", reason="google-api-python-client is not installed")
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    prefix = "/" + document["servicePath"]
    methods = (_of_google(one, prefix, document["parameters"]) for one in _methods(document))
    return Description(tuple(methods), document["schemas"])


def _methods(resource: Schema) -> Iterator[Schema]:
    yield from resource.get("methods", {}).values()
    for below in resource.get("resources", {}).values():
        yield from _methods(below)


def _of_google(method: Schema, prefix: str, common: Mapping[str, Schema]) -> Method:
    own = {name: one for name, one in method.get("parameters", {}).items()}
    query = {name: one for name, one in own.items() if one["location"] == "query"}
    path = prefix + method.get("flatPath", method["path"])
    return Method(method["httpMethod"], path, {**common, **query}, method.get("request"))


def of_openapi(document: Schema) -> Description:
    """Return an API from an OpenAPI v3 document; what a method returns is what it takes."""
    methods = (
        _of_operation(verb, path, operation)
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
    )
    return Description(tuple(methods), document["components"]["schemas"])


def _of_operation(verb: str, path: str, operation: Schema) -> Method:
    query = {one["name"]: one["schema"] for one in operation.get("parameters", ())}
    returned = operation["responses"]["200"]["content"]["application/json"]["schema"]
    media = PATCHES if verb == "patch" else ("application/json",)
    return Method(verb.upper(), path, query, returned if query else None, media)


@dataclass(frozen=True)
class Request:
    """A request as it is spelled on the wire."""

    verb: str
    target: str
    body: Any = field(hash=False)
    media: str


@st.composite
def requests(draw: Draw, description: Description, known: Mapping[str, Sequence[Any]]) -> Request:
    """Draw a request of one of the methods.

    `known` has values by the name of a field or of a part of the path that get a request past the
    first look at it. In half of the requests about one value in eight is odd or of a wrong type.
    """
    method, odd = draw(st.sampled_from(description.methods)), draw(st.booleans())
    values = _Values(draw, description.schemas, known, odd)
    path = re.sub(r"\{\+?(\w+)\}", lambda part: values.part(part[1]), method.path)
    asked = (
        draw(st.lists(st.sampled_from(sorted(method.query)), max_size=3)) if method.query else []
    )
    query = [(name, _said(values.of(method.query[name], name))) for name in asked]
    body = None if method.body is None else values.of(method.body, "")
    target = f"{path}?{urlencode(query)}" if query else path
    return Request(method.verb, target[:8000], body, draw(st.sampled_from(method.media)))


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Values:
    """Draws values that fit a schema; if `odd`, some that do not."""

    def __init__(
        self,
        draw: Draw,
        schemas: Mapping[str, Schema],
        known: Mapping[str, Sequence[Any]],
        odd: bool,
    ) -> None:
        self._draw, self._schemas, self._known, self._odd = draw, schemas, known, odd

    def part(self, name: str) -> str:
        """Return a part of the path."""
        choice = WORDS if self._chance() else self._known.get(name, ("x",))
        return quote(str(self._draw(st.sampled_from(choice))), safe="")

    def of(self, schema: Schema, name: str, depth: int = 0) -> Any:
        """Return a value of a field of that name."""
        if self._chance():
            return self._draw(WRONG)
        if name in self._known and self._draw(st.integers(0, 3)):
            return self._draw(st.sampled_from(self._known[name]))
        return self._fitting(self._resolved(schema), name, depth)

    def _chance(self) -> bool:
        return self._odd and self._draw(st.integers(0, 7)) == 7

    def _resolved(self, schema: Schema) -> Schema:
        for inner in schema.get("allOf", ()):
            schema = {**inner, **schema}
        if "$ref" in schema:
            return self._resolved(self._schemas[schema["$ref"].rpartition("/")[2]])
        return schema

    def _fitting(self, schema: Schema, name: str, depth: int) -> Any:
        kind, shape = schema.get("type", "object"), schema.get("format", "")
        if schema.get("repeated") or kind == "array":
            inner = schema.get("items", {**schema, "repeated": False})
            count = self._draw(st.integers(0, 2))
            return [self.of(inner, name, depth + 1) for _ in range(count)]
        if shape in FORMATS and kind != "integer":
            return self._draw(st.sampled_from(FORMATS[shape]))
        if kind == "object":
            return self._object(schema, depth)
        return self._draw(self._scalar(kind, schema.get("enum")))

    def _object(self, schema: Schema, depth: int) -> Any:
        if "properties" not in schema:
            inner = schema.get("additionalProperties")
            inner = inner if isinstance(inner, dict) else {"type": "string"}
            return {"a": self.of(inner, "", depth + 1)} if self._draw(st.booleans()) else {}
        properties = schema["properties"]
        chosen = st.lists(st.sampled_from(sorted(properties)), max_size=MOST_FIELDS)
        names = set(self._draw(chosen)) if properties and depth < DEEPEST else set()
        names |= {*schema.get("required", ()), *(["metadata"] if _kind(schema) else [])}
        drawn = {name: self.of(properties[name], name, depth + 1) for name in sorted(names)}
        return drawn if self._chance() else {**drawn, **_kind(schema)}

    def _scalar(self, kind: str, enum: Sequence[str] | None) -> st.SearchStrategy[Any]:
        if enum:
            return st.sampled_from(tuple(enum))
        if kind == "boolean":
            return st.booleans()
        if kind in ("integer", "number"):
            return st.integers(-1, 3) | st.sampled_from(NUMBERS)
        return st.sampled_from(WORDS) | st.text(max_size=5)


def _kind(schema: Schema) -> Schema:
    """Return what every object of a Kubernetes kind begins with."""
    for one in schema.get("x-kubernetes-group-version-kind", ())[:1]:
        version = f"{one['group']}/{one['version']}" if one["group"] else one["version"]
        return {"apiVersion": version, "kind": one["kind"]}
    return {}
