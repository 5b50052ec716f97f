"""JSON in, an object of a kind out: types checked, unknown fields found and dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from . import schema as schemas
from .errors import ApiError, bad_request
from .kinds import Kind
from .objects import Obj
from .schema import Schema

Validation = Literal["Strict", "Warn", "Ignore"]
"""What to do about unknown fields (`fieldValidation` of a request)."""

_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)")
_QUANTITY_SAID = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_MAX_DEPTH = 64


def decode(kind: Kind, body: Any, validation: Validation) -> tuple[Obj, list[str]]:
    """Return the object without unknown and null fields, and a warning for each unknown one.

    Raises:
        ApiError: 400, a value has a wrong type, the body is of another kind, or a field is
            unknown and `validation` is Strict.
    """
    _check_kind(kind, body)
    decoder = _Decoder()
    try:
        decoded = decoder.value(schemas.of_kind(kind.kind), body, _Place())
    except _WrongTypeError as error:
        raise _cannot(kind, str(error)) from None
    if decoder.unknown and validation == "Strict":
        raise _cannot(kind, f"strict decoding error: {', '.join(decoder.unknown)}")
    decoded["apiVersion"], decoded["kind"] = kind.api_version, kind.kind
    decoded.setdefault("metadata", {})
    return decoded, decoder.unknown if validation == "Warn" else []


def _check_kind(kind: Kind, body: Any) -> None:
    if not isinstance(body, dict):
        said = "the object provided is unrecognized (must be of type " + kind.kind + ")"
        raise bad_request(f"{said}: couldn't get version/kind; json parse error: not an object")
    version, name = body.get("apiVersion", kind.api_version), body.get("kind", kind.kind)
    if name != kind.kind:
        said = f"converting (v1.{name}) to (v1.{kind.kind}): unknown conversion"
        raise bad_request(
            f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}: {said}'
        )
    if version != kind.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({kind.api_version})"
        )


def _cannot(kind: Kind, why: str) -> ApiError:
    return bad_request(
        f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}'
    )


class _WrongTypeError(Exception):
    pass


@dataclass(frozen=True)
class _Place:
    """Where a value stands: with indices for messages, without for Go's, and in which struct."""

    indexed: str = ""
    plain: str = ""
    struct: str = ""
    depth: int = 0

    def field(self, name: str, struct: str) -> _Place:
        return _Place(
            f"{self.indexed}.{name}".lstrip("."),
            f"{self.plain}.{name}".lstrip("."),
            struct or self.struct,
            self.depth + 1,
        )

    def item(self, index: int) -> _Place:
        return _Place(f"{self.indexed}[{index}]", self.plain, self.struct, self.depth + 1)


@dataclass
class _Decoder:
    unknown: list[str] = field(default_factory=list)

    def value(self, schema: Schema, value: Any, place: _Place) -> Any:
        if place.depth > _MAX_DEPTH:
            raise _WrongTypeError("exceeded max depth")
        resolved = schemas.resolve(schema)
        if "oneOf" in resolved:
            return _either(schemas.struct_name(schema), resolved, value, place)
        wanted = resolved.get("type") or ("object" if "properties" in resolved else None)
        if wanted == "object":
            return self._object(schema, resolved, value, place)
        if wanted == "array":
            return self._array(schema, resolved, value, place)
        return _scalar(wanted, resolved, value, place)

    def _object(self, schema: Schema, resolved: Schema, value: Any, place: _Place) -> Any:
        if not isinstance(value, dict):
            raise _mismatch(value, place, _go_type(schema))
        if "properties" not in resolved:
            return self._map(schema, value, place)
        struct, known = schemas.struct_name(schema), resolved["properties"]
        decoded: Obj = {}
        for key, inner in value.items():
            there = place.field(str(key), struct)
            if key not in known:
                self.unknown.append(f'unknown field "{there.indexed}"')
            elif inner is not None:
                decoded[key] = self.value(known[key], inner, there)
        return decoded

    def _map(self, schema: Schema, value: Obj, place: _Place) -> Any:
        values = schemas.resolve(schema).get("additionalProperties")
        if not isinstance(values, Mapping):
            return value
        struct = schemas.struct_name(schema)
        return {
            str(key): self.value(values, inner, place.field(str(key), struct))
            for key, inner in value.items()
            if inner is not None
        }

    def _array(self, schema: Schema, resolved: Schema, value: Any, place: _Place) -> Any:
        if not isinstance(value, list):
            raise _mismatch(value, place, _go_type(schema))
        of = resolved.get("items", {})
        return [self.value(of, inner, place.item(i)) for i, inner in enumerate(value)]


_SCALARS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "number": (int, float),
}


def _scalar(wanted: str | None, resolved: Schema, value: Any, place: _Place) -> Any:
    if wanted is None:
        return value
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    fits = isinstance(value, _SCALARS[wanted])
    if not fits or (isinstance(value, bool) and wanted != "boolean"):
        raise _mismatch(value, place, _go_type(resolved))
    if wanted == "integer" and not _in_range(value, resolved.get("format", "int64")):
        raise _mismatch(value, place, _go_type(resolved))
    return value


def _in_range(value: int, size: str) -> bool:
    limit = 2 ** (31 if size == "int32" else 63)
    return -limit <= value < limit


def _either(struct: str, resolved: Schema, value: Any, place: _Place) -> Any:
    """Decode a Quantity or an IntOrString."""
    if struct == "Quantity":
        text = str(value) if not isinstance(value, (bool, dict, list)) else ""
        if not _QUANTITY.fullmatch(text):
            raise _WrongTypeError(_QUANTITY_SAID)
        return text
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _mismatch(value, place, "intstr.IntOrString")
    return value


def _mismatch(value: Any, place: _Place, go_type: str) -> _WrongTypeError:
    at = f"Go struct field {place.struct}.{place.plain}" if place.plain else "Go value"
    return _WrongTypeError(
        f"json: cannot unmarshal {_json_type(value)} into {at} of type {go_type}"
    )


def _json_type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return f"number {value}" if not _in_range(value, "int32") else "number"
        case float():
            return f"number {value}"
        case list():
            return "array"
    return "object"


def _go_type(schema: Schema) -> str:
    if struct := schemas.struct_name(schema):
        return f"v1.{struct}"
    found = schemas.resolve(schema)
    match found.get("type"):
        case "array":
            return f"[]{_go_type(found.get('items', {}))}"
        case "object":
            values = found.get("additionalProperties")
            return f"map[string]{_go_type(values) if isinstance(values, Mapping) else 'any'}"
        case "integer":
            return str(found.get("format", "int64"))
        case "boolean":
            return "bool"
        case "number":
            return "float64"
    return "string"
