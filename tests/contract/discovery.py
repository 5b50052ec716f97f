"""One exchange with Google's HTTP APIs against the documents that Google wrote about them.

The witness: the discovery documents that google-api-python-client carries. What they don't tell,
the numbers of enum values, is in the message types of Google's client libraries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, resources
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from .enum_numbers import enum_names

Json = dict[str, Any]

DOCUMENTS = {
    "cloudbilling": ("cloudbilling.v1",),
    "cloudresourcemanager": ("cloudresourcemanager.v3", "cloudresourcemanager.v1"),
    "compute": ("compute.v1",),
    "container": ("container.v1",),
    "iam": ("iam.v1",),
    "monitoring": ("monitoring.v3",),
    "serviceusage": ("serviceusage.v1",),
    "storage": ("storage.v1",),
    "sts": ("sts.v1",),
}
"""The documents about each host, by the first part of its name."""

SYSTEM_PARAMETERS = {
    "$alt": "Google Cloud APIs, System parameters: the same as alt",
    "alt": "the same page; enum-encoding=int is sent by Google's own REST clients",
    "upload_id": "Cloud Storage, Resumable uploads: names the session in its URL",
    "userProject": "Cloud Storage, Requester Pays: common to all methods",
}
"""Query parameters that methods need not list, with where they are documented."""

UNDESCRIBED = (
    ("cloudquotas", "", "the client carries no document of Cloud Quotas"),
    ("storage", r"(PUT|POST|DELETE) /(resumable/)?upload/", "a session's chunks, by its URL"),
    ("storage", r"\w+ /(?!storage/|upload/|download/|resumable/|batch)", "the XML API has none"),
)
"""Exchanges that no document describes: host, method and path, and why."""

_ANY_ERROR = {"code", "details", "errors", "message", "status"}
_DURATION, _NUMBER = r"-?\d+(\.\d{1,9})?s", r"-?\d+"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"
_STRINGS = {
    **dict.fromkeys(("google-datetime", "date-time"), _TIME),
    **dict.fromkeys(("int64", "uint64"), _NUMBER),
    "byte": r"[A-Za-z0-9+/_-]*={0,2}",
    "date": r"\d{4}-\d\d-\d\d",
    "google-duration": _DURATION,
    "google-fieldmask": r"([A-Za-z0-9_.*]+(,[A-Za-z0-9_.*]+)*)?",
}
_BOUNDS = {"int32": (-(2**31), 2**31), "uint32": (0, 2**32)}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; `request` and `response` are None where there is no document."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    request: Any = field(hash=False)
    status: int
    response: Any = field(hash=False)

    @classmethod
    def of(cls, line: str) -> Exchange:
        """Read one line of a recording."""
        told = json.loads(line)
        query = tuple((name, value) for name, value in told["query"])
        return cls(
            *(told["method"], told["host"], told["path"], query),
            *(told.get("request"), told["status"], told.get("response")),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path} → {self.status}"


class Method(NamedTuple):
    """A method of a document, and what matches its path."""

    document: Json
    told: Json
    path: re.Pattern[str]
    literal: int
    """How many characters of the path are given: where two match, the longer is meant."""

    @property
    def name(self) -> str:
        return str(self.told["id"])


def read(lines: Iterable[str]) -> list[Exchange]:
    """Read a recording, or a tape of a live run."""
    return [Exchange.of(line) for line in lines if line.strip()]


def undescribed(exchange: Exchange) -> str:
    """Return why no document describes an exchange, "" if one must."""
    asked = f"{exchange.method} {exchange.path}"
    for name, pattern, why in UNDESCRIBED:
        if exchange.host.startswith(f"{name}.") and re.match(pattern, asked):
            return why
    return ""


def method_of(exchange: Exchange) -> Method | None:
    """Return the documented method that an exchange is of."""
    found = [
        one
        for one in _methods(exchange.host.partition(".")[0])
        if one.told["httpMethod"] == exchange.method and one.path.fullmatch(exchange.path)
    ]
    return max(found, key=lambda one: one.literal, default=None)


def deviations(exchange: Exchange) -> list[str]:
    """Return what an exchange has that Google's documents don't, [] if nothing."""
    method = method_of(exchange)
    if method is None:
        return [] if undescribed(exchange) else ["no such method"]
    found = [*_of_query(exchange, method)]
    schemas, query = method.document["schemas"], dict(exchange.query)
    if exchange.request is not None:
        asked = method.told.get("request")
        found += _of_body(_without_nulls(exchange.request), asked, _Body("request", schemas))
    if exchange.status >= 400:
        found += _of_error(exchange)
    elif exchange.response is not None and query.get("alt") != "media":
        numbers = "enum-encoding=int" in query.get("$alt", "") + query.get("alt", "")
        answer = method.told.get("response")
        found += _of_body(exchange.response, answer, _Body("response", schemas, numbers))
    return found


def _without_nulls(document: Any) -> Any:
    """Return a request's body without null, which stands for no value, and in a patch removes one.

    Sources: ProtoJSON format; Cloud Storage, "Patch semantics".
    """
    if isinstance(document, list):
        return [_without_nulls(one) for one in document]
    if not isinstance(document, dict):
        return document
    return {name: _without_nulls(one) for name, one in document.items() if one is not None}


@cache
def _methods(name: str) -> tuple[Method, ...]:
    documents = (document_of(one) for one in DOCUMENTS.get(name, ()))
    return tuple(method for one in documents for method in methods_in(one, one))


@cache
def document_of(name: str) -> Json:
    """Return a document, such as "container.v1"."""
    pytest.importorskip("googleapiclient", reason="google-api-python-client is not installed")
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    document: Json = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document


def methods_in(document: Json, resource: Json) -> Iterator[Method]:
    """Yield the methods of a resource of a document, and of those below it."""
    for told in resource.get("methods", {}).values():
        for path in paths(document, told):
            yield Method(document, told, *_pattern(path, told.get("parameters", {})))
    for below in resource.get("resources", {}).values():
        yield from methods_in(document, below)


def paths(document: Json, told: Json) -> Iterator[str]:
    """Yield the paths of a method: its own, and those by which media go in and out."""
    path = f"/{document['servicePath']}{told['path']}"
    yield path
    if told.get("useMediaDownloadService"):
        yield f"/download{path}"
    for protocol in told.get("mediaUpload", {}).get("protocols", {}).values():
        yield protocol["path"]
        yield protocol["path"].replace("/resumable", "", 1)


def _pattern(path: str, parameters: Mapping[str, Json]) -> tuple[re.Pattern[str], int]:
    pieces = re.split(r"\{(\+?)(\w+)\}", path)
    pattern = re.escape(pieces[0])
    for reserved, name, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        given = parameters[name].get("pattern", "").strip("^$")
        shape = (given or "[^/]+(/[^/]+)*") if reserved else "[^/]+"
        pattern += f"(?:{shape.replace('[^/]', '[^/:]')})" if reserved else shape
        pattern += re.escape(literal)
    return re.compile(pattern), sum(map(len, pieces[::3]))


def _of_query(exchange: Exchange, method: Method) -> Iterator[str]:
    own = {
        name: one
        for name, one in method.told.get("parameters", {}).items()
        if one["location"] == "query"
    }
    known = {**method.document["parameters"], **own}
    names = [name for name, _ in exchange.query]
    for name, value in exchange.query:
        if name in SYSTEM_PARAMETERS:
            continue
        if name not in known and f"`{name}` parameter" in method.told["description"]:
            continue  # compute v1: what its beta document lists, it recommends in words
        if name not in known:
            yield f"query: {name} is no parameter of {method.name}"
        else:
            if names.count(name) > 1 and not known[name].get("repeated"):
                yield f"query: {name} is given twice"
            yield from _of_parameter(value, known[name], f"query: {name}")
    for name, one in own.items():
        if one.get("required") and name not in names:
            yield f"query: {name} is missing"


def _of_parameter(text: str, told: Json, where: str) -> Iterator[str]:
    """Compare a query parameter, which is text whatever its type is."""
    value: Any = text
    if told["type"] == "boolean":
        value = {"true": True, "false": False}.get(text.lower(), text)
    elif told["type"] in ("integer", "number") and re.fullmatch(r"-?[\d.]+", text):
        value = json.loads(text)
    yield from _of_scalar(value, told, where)
    if "pattern" in told and not re.search(told["pattern"], unquote(text)):
        yield f"{where} does not match {told['pattern']}"


def _of_body(value: Any, told: Json | None, body: _Body) -> list[str]:
    if told is None:
        return [] if value == {} else [f"{body.side}: it has no body"]
    return [*body.of(value, told, body.side)]


def _of_error(exchange: Exchange) -> Iterator[str]:
    """Compare a refusal with Google's form. Source: AIP-193; Cloud Storage, HTTP status codes."""
    if exchange.response is None:  # of a media download, in words
        return
    error = exchange.response.get("error") if isinstance(exchange.response, dict) else None
    if not isinstance(error, dict) or {*exchange.response} != {"error"}:
        yield "error: not in Google's form"
        return
    yield from (f"error: no field {name}" for name in error.keys() - _ANY_ERROR)
    if error.get("code") != exchange.status or not isinstance(error.get("message"), str):
        yield "error: its code is not the status, or it has no message"
    if not (error.get("errors") or error.get("status") in _canonical_codes()):
        yield f"error: {error.get('status')} is no canonical code"
    for one in error.get("errors", ()):
        if not {"domain", "message", "reason"} <= one.keys():
            yield "error: an entry without domain, message and reason"
    for one in error.get("details", ()):
        if not str(one.get("@type")).startswith("type.googleapis.com/"):
            yield "error: a detail without its type"


@cache
def _canonical_codes() -> frozenset[str]:
    return frozenset(import_module("google.rpc.code_pb2").Code.keys())


@dataclass(frozen=True)
class _Body:
    """Compares a JSON body with its schema; `numbers` says that enums must be numbers."""

    side: str
    schemas: Mapping[str, Json]
    numbers: bool = False

    def of(self, value: Any, told: Json, where: str, parent: str = "") -> Iterator[str]:
        """Yield each deviation in `value`; `parent` is the schema that it is a field of."""
        if "$ref" in told:
            name = told["$ref"]
            yield from self._object(value, self.schemas[name], where, name)
        elif told["type"] == "array":
            yield from self._array(value, told["items"], where, parent)
        elif told["type"] == "object":
            yield from self._object(value, told, where, parent)
        elif told["type"] != "any":
            yield from self._scalar(value, told, where, parent)

    def _array(self, value: Any, items: Json, where: str, parent: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} is no list: {value!r}"
            return
        for number, one in enumerate(value):
            yield from self.of(one, items, f"{where}[{number}]", parent)

    def _object(self, value: Any, told: Json, where: str, name: str) -> Iterator[str]:
        if told.get("type") == "any":
            return
        if not isinstance(value, dict):
            yield f"{where} is no object: {value!r}"
            return
        properties, others = told.get("properties", {}), told.get("additionalProperties")
        if "@type" in value and others is not None:
            yield from self._typed(value, where)
            return
        for key, inner in value.items():
            if key in properties:
                yield from self.of(inner, properties[key], f"{where}.{key}", f"{name}.{key}")
            elif others is not None:
                yield from self.of(inner, others, f"{where}.{key}", f"{name}.{key}")
            else:
                yield f"{where}: {name} has no field {key}"

    def _typed(self, value: Json, where: str) -> Iterator[str]:
        """Compare a message that tells its type, where the document has that type."""
        name = value["@type"].rpartition(".")[2]
        if name in self.schemas:
            inner = {key: one for key, one in value.items() if key != "@type"}
            yield from self._object(inner, self.schemas[name], where, name)

    def _scalar(self, value: Any, told: Json, where: str, parent: str) -> Iterator[str]:
        if self._is_number_for_text(value, told):
            return
        if "enum" not in told:
            yield from _of_scalar(value, told, where)
        elif isinstance(value, int) and not isinstance(value, bool):
            if not enum_names(parent, value) & {*told["enum"]}:
                yield f"{where}: {value} is no number of {parent}"
        elif self.numbers:
            yield f"{where}: {value!r} is no number, which enum-encoding=int asks for"
        else:
            yield from _of_scalar(value, told, where)

    def _is_number_for_text(self, value: Any, told: Json) -> bool:
        """Whether a request has a 64-bit number as such. Source: ProtoJSON format, "int64"."""
        is_wide = told.get("format") in ("int64", "uint64")
        return self.side == "request" and is_wide and type(value) is int


def _of_scalar(value: Any, told: Json, where: str) -> Iterator[str]:
    if "enum" in told and value not in told["enum"]:
        yield f"{where}: {value!r} is none of {', '.join(told['enum'])[:200]}"
    elif not _fits(value, told["type"], told.get("format", "")):
        yield f"{where}: {value!r} is no {told['type']} {told.get('format', '')}".rstrip()


def _fits(value: Any, kind: str, shape: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return (
            isinstance(value, str)
            and re.fullmatch(_STRINGS.get(shape, "(?s:.*)"), value) is not None
        )
    if isinstance(value, bool):
        return False
    if kind == "number":
        return isinstance(value, int | float) or value in ("NaN", "Infinity", "-Infinity")
    low, high = _BOUNDS.get(shape, (-(2**63), 2**63))
    return isinstance(value, int) and low <= value < high
