"""Whether a custom resource is as its schema wants it; types and names are looked at elsewhere.

Source: Kubernetes, apiextensions-apiserver, pkg/apiserver/validation, and kube-openapi,
pkg/validation (wordings). Of a definition's rules in CEL those on an endpoint's port, times and
credentials are followed, which are in prometheus-engine, pkg/operator/apis/monitoring/v1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import schema as schemas
from .errors import Cause
from .names import unsupported_value
from .objects import Obj
from .schema import Schema

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_CREDENTIALS = ("authorization", "basicAuth", "oauth2")


def causes(kind: str, obj: Obj) -> Iterator[Cause]:
    """Yield what is wrong with an object of the kind."""
    yield from _of_value(schemas.of_kind(kind), obj, "")
    for index, endpoint in enumerate((obj.get("spec") or {}).get("endpoints") or ()):
        yield from _of_endpoint(endpoint, f"spec.endpoints[{index}]")


def _of_value(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    if path == "metadata":
        return
    found = {**schemas.resolve(schema), **schema}
    if isinstance(value, str):
        yield from _of_text(found, value, path)
    if isinstance(value, list):
        yield from _of_items(found, value, path)
    if isinstance(value, dict):
        for name in found.get("required", ()):
            if name not in value:
                yield Cause("FieldValueRequired", "Required value", f"{path}.{name}".lstrip("."))
        for key, inner in value.items():
            yield from _of_value(schemas.child(schema, key), inner, f"{path}.{key}".lstrip("."))


def _of_text(schema: Mapping[str, Any], value: str, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        yield unsupported_value(path, value, schema["enum"])
    if len(value) > schema.get("maxLength", len(value)):
        said = f"Too long: may not be more than {schema['maxLength']} bytes"
        yield Cause("FieldValueTooLong", said, path)
    if len(value) < schema.get("minLength", 0):
        yield _wrong(value, path, f"should be at least {schema['minLength']} chars long")
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield _wrong(value, path, f"should match '{schema['pattern']}'")
    if schema.get("format") == "duration" and seconds(value) is None:
        yield _wrong(value, path, f"must be of type duration: {json.dumps(value)}")


def _of_items(schema: Mapping[str, Any], value: list[Any], path: str) -> Iterator[Cause]:
    if len(value) > (most := schema.get("maxItems", len(value))):
        said = f"Too many: {len(value)}: must have at most {most} items"
        yield Cause("FieldValueTooMany", said, path)
    if len(value) < (least := schema.get("minItems", 0)):
        yield _wrong(len(value), path, f"should have at least {least} items")
    for index, item in enumerate(value):
        yield from _of_value(schema.get("items", {}), item, f"{path}[{index}]")
        if schemas.is_set(schema) and item in value[:index]:
            said = f"Duplicate value: {json.dumps(item)}"
            yield Cause("FieldValueDuplicate", said, f"{path}[{index}]")


def _of_endpoint(endpoint: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if endpoint.get("port") == 0:
        said = 'Invalid value: "integer": Port is required'
        yield Cause("FieldValueInvalid", said, f"{path}.port")
    every, limit = (str(endpoint.get(name, "")) for name in ("interval", "timeout"))
    if (seconds(limit) or 0) > (seconds(every) or 0):
        why = f"scrape timeout ({limit}) must not be greater than scrape interval ({every})"
        yield Cause("FieldValueInvalid", f'Invalid value: "object": {why}', path)
    if sum(name in endpoint for name in _CREDENTIALS) > 1:
        said = 'Invalid value: "object": only one of authorization, basicAuth and oauth2'
        yield Cause("FieldValueInvalid", said, path)


def _wrong(value: object, path: str, why: str) -> Cause:
    said = f"Invalid value: {json.dumps(value)}: {path} in body {why}"
    return Cause("FieldValueInvalid", said, path)


def seconds(text: str) -> float | None:
    """Return how long a duration such as 1m30s is, None where it is none.

    Source: Go, time.ParseDuration. Units of days and weeks, which the API server takes as well,
    Prometheus' operator refuses in its turn.
    """
    if text == "0":
        return 0.0
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
