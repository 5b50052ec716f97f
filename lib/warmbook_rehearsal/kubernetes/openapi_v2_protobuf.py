"""An OpenAPI v2 document as the protobuf message that kubectl asks for.

Source: google/gnostic-models, openapiv2/OpenAPIv2.proto (the fields' numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import go_json

Part = Mapping[str, Any]

_BYTES, _VARINT = 2, 0
_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def encode(document: Part) -> bytes:
    """Return a Document message."""
    info = _text(1, document["info"]["title"]) + _text(2, document["info"]["version"])
    paths = b"".join(
        _message(2, _named(path, _path_item(item))) for path, item in document["paths"].items()
    )
    return (
        _text(1, document["swagger"])
        + _message(2, info)
        + _message(8, paths)
        + _message(9, _named_schemas(document["definitions"]))
    )


def _path_item(item: Part) -> bytes:
    operations = b"".join(
        _message(number, _operation(item[method]))
        for method, number in _METHODS.items()
        if method in item
    )
    return operations + _parameters(9, item.get("parameters", ()))


def _operation(operation: Part) -> bytes:
    responses = b"".join(
        _message(1, _named(code, _message(1, _response(response))))
        for code, response in operation["responses"].items()
    )
    return (
        _text(5, operation["operationId"])
        + _parameters(8, operation["parameters"])
        + _message(9, responses)
        + _extensions(13, operation)
    )


def _response(response: Part) -> bytes:
    return _text(1, response["description"]) + _message(2, _message(1, _schema(response["schema"])))


def _parameters(number: int, parameters: Iterable[Part]) -> bytes:
    return b"".join(_message(number, _message(1, _parameter(one))) for one in parameters)


def _parameter(one: Part) -> bytes:
    match one["in"]:
        case "body":
            named = _text(2, one["name"]) + _text(3, "body") + _flag(4)
            return _message(1, named + _message(5, _schema(one["schema"])))
        case "query":
            named = _text(2, "query") + _text(4, one["name"]) + _text(6, one["type"])
            return _message(2, _message(3, named + _flag(20)))
    named = _flag(1) + _text(2, "path") + _text(4, one["name"]) + _text(5, one["type"])
    return _message(2, _message(4, named))


def _schema(schema: Part) -> bytes:
    found = b"".join(
        _text(number, schema[key])
        for key, number in (("$ref", 1), ("format", 2), ("description", 4))
        if key in schema
    )
    found += b"".join(_text(19, name) for name in schema.get("required", ()))
    if (more := schema.get("additionalProperties")) is not None:
        found += _message(21, _flag(2) if more is True else _message(1, _schema(more)))
    if "type" in schema:
        found += _message(22, _text(1, schema["type"]))
    if "items" in schema:
        found += _message(23, _message(1, _schema(schema["items"])))
    if "properties" in schema:
        found += _message(25, _named_schemas(schema["properties"]))
    return found + _extensions(31, schema)


def _named_schemas(schemas: Part) -> bytes:
    return b"".join(_message(1, _named(name, _schema(s))) for name, s in schemas.items())


def _extensions(number: int, part: Part) -> bytes:
    """Return what begins with x-, each as the YAML that its JSON is too."""
    return b"".join(
        _message(number, _named(key, _text(2, go_json.dumps(value))))
        for key, value in part.items()
        if key.startswith("x-")
    )


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _message(2, value)


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode())


def _flag(number: int) -> bytes:
    return _varint(number << 3 | _VARINT) + b"\x01"


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
